"""All outside systems, and how each does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.core.freshness import Quality, age_words
from app.deliveries.domain import MANAGE, OPERATE, VIEW, Deliveries
from models.core.wording import counted
from models.deliveries.connections import ConnectionState
from views.deliveries.chosen import ChosenConnection
from views.deliveries.connection_table import ConnectionTable
from views.deliveries.wording import ATTENTION, FAMILIES, group_of, listed, summary
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel, unheard_words
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.remarks import Remarks

if TYPE_CHECKING:
    from models.deliveries.connections import Connection
    from views.kit.capability import Window

ALL = "All"
TURN_MS = 1_000
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class ConnectionsPanel(QueryPanel):
    """The table, with a filter above it."""

    def __init__(self, window: Window) -> None:
        console = window.console
        super().__init__(console, (VIEW,))
        self._window, self.chosen = window, window.shared(ChosenConnection)
        self._query = console.of(Deliveries).connections()
        self.shown = ALL
        """The filter: all, those that need attention, or a family."""
        self.pills: dict[str, Pill] = {}
        for name in (ALL, ATTENTION, *FAMILIES):
            self.pills[name] = pill = Pill(name, Look.OUTLINE, name=name)
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.summary = Remarks("Summary")
        self.new = Pill("New…", Look.BUTTON, name="New connection")
        self.new.clicked.connect(lambda: console.actions.execute("deliveries.new"))
        self.test = Pill("Test all…", Look.BUTTON, name="Test all that are shown")
        self.test.clicked.connect(lambda: console.actions.execute("deliveries.test-all"))
        doing = (self.new, self.test)
        bar = Flow(*self.pills.values(), self.summary, *doing, wide=(self.summary,), gap=WIDE_GAP)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 12, 12, 12)
        self.state.setAccessibleName("State of the list")
        self.table = ConnectionTable(console.clock.now, self.chosen.is_testing)
        self.table.moved.connect(self.chosen.choose)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        self.widget.setFocusProxy(self.table)
        self.chosen.changed.connect(self._renew)
        self.chosen.tested.connect(self._renew)
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self._tick)
        self.use(self._query)

    # --- panel -------------------------------------------------------------------------------------------------

    def own_note(self) -> Note:
        """How many there are, and when that was heard."""
        query, seconds = self._query, self._query.age_seconds
        if query.sample is None or seconds is None:
            return Note("no data yet")
        stale = query.quality in {Quality.STALE, Quality.DISCONNECTED}
        words = f"{counted(len(query.sample.value), 'system', 'systems')} · {age_words(seconds)} old"
        return Note(f"stale · {words}" if stale else words, "stale" if stale else "fresh")

    def set_visible(self, visible: bool) -> None:
        super().set_visible(visible)
        self._turn.start() if visible else self._turn.stop()
        if visible:
            QTimer.singleShot(0, self, self._take_focus)

    def _take_focus(self) -> None:
        at = self.widget.window().focusWidget()
        if self.widget.isVisible() and (at is None or not at.isVisible()):
            self.table.setFocus()

    def _tick(self) -> None:
        """Ages and times left go on."""
        self.table.records.forget_texts()
        self.table.viewport().update()

    def refresh(self) -> None:
        """Show the newest answer."""
        known = self.chosen.connections
        for name, pill in self.pills.items():
            count = sum(self._fits(each, name) for each in known)
            look = Look.SELECTED if name == self.shown else Look.OUTLINE
            pill.set(f"{name} {count}", look)
            pill.setAccessibleName(f"{name}: {count}")
            pill.setAccessibleDescription("shown" if look is Look.SELECTED else "")
            pill.setVisible(count > 0 or name in {ALL, self.shown})
        self.summary.say(*(summary(known) if known else ()))
        self.table.renew(listed(each for each in known if self._fits(each, self.shown)), self.chosen.id)
        self._say_state(known)
        testable = len(self.testable)
        many = NUMBERS[testable] if testable < len(NUMBERS) else str(testable)
        self.test.set(f"Test all {many}" if testable > 1 else "Test all")
        explain(self.test, self.test_blocker())
        explain(self.new, self.console.write_blocker(MANAGE, irreversible=True))

    def _say_state(self, known: tuple[Connection, ...]) -> None:
        sample, words = self._query.sample, ""
        if sample is None:
            words = f"Not loaded: {self._query.error}" if self._query.error is not None else unheard_words(self.console)
        elif sample.received_mono is None:
            words = f"As it was at {sample.as_of:%H:%M:%S} UTC. {unheard_words(self.console)}"
        elif not known:
            words = "No outside system is set up: nothing is sent anywhere. “New…” adds the first."
        elif not any(self._fits(each, self.shown) for each in known):
            words = "None of this kind any more."
        self.state.setText(words)
        self.state.setVisible(bool(words))

    # --- what is shown -----------------------------------------------------------------------------------------

    def show_only(self, name: str) -> None:
        """Show all, those that need attention, or a family."""
        self.shown = name
        self._renew()

    @staticmethod
    def _fits(connection: Connection, name: str) -> bool:
        if name == ATTENTION:
            return group_of(connection) == ATTENTION
        return name == ALL or connection.settings.kind in FAMILIES[name]

    @property
    def testable(self) -> list[Connection]:
        """What is shown and set up."""
        shown = (each for each in self.chosen.connections if self._fits(each, self.shown))
        return [each for each in shown if each.state is not ConnectionState.OFF]

    def test_blocker(self) -> str | None:
        """Why not all that are shown can be tested now, in words."""
        if self.chosen.busy:
            return "a test is under way"
        if not self.testable:
            return "nothing that is shown is set up"
        return self.console.write_blocker(OPERATE, irreversible=True)

    def test_all(self) -> None:
        """Send a canary through all that are shown."""
        self.chosen.test(self.testable)
