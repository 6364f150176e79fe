"""The inbox of violations: mistakes by event, whose each is, and since when."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.analytics.domain import VIEW, Events
from app.core.freshness import Quality, age_words
from models.analytics.events import ViolationGroup, ViolationState
from models.core.wording import counted
from views.analytics.cells import NONE, Cell, CellTable, Field, Heading
from views.analytics.chosen import ChosenEvent
from views.analytics.painting import draw_bars
from views.analytics.wording import CLASSES, MODES, ago, letters, moment, pointer_words, rule_words
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.analytics import PlannedEvent
    from views.kit.capability import Window

DOT, WHAT, SENDER, SEEN, BARS, COUNT, WHO = range(7)
OPEN, MINE, NEW, NOBODY, MUTED, FIXED = "Open", "Mine", "New in 48 h", "No owner", "Muted", "Fixed"
NEW_FOR = timedelta(hours=48)
TURN_MS = 1_000


class ViolationTable(CellTable):
    """Two lines a mistake, below its event."""

    fields = (
        Field("", 20),
        Field("Pointer and what is wrong", 150, stretch=True),
        Field("Sent by", 118),
        Field("Last, first seen", 104, right=True),
        Field("7 d", 62),
        Field("Events", 58, right=True),
        Field("Who", 44),
    )
    gives_way = (BARS, WHO, SENDER)
    tall = True

    def __init__(self, now: Callable[[], datetime], chosen: ChosenEvent, parent: QWidget | None = None) -> None:
        self._now, self._chosen = now, chosen
        super().__init__("Violations", parent)

    def key(self, record: Any) -> Hashable:
        return str(record.id)

    def is_new(self, group: ViolationGroup) -> bool:
        """Whether nobody has seen it for long."""
        return group.first_seen > self._now() - NEW_FOR

    def cell(self, record: Any, number: int) -> Cell:
        group: ViolationGroup = record
        now = self._now()
        match number:
            case 0:
                return Cell("new" if self.is_new(group) else "")
            case 1:
                return Cell(pointer_words(group.pointer), rule_words(group), mono=True)
            case 2:
                return Cell(group.producer or NONE, group.app_version or NONE)
            case 3:
                last = ago(group.last_seen, now)
                return Cell(last, moment(group.first_seen, now), strong=self.is_new(group))
            case 4:
                return Cell(", ".join(map(str, group.daily)))
            case 5:
                return Cell(f"{group.count:,}", strong=True)
            case 6 if group.assigned_to is not None:
                return Cell(letters(group.assigned_to, self._chosen.names), person=group.assigned_to)
            case _:
                return Cell(NONE, quiet=True)

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:
        if number == BARS:
            draw_bars(painter, box, record.daily, ink)
            return True
        if number == DOT:
            if self.is_new(record):
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(current().tokens.text))
                radius = current().px(3)
                painter.drawEllipse(QPointF(box.left() + radius, box.center().y()), radius, radius)
            return True
        return False

    def hint(self, index: Any) -> str:
        group = self.records.rows[index.row()] if index.isValid() else None
        if isinstance(group, ViolationGroup) and index.column() == WHO and group.assigned_to is not None:
            return self._chosen.names.get(group.assigned_to, group.assigned_to)
        if isinstance(group, ViolationGroup) and index.column() == WHAT:
            by = f"judged by version {group.schema_version}" if group.schema_version is not None else ""
            return ". ".join(filter(None, (super().hint(index), CLASSES[group.violation_class], by)))
        return super().hint(index)


class ViolationsPanel(QueryPanel):
    """The table with a filter above it and what can be done below."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self.chosen = window.shared(ChosenEvent)
        self._query, self._plan = console.of(Events).violations(), console.of(Events).planned()
        self.shown = OPEN
        self.pills: dict[str, Pill] = {}
        for name in (OPEN, MINE, NEW, NOBODY, MUTED, FIXED):
            self.pills[name] = pill = Pill(name, Look.OUTLINE, name=name)
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        bar = Flow(*self.pills.values(), gap=WIDE_GAP)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 12, 12, 12)
        self.state.setAccessibleName("State of the inbox")
        self.table = ViolationTable(console.clock.now, self.chosen)
        self.table.moved.connect(self._moved)
        self.table.activated_row.connect(lambda _group: console.actions.execute("analytics.open-definition"))
        self.buttons = {
            "claim": Pill("Assign to me", Look.PRIMARY, name="Assign to me", key="C"),
            "assign": Pill("Assign…", Look.BUTTON, name="Assign to somebody", button=True),
            "mute": Pill("Mute…", Look.BUTTON, name="Mute until", button=True),
            "fix": Pill("Fixed", Look.BUTTON, name="Say that it is fixed", key="F"),
            "reopen": Pill("Open again", Look.BUTTON, name="Open it again", button=True),
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, v=verb: console.actions.execute(f"analytics.{v}"))
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        column.addWidget(foot := Flow(*self.buttons.values(), gap=WIDE_GAP))
        column.addStretch(0)  # while there is no table
        self._foot = foot
        self.widget.setFocusProxy(self.table)
        self.table.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.chosen.changed.connect(self._renew)
        console.mutations.changed.connect(self._renew)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self.table.tick)
        self.use(self._query, self._plan)

    # --- panel -------------------------------------------------------------------------------------------------

    @property
    def groups(self) -> tuple[ViolationGroup, ...]:
        """Every mistake that is known, in whichever state."""
        return self._query.sample.value if self._query.sample is not None else ()

    def own_note(self) -> Note:
        """How many events of a week do not fit, and when that was heard."""
        query, seconds = self._query, self._query.age_seconds
        if query.sample is None or seconds is None:
            return Note("no data yet")
        stale = query.quality in {Quality.STALE, Quality.DISCONNECTED}
        found = [each for each in self.groups if each.state is ViolationState.OPEN]
        week = sum(sum(each.daily) for each in found)
        words = f"{counted(week, 'event')} in 7 d · {counted(len(found), 'mistake')} · {age_words(seconds)} old"
        return Note(f"stale · {words}" if stale else words, "stale" if stale else "fresh")

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()

    def _moved(self, group: ViolationGroup | None) -> None:
        if group is not None and self.table.hasFocus():
            self.chosen.choose(group.event_name)
        self._show_buttons()

    def refresh(self) -> None:
        """Show the newest answer."""
        known = self.groups
        for name, pill in self.pills.items():
            count = sum(self._fits(each, name) for each in known)
            look = Look.SELECTED if name == self.shown else Look.OUTLINE
            pill.set(f"{name} {count}", look)
            pill.setAccessibleName(f"{name}: {count}")
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
            pill.setVisible(count > 0 or name in {OPEN, MINE, self.shown})
        rows = self._grouped([each for each in known if self._fits(each, self.shown)])
        self.table.renew(rows)
        self._say_state(rows)
        self._show_buttons()

    def _grouped(self, groups: Sequence[ViolationGroup]) -> list[ViolationGroup | Heading]:
        """Below their events; the event with what was seen last stands first."""
        planned = {each.event_name: each for each in self._plan.sample.value} if self._plan.sample is not None else {}
        found: list[ViolationGroup | Heading] = []
        for name in dict.fromkeys(each.event_name for each in groups):
            members = [each for each in groups if each.event_name == name]
            found += [Heading(name, _what_becomes(planned.get(name), members)), *members]
        return found

    def _say_state(self, rows: Sequence[ViolationGroup | Heading]) -> None:
        sample, words = self._query.sample, ""
        if sample is None:
            words = f"Not loaded: {self._query.error}" if self._query.error is not None else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not sample.value:
            words = "Every event fits the plan."
        elif not rows:
            words = "None of this kind."
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self.table.setVisible(bool(rows))
        self._foot.setVisible(bool(rows))

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_only(self, name: str) -> None:
        """Show those that are open, one's own, new ones, those of nobody, muted or fixed ones."""
        self.shown = name
        self._renew()

    def _fits(self, group: ViolationGroup, name: str) -> bool:
        match name:
            case "Muted":
                return group.state is ViolationState.MUTED
            case "Fixed":
                return group.state is ViolationState.FIXED
            case _ if group.state is not ViolationState.OPEN:
                return False
            case "Mine":
                return group.assigned_to == self.chosen.me
            case "New in 48 h":
                return self.table.is_new(group)
            case "No owner":
                return group.assigned_to is None
            case _:
                return True

    def _show_buttons(self) -> None:
        from views.kit.following_panel import explain

        group: ViolationGroup | None = self.table.at_cursor
        is_open = group is None or group.state is ViolationState.OPEN
        for verb, pill in self.buttons.items():
            pill.setVisible((verb == "reopen") != is_open)
            explain(pill, self.console.actions.reason(self.console.actions.get(f"analytics.{verb}")))


def _what_becomes(event: PlannedEvent | None, groups: Sequence[ViolationGroup]) -> str:
    week = sum(sum(each.daily) for each in groups)
    if event is None:
        return f"{week:,} in 7 d, not in the plan"
    return f"{week:,} of {event.volume:,} {MODES[event.mode]}"
