"""The head of the workspace: the clock, the verdict and why, and where the count is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from models.launch.poll import VerdictInputName
from views.kit.painting import draw_words
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill
from views.launch.actions import CHECKLIST, FIGURES, POLL, RECORD
from views.launch.count_parts import ClockBlock, CountLine, InputTile, VerdictBlock, clock_face, count_face
from views.launch.launch_panel import LaunchPanel
from views.launch.menu import entries
from views.launch.painting import draw_verdict_mark
from views.launch.wording import INPUT_NAMES, SEVERITY, launch_name, signed_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from models.launch.poll import Cause
    from views.kit.capability import Window

PLACES = {
    VerdictInputName.POLL: POLL,
    VerdictInputName.CHECKLIST: CHECKLIST,
    VerdictInputName.EVIDENCE: FIGURES,
    VerdictInputName.RECORD: RECORD,
}
SHOWN_CAUSES = 2


class Rule(QWidget):
    """A thin upright line between groups, as high as the row."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(current().tokens.line))


class CauseLine(QWidget):
    """One reason why it is not GO, and the way to it."""

    def __init__(self, number: int, window: Window) -> None:
        super().__init__()
        self._number, self._window = number, window
        self._cause: Cause | None = None
        self._more = ""
        self.link = Pill("", Look.LINK, name="Look at it", caption=True)
        self.link.clicked.connect(self._open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self.link)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_cause(self, cause: Cause | None, more: str = "") -> None:
        """Draw it; ``more`` is said in the place of the way to it."""
        if (cause, more) == (self._cause, self._more):
            return
        self._cause, self._more = cause, more
        words = "" if cause is None else f"{cause.title}: {cause.detail}"
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.link.setVisible(cause is not None)
        if cause is not None:
            place = INPUT_NAMES[cause.input]
            self.link.set(more or place)
            self.link.setAccessibleName(f"{place}: {cause.title}")
        self.update()

    def _open(self) -> None:
        if self._cause is not None:
            self._window.open_panel(PLACES[self._cause.input])
            if self._cause.input is VerdictInputName.CHECKLIST:
                self._window.panel(CHECKLIST).go_to(self._cause.key)

    def sizeHint(self) -> QSize:
        return QSize(current().px(360), max(current().px(22), self.link.sizeHint().height()))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(300), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        cause = self._cause
        if cause is None:
            return
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        high = float(self.height())
        draw_words(painter, str(self._number), QRectF(0, 0, theme.px(14), high), (9, 400), tokens.text2)
        hue = tokens.status(SEVERITY[cause.verdict])
        centre = QPointF(theme.px(24), high / 2)
        if cause.title.startswith(("?", "Not watched")) or "void" in cause.title:
            draw_words(painter, "?", QRectF(theme.px(20), 0, theme.px(14), high), (10, 600), tokens.text)
        else:
            draw_verdict_mark(painter, cause.verdict, centre, theme.px(11), hue)
        left = float(theme.px(42))
        room = self.link.x() - left - theme.px(8)
        taken = draw_words(painter, cause.title, QRectF(left, 0, room, high), (10, 600))
        beside = QRectF(left + taken + theme.px(12), 0, max(0.0, room - taken - theme.px(12)), high)
        draw_words(painter, cause.detail, beside, (10, 400), tokens.text2)


class CountPanel(LaunchPanel):
    """What a director looks at first."""

    ticks = True

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.clock, self.verdict, self.count = ClockBlock(), VerdictBlock(), CountLine()
        self.causes = [CauseLine(number, window) for number in range(1, SHOWN_CAUSES + 1)]
        self.inputs = {name: InputTile(name, title) for name, title in INPUT_NAMES.items()}
        for name, tile in self.inputs.items():
            tile.clicked.connect(lambda _=False, panel=PLACES[name]: window.open_panel(panel))
        reasons = QWidget()
        column = QVBoxLayout(reasons)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for line in self.causes:
            column.addWidget(line)
        column.addStretch(1)
        tiles = QGridLayout()
        tiles.setContentsMargins(0, 0, 0, 0)
        tiles.setSpacing(8)
        for number, tile in enumerate(self.inputs.values()):
            tiles.addWidget(tile, 0, number)
        column.addLayout(tiles)
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(16)
        row.addWidget(self.clock)
        row.addWidget(Rule())
        row.addWidget(self.verdict)
        row.addWidget(reasons, 1)
        row.addWidget(Rule())
        row.addWidget(self.count)
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.state)
        outer.addLayout(row, 1)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        query = self.desk.status_query
        return () if query is None else (query,)

    def about(self) -> str:
        launch = self.desk.launch
        return "" if launch is None else launch_name(launch)

    def own_menu(self) -> list[QAction]:
        """The launches to choose from, and what can be done with this one."""
        found = []
        chosen = self.desk.launch_id
        for launch in self.desk.launches.known:
            words = f"{launch_name(launch)}, T\N{MINUS SIGN}0 {launch.planned_zero_at:%Y-%m-%d %H:%M}"
            action = QAction(words, self.widget)
            action.setCheckable(True)
            action.setChecked(launch.launch_id == chosen)
            action.triggered.connect(lambda _=False, known=launch.launch_id: self.desk.launches.choose(known))
            found.append(action)
        return [*found, *entries(self.console, self.widget, MENU)]

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        self.tick()

    def tick(self) -> None:
        launch, status, shown, verdict = self.desk.launch, self.desk.status, self.desk.countdown, self.desk.verdict
        if launch is None or status is None or shown is None or verdict is None:
            self.clock.show_face(None)
            self.verdict.show_verdict(None, "")
            self.count.show_count(None)
            for line in self.causes:
                line.show_cause(None)
            for tile in self.inputs.values():
                tile.show_input(None)
            return
        sure = self.desk.now is not None
        self.clock.show_face(clock_face(launch, status.clock, shown, sure=sure))
        self.verdict.show_verdict(verdict, f"Worked out {status.as_of:%H:%M:%S} UTC")
        self.count.show_count(count_face(launch, status.clock, shown))
        left = len(verdict.causes) - SHOWN_CAUSES
        for number, line in enumerate(self.causes):
            last = number == SHOWN_CAUSES - 1 and left > 0
            cause = verdict.causes[number] if number < len(verdict.causes) else None
            line.show_cause(cause, f"and {left} more" if last else "")
        for each in verdict.inputs:
            more = signed_of(status) if each.name is VerdictInputName.CHECKLIST else ""
            self.inputs[each.name].show_input(each, more)


MENU = (
    "launch.new",
    "launch.change",
    "launch.rehearse",
    "launch.finish",
    "launch.scrub",
    "launch.templates",
    "window.wall",
)
