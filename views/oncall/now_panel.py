"""Who is on call now and next: a tile for each schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.oncall.domain import VIEW, OnCall
from models.core.wording import counted
from models.oncall.pages import PageState
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current
from views.oncall.desk import Desk
from views.oncall.now_tile import HIGH, LEAST, NowTile, Shown

if TYPE_CHECKING:
    from models.oncall.rosters import OnCallNow
    from views.kit.capability import Window

GAP, SIDE = 8, 12
TURN_MS = 1_000


class _Tiles(QWidget):
    """As many beside each other as there is room for, the others below."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles: list[NowTile] = []

    def have(self, count: int) -> None:
        """Have so many tiles."""
        while len(self.tiles) < count:
            tile = NowTile()
            tile.setParent(self)
            tile.show()
            self.tiles.append(tile)
        while len(self.tiles) > count:
            gone = self.tiles.pop()
            gone.hide()
            gone.deleteLater()
        self.arrange()

    def arrange(self) -> None:
        """Lay them out in the width there is."""
        theme, count = current(), len(self.tiles)
        gap, side, room = theme.px(GAP), theme.px(SIDE), self.width()
        columns = max(1, min(count or 1, (room - 2 * side + gap) // (theme.px(LEAST) + gap)))
        wide = (room - 2 * side - gap * (columns - 1)) // columns
        high = theme.px(HIGH)
        for number, tile in enumerate(self.tiles):
            row, column = divmod(number, columns)
            tile.setGeometry(side + column * (wide + gap), gap + row * (high + gap), wide, high)
        rows = -(-count // columns)
        self.setMinimumHeight(gap + rows * (high + gap))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.arrange()


class _Area(QScrollArea):
    """Never lower than a row of tiles."""

    def minimumSizeHint(self) -> QSize:
        theme = current()
        return QSize(theme.px(LEAST + 2 * SIDE + 16), theme.px(HIGH + 2 * GAP))


class NowPanel(QueryPanel):
    """Tiles, and how many are on call in all."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.desk = window, window.shared(Desk)
        domain = console.of(OnCall)
        self._domain, self._now, self._pages = domain, domain.now(), domain.pages()
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 4, 12, 4)
        self.state.setAccessibleName("State of who is on call")
        self.tiles = _Tiles()
        area = _Area()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self.tiles)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.state)
        column.addWidget(area, 1)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self.refresh)
        self.use(self._now, self._pages)

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()

    def own_note(self) -> Note:
        """How many are on call, and how old that is."""
        note = super().own_note()
        if self._now.sample is None:
            return note
        people = {person for each in self.schedules for person in each.people}
        words = f"{counted(len(self.schedules), 'schedule')}, {counted(len(people), 'person', 'people')} on call"
        return Note(f"{words} · {note.text}", note.kind)

    @property
    def schedules(self) -> tuple[OnCallNow, ...]:
        """Who is on in each schedule, as it was last heard."""
        return self._now.sample.value.schedules if self._now.sample is not None else ()

    def refresh(self) -> None:
        """Show the newest answer."""
        if not self.available:
            return
        sample, at, me = self._now.sample, self.console.clock.now(), self._domain.me()
        names = sample.value.names if sample is not None else {}
        if len(self.tiles.tiles) != len(self.schedules):
            self.tiles.have(len(self.schedules))
            for tile in self.tiles.tiles:
                tile.opened.connect(self._open, Qt.ConnectionType.UniqueConnection)
        for tile, each in zip(self.tiles.tiles, self.schedules, strict=True):
            paged = self._paged(each)
            tile.show_now(Shown(each, names, at, each.zone, paged, me in each.people))
        words = ""
        if sample is None:
            failed = self._now.error is not None
            words = f"Not loaded: {self._now.error}" if failed else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%a %H:%M:%S} UTC. {unheard_words(self.console)}"
        elif sample.value.valid_until < at:
            words = "Somebody else may be on by now; asking…"
        elif not self.schedules:
            words = (
                "Nobody is on call: there is no schedule yet. “New schedule…” in the calendar’s menu adds the first."
            )
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def _paged(self, now: OnCallNow) -> str:
        """What whoever is on is paged about."""
        sample = self._pages.sample
        for page in sample.value if sample is not None else ():
            if page.state is PageState.OPEN and set(page.paged) & set(now.people):
                return f"{page.severity}, no answer yet"
            if page.state is PageState.ACKNOWLEDGED and set(page.paged) & set(now.people):
                return f"works on a {page.severity}"
        return ""

    def _open(self, schedule_id: str) -> None:
        self.desk.show_schedule(schedule_id)
        self._window.open_panel("oncall.calendar")
