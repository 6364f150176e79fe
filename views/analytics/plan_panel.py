"""The tracking plan: every event, how strictly it is judged, and what came of it in a week."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.analytics.domain import VIEW, Events
from app.core.freshness import Quality, age_words
from models.analytics import EventMode, PlannedEvent
from models.core.wording import counted, initials
from views.analytics.cells import NONE, Cell, CellTable, Field
from views.analytics.chosen import ChosenEvent
from views.analytics.painting import draw_mode, mode_width
from views.analytics.search_field import SearchField
from views.analytics.wording import MODES, STATES
from views.kit.following_panel import explain
from views.kit.painting import draw_words
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.sparkline import draw_sparkline

if TYPE_CHECKING:
    from views.kit.capability import Window

NAME, VERSION, MODE, OWNER, TREND, VOLUME, VIOLATIONS = range(7)
ALL, WRONG, MINE, DRAFTS = "All", "With violations", "Mine", "Drafts"


class PlanTable(CellTable):
    """Bold is what something is wrong with."""

    fields = (
        Field("Event", 128, stretch=True),
        Field("Ver.", 40, right=True),
        Field("Mode", 118),
        Field("Owner", 52),
        Field("7 d", 56),
        Field("Volume", 58, right=True),
        Field("Violations", 76, right=True),
    )
    gives_way = (TREND, OWNER, VERSION, VOLUME)

    def key(self, record: Any) -> Hashable:
        return str(record.event_name)

    def cell(self, record: Any, number: int) -> Cell:
        event: PlannedEvent = record
        match number:
            case 0:
                return Cell(event.event_name, strong=event.violations > 0)
            case 1:
                return Cell(str(event.version) if event.state != "draft" else f"{event.version}?")
            case 2:
                words = str(event.mode) if event.state not in {"draft", "retired"} else STATES[event.state]
                return Cell(words, quiet=event.state in {"draft", "retired"})
            case 3 if event.owners:
                name = event.owner_names[0] if event.owner_names else event.owners[0]
                return Cell(initials(name), person=event.owners[0])
            case 4:
                return Cell(", ".join(map(str, event.daily)))
            case 5:
                return Cell(f"{event.volume:,}", quiet=event.volume == 0)
            case 6:
                return Cell(f"{event.violations:,}", strong=event.violations > 0, quiet=event.violations == 0)
            case _:
                return Cell(NONE, quiet=True)

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:
        if number == TREND:
            draw_sparkline(painter, box, record.daily)
            return True
        if number == MODE and record.state not in {"draft", "retired"}:
            draw_mode(painter, record.mode, box.left(), box.center().y())
            rest = box.adjusted(mode_width() + current().px(4), 0, 0, 0)
            draw_words(painter, str(record.mode), rest, ink=ink)
            return True
        return False

    def hint(self, index: Any) -> str:
        event = self.records.rows[index.row()] if index.isValid() else None
        if isinstance(event, PlannedEvent) and index.column() == OWNER:
            return "Looked after by " + ", ".join(event.owner_names or event.owners)
        if isinstance(event, PlannedEvent) and index.column() == MODE:
            return f"What does not fit is {MODES[event.mode]}. The version is {STATES[event.state]}."
        return super().hint(index)


class Legend(QWidget):
    """What the blocks of the modes say; the last ones are left out where there is no room."""

    GAP = 16

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Modes")
        self.setAccessibleDescription(", ".join(f"{mode}: {words}" for mode, words in MODES.items()))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(current().px(80), round(current().height(10)) + 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter, left = current(), QPainter(self), 4.0
        for mode in EventMode:
            words = f"{mode}: {MODES[mode]}"
            wide = mode_width() + theme.px(4) + theme.width(words, 9)
            if left + wide > self.width():
                break
            draw_mode(painter, mode, left, self.height() / 2)
            box = QRectF(left + mode_width() + theme.px(4), 0, wide, self.height())
            draw_words(painter, words, box, (9, 400), theme.tokens.text2)
            left += wide + theme.px(self.GAP)


class PlanPanel(QueryPanel):
    """The table with a filter and a search above it."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._query = console.of(Events).planned()
        self.shown = ALL
        self.pills: dict[str, Pill] = {}
        for name in (ALL, WRONG, MINE, DRAFTS):
            self.pills[name] = pill = Pill(name, Look.OUTLINE, name=name)
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.search = SearchField("Search the plan", "Event, owner")
        self.search.textChanged.connect(lambda _text: self.refresh())
        self.new = Pill("New event…", Look.BUTTON, name="New event", button=True)
        self.new.clicked.connect(lambda: console.actions.execute("analytics.new"))
        bar = Flow(*self.pills.values(), self.search, self.new, wide=(self.search,), right=self.new, gap=WIDE_GAP)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 12, 12, 12)
        self.state.setAccessibleName("State of the plan")
        self.table = PlanTable("Tracking plan")
        self.search.left.connect(self.table.setFocus)
        self.table.moved.connect(self._moved)
        self.table.activated_row.connect(lambda _event: console.actions.execute("analytics.open-definition"))
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        column.addWidget(Flow(legend := Legend(), wide=(legend,)))
        self.widget.setFocusProxy(self.table)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.chosen.changed.connect(self._renew)
        self.use(self._query)

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """How many there are, and when that was heard."""
        query, seconds = self._query, self._query.age_seconds
        if query.sample is None or seconds is None:
            return Note("no data yet")
        stale = query.quality in {Quality.STALE, Quality.DISCONNECTED}
        words = f"{counted(len(query.sample.value), 'event')} · {age_words(seconds)} old"
        return Note(f"stale · {words}" if stale else words, "stale" if stale else "fresh")

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        if visible:
            QTimer.singleShot(0, self, self._take_focus)

    def _take_focus(self) -> None:
        at = self.widget.window().focusWidget()
        if self.widget.isVisible() and (at is None or not at.isVisible()):
            self.table.setFocus()

    def _moved(self, event: PlannedEvent | None) -> None:
        if event is not None:
            self.chosen.choose(event.event_name)

    def refresh(self) -> None:
        """Show the newest answer."""
        known = self.chosen.events
        for name, pill in self.pills.items():
            count = sum(self._fits(each, name) for each in known)
            look = Look.SELECTED if name == self.shown else Look.OUTLINE
            pill.set(f"{name} {count}", look)
            pill.setAccessibleName(f"{name}: {count}")
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
        rows = [each for each in known if self._fits(each, self.shown) and self._is_searched(each)]
        wanted = self.chosen.name if any(each.event_name == self.chosen.name for each in rows) else None
        # A row that is not shown stays chosen: what is beside it is read on.
        self.table.blockSignals(wanted is None)
        self.table.renew(rows, wanted)
        self.table.blockSignals(False)
        self._say_state(known, rows)
        explain(self.new, self.console.actions.reason(self.console.actions.get("analytics.new")))

    def _say_state(self, known: tuple[PlannedEvent, ...], rows: list[PlannedEvent]) -> None:
        sample, words = self._query.sample, ""
        if sample is None:
            words = f"Not loaded: {self._query.error}" if self._query.error is not None else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not known:
            words = "No event is planned yet: “New event…” writes the first, or drafts it from what comes in."
        elif not rows:
            words = "No event fits."
        self.state.setText(words)
        self.state.setVisible(bool(words))

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_only(self, name: str) -> None:
        """Show all, those that something is wrong with, one's own, or those with a draft."""
        self.shown = name
        self._renew()

    def _fits(self, event: PlannedEvent, name: str) -> bool:
        match name:
            case "With violations":
                return event.violations > 0
            case "Mine":
                return self.chosen.me in event.owners
            case "Drafts":
                return event.draft_version is not None
            case _:
                return True

    def _is_searched(self, event: PlannedEvent) -> bool:
        text = " ".join((event.event_name, *event.owners, *event.owner_names)).casefold()
        return all(word in text for word in self.search.text().casefold().split())
