"""Backtests: replay a version over past orders, watch how far it is, read what it found; shadow runs beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import OperationsError
from app.risk.rules import RiskRules, cancel_backtest, set_words, start_backtest, titles
from models.core.permissions import Permission
from models.risk.rules import RuleSetState
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.instant import InstantField
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.risk.rules.following_query import FollowingRules
from views.risk.rules.result_view import ResultView
from views.risk.rules.value_fields import Choice

if TYPE_CHECKING:
    from app.console import Console
    from app.core.query import Query
    from models.risk.backtest import Backtest, BacktestSummary
    from models.risk.rules import RuleSet, RuleSetSummary

RANGES = (7, 30, 90)
LOOK_MS = 1_000
BUSY = frozenset({"waiting", "running"})
MEANT = {
    "recorded": "lists, snoozes and breakers as they were",
    "today": "lists as they are today, no snooze, no breaker",
}


def state_words(one: BacktestSummary) -> str:
    """How far a backtest is."""
    if one.state == "running":
        return f"running, {one.progress * 100:.0f} %"
    words = "done, rules changed since" if one.state == "done" and one.outdated else str(one.state)
    return f"{words} (lists of today)" if one.circumstances == "today" else words


class BacktestPanel(FollowingRules):
    """The panel."""

    def __init__(self, console: Console) -> None:
        super().__init__(console, (Permission.VIEW_RISK_QUEUE,))
        self.rules = console.of(RiskRules)
        self._sets, self._runs, self._lists = self.rules.sets(), self.rules.backtests(), self.rules.lists()
        self._one: Query[Any] | None = None
        self._named: Query[RuleSet] | None = None
        """The version of the shadow run, for the names of its rules."""
        self._chosen = ""
        """Id of the backtest that is shown; ``shadow`` for the shadow run of the chosen version."""
        self._wanted = ""
        self._days: int | None = 30
        self._starting = False
        self._asked_for: Any = None
        self._busy: set[str] = set()
        # How far one is, is told to nobody but those who ask.
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_again)
        self._make()
        self.use(self._sets, self._runs, self._lists)

    def _make(self) -> None:
        self.version = Choice()
        self.version.setAccessibleName("Version to replay")
        self.version.setSizeAdjustPolicy(Choice.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.version.setMinimumContentsLength(20)
        self.version.currentIndexChanged.connect(lambda _: self._renew())
        self.ranges = {days: Pill(f"{days} d", Look.OUTLINE, name=f"The last {days} days") for days in RANGES}
        self.ranges[None] = Pill("From … to", Look.OUTLINE, name="Another period")  # type: ignore[index]
        for days, pill in self.ranges.items():
            pill.clicked.connect(lambda _=False, d=days: self._range(d))
        now = self.console.clock.now()
        self.begin = InstantField(now - timedelta(days=14), "From", unit="UTC")
        self.end = InstantField(now, "To", unit="UTC")
        self.context = Choice()
        self.context.setAccessibleName("Lists, snoozes and breakers to apply")
        for key, words in MEANT.items():
            self.context.addItem(words, key)
        self.start = Pill("Start backtest", Look.PRIMARY, name="Start the backtest")
        self.start.clicked.connect(self._start)
        self.cancel = Pill("Cancel", Look.BUTTON, name="Cancel the chosen backtest")
        self.cancel.clicked.connect(self._cancel)
        self.shadow = Pill("Shadow run", Look.OUTLINE, name="Show the shadow run of the chosen version")
        self.shadow.clicked.connect(self._show_shadow)
        self.why = QLabel()
        self.why.setWordWrap(True)
        row = Flow(
            self.version,
            *self.ranges.values(),
            self.begin,
            self.end,
            self.context,
            self.start,
            self.shadow,
            margins=False,
            gap=WIDE_GAP,
        )
        head = QVBoxLayout()
        head.setContentsMargins(12, 10, 12, 8)
        head.setSpacing(6)
        head.addWidget(row)
        head.addWidget(self.why)
        self.runs = RecordTable(
            (
                Column("Version", self._version_words, 104, stretch=True),
                Column("Orders placed", _period, 120),
                Column("By", lambda one: one.asked_by_name, 92),
                Column("Asked, UTC", lambda one: f"{one.created_at.day} {one.created_at:%b %H:%M}", 104),
                Column("State", state_words, 72, stretch=True),
            ),
            "Backtests",
        )
        self.runs.selectionModel().currentRowChanged.connect(lambda *_: self._run_chosen())
        self.progress = QProgressBar()
        self.progress.setRange(0, 1000)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(6)
        self.progress.setAccessibleName("How far the backtest is")
        self.state = QLabel()
        self.state.setWordWrap(True)
        line = QHBoxLayout()
        line.setContentsMargins(12, 4, 12, 4)
        line.setSpacing(8)
        line.addWidget(self.state, 2)
        line.addWidget(self.progress, 1)
        line.addWidget(self.cancel)
        self.result = ResultView("published")
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setContentsMargins(12, 12, 12, 12)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        place = QWidget()
        self._pages = QStackedLayout(place)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.result)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(place, 1)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.runs)
        split.addWidget(below)
        split.setStretchFactor(1, 1)
        split.setSizes([current().px(112), current().px(700)])
        outer = QVBoxLayout(self.content)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(split, 1)

    # --- what is chosen ------------------------------------------------------------------------------------------

    @property
    def chosen_set(self) -> RuleSetSummary | None:
        """The version that would be replayed."""
        sample, known = self._sets.sample, self.version.currentData()
        return next((one for one in sample.value if one.rule_set_id == known), None) if sample is not None else None

    @property
    def chosen_run(self) -> BacktestSummary | None:
        """The backtest that is shown."""
        rows = self.runs.records.rows
        return next((one for one in rows if one.backtest_id == self._chosen), None)

    def ask_for(self, one: object) -> None:
        """Choose a version, as another panel says."""
        known = getattr(one, "rule_set_id", "")
        self._wanted = str(known)
        self._renew()
        self.start.setFocus()

    def _range(self, days: int | None) -> None:
        self._days = days
        self._renew()

    def _run_chosen(self) -> None:
        index, rows = self.runs.currentIndex(), self.runs.records.rows
        if index.isValid() and index.row() < len(rows):
            self._show_run(rows[index.row()].backtest_id)

    def _show_run(self, backtest_id: str) -> None:
        if backtest_id == self._chosen:
            return
        self._chosen = backtest_id
        self._follow(self.rules.backtest(backtest_id))

    def _show_shadow(self) -> None:
        if (one := self.chosen_set) is not None:
            self._chosen = "shadow"
            self.runs.clearSelection()
            self.runs.setCurrentIndex(self.runs.records.index(-1, 0))
            named = self.rules.rule_set(one.rule_set_id)
            self.follow(self._named, named)
            self._named = named
            self._follow(self.rules.shadow(one.rule_set_id))

    def _follow(self, fresh: Query[Any]) -> None:
        self.follow(self._one, fresh)
        self._one = fresh
        self._renew()

    def _look_again(self) -> None:
        run, is_connected = self.chosen_run, self.console.link.state == "up"
        if not self._visible or run is None or run.state not in BUSY or not is_connected:
            self._look.stop()
            return
        self._runs.invalidate()

    # --- showing -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what is known."""
        self._offer_versions()
        for days, pill in self.ranges.items():
            pill.set(pill.text(), Look.SELECTED if days == self._days else Look.OUTLINE)
        for field in (self.begin, self.end):
            field.setVisible(self._days is None)
        for label in (self.why, self.state):
            current().set_font(label, 9)
        reason = self._start_blocker()
        explain(self.start, reason)
        self.why.setText(f"Start backtest: {reason}." if reason else "")
        self.why.setVisible(bool(reason))
        one = self.chosen_set
        seen = one is not None and (one.shadow_since is not None or one.shadow_orders > 0)
        explain(self.shadow, None if seen else "this version has not run beside live traffic")
        self.shadow.set(self.shadow.text(), Look.SELECTED if self._chosen == "shadow" else Look.OUTLINE)
        sample = self._runs.sample
        rows = list(sample.value) if sample is not None else []
        busy = {run.backtest_id for run in rows if run.state in BUSY}
        if self._busy - busy:
            self._sets.invalidate()  # one that ended may be what a version waited for
        self._busy = busy
        if list(self.runs.records.rows) != rows:
            self.runs.renew_rows(rows)
        if rows and self._chosen != "shadow":
            if all(run.backtest_id != self._chosen for run in rows):
                self._show_run(rows[0].backtest_id)
                return
            at = next(n for n, run in enumerate(rows) if run.backtest_id == self._chosen)
            if self.runs.currentIndex().row() != at:
                self.runs.selectRow(at)
        self._show_state()

    def _offer_versions(self) -> None:
        sample = self._sets.sample
        sets = [s for s in sample.value if s.state is not RuleSetState.DISCARDED] if sample is not None else []
        words = [f"{s.number} · {s.title} · {s.state}" for s in sets]
        at = self._wanted or self.version.currentData()
        with QSignalBlocker(self.version):
            if words != [self.version.itemText(n) for n in range(self.version.count())]:
                self.version.clear()
                for text, one in zip(words, sets, strict=True):
                    self.version.addItem(text, one.rule_set_id)
            where = self.version.findData(at)
            self.version.setCurrentIndex(where if where >= 0 else 0 if sets else -1)
        if where >= 0:
            self._wanted = ""

    def _start_blocker(self) -> str | None:
        if self._starting:
            return "the request is being sent"
        reason = self.console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True)
        if reason is not None:
            return reason
        one = self.chosen_set
        if one is None:
            return "there is no version to replay"
        if one.rule_count == 0:
            return "this version has no rules"
        if self._days is None and self.begin.instant >= self.end.instant:
            return "the end is not after the start"
        return None

    def _show_state(self) -> None:
        run = self.chosen_run
        query = self._one
        sample = query.sample if query is not None else None
        found = sample.value if sample is not None else None
        busy = run is not None and run.state in BUSY and self._chosen != "shadow"
        if busy and not self._look.isActive():
            self._look.start()
        if found is not None and run is not None and found is not self._asked_for and _behind(found, run):
            self._asked_for = found
            query.invalidate()  # type: ignore[union-attr]  # it has answered
        self.progress.setVisible(busy)
        self.cancel.setVisible(busy)
        if busy and run is not None:
            self.progress.setValue(round(run.progress * 1000))
            self.progress.setAccessibleDescription(state_words(run))
            explain(self.cancel, self.console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True))
        result = getattr(found, "result", None)
        self.state.setText(self._words(run, found))
        if result is None:
            self.empty.setText(self._nothing(run))
            self._pages.setCurrentIndex(0)
            return
        rules = self._rules_of(found)
        lists = self._lists.sample.value if self._lists.sample is not None else ()
        number = result.published.number
        others = f"version {number}" if number is not None else "as decided"
        self.result.show_result(result, rules, titles(lists), others)
        self._pages.setCurrentIndex(1)

    def _rules_of(self, found: Any) -> tuple[Any, ...]:
        rules = getattr(found, "rules", None)
        if rules is not None:
            return tuple(rules)
        known = self._named.sample if self._named is not None else None
        return known.value.rules if known is not None else ()

    def _words(self, run: BacktestSummary | None, found: Any) -> str:
        if self._chosen == "shadow":
            if found is None:
                return "Shadow run"
            since = (
                f"since {found.since.day} {found.since:%b %H:%M} UTC" if found.since is not None else "not running now"
            )
            return f"Shadow run, {since}: {found.orders:,} orders seen, held against what was decided."
        if run is None:
            return ""
        words = f"{self._version_words(run)}, {_period(run)}, {MEANT[run.circumstances]}: {state_words(run)}"
        return f"{words}. {run.problem}" if run.problem else f"{words}."

    def _nothing(self, run: BacktestSummary | None) -> str:
        query = self._one
        if query is not None and query.error is not None and query.sample is None:
            return f"It cannot be read: {query.error}"
        if self._runs.error is not None and self._runs.sample is None:
            return f"Backtests cannot be read: {self._runs.error}"
        if self._runs.sample is None or (query is not None and query.sample is None):
            return "Waiting for the first answer…"
        if run is None:
            return (
                "A backtest replays rules over past orders, with what was known of each at its own instant. "
                "It changes nothing. Choose a version and a period, and start."
            )
        return {
            "waiting": "It waits for a worker to take it up.",
            "running": "It is running; what it finds is shown when it is done.",
            "cancelled": "It was cancelled before it was done.",
            "failed": f"It failed: {run.problem or 'the log has the reason'}. Start it again.",
        }.get(str(run.state), "It has no result.")

    @staticmethod
    def _version_words(one: BacktestSummary) -> str:
        if one.rule_set_number is None:
            return "rules not stored"
        return f"{one.rule_set_number} · {one.rule_set_title}"

    # --- what is done --------------------------------------------------------------------------------------------

    def _start(self) -> None:
        one = self.chosen_set
        if one is None or self._start_blocker() is not None:
            return
        self._starting = True
        self._renew()
        self.console.tasks.start(self._ask(one), name="start a backtest")

    async def _ask(self, one: RuleSetSummary) -> None:
        from pydantic import ValidationError

        from models.risk.backtest import BacktestCircumstances, BacktestDraft

        given: dict[str, Any] = (
            {"days": self._days}
            if self._days is not None
            else {
                "from_": self.begin.instant,
                "to": self.end.instant,
            }
        )
        circumstances = BacktestCircumstances(self.context.currentData())
        try:
            asked = BacktestDraft(rule_set_id=one.rule_set_id, circumstances=circumstances, **given)
            outcome = await start_backtest(self.console.mutations, set_words(one), asked)
        except ValidationError as error:
            words = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
            self.console.messages.post(f"Backtest not started: {words}.", "error")
        except OperationsError as error:
            self.console.messages.post(f"Backtest not started: {error}", "error")
        else:
            if known := outcome.answer.get("backtestId"):
                self._chosen = ""
                await self._runs.refresh()
                self._show_run(str(known))
        finally:
            self._starting = False
            self._renew()

    def _cancel(self) -> None:
        if (run := self.chosen_run) is not None:
            self.console.tasks.start(self._end(run), name="cancel a backtest")

    async def _end(self, run: BacktestSummary) -> None:
        try:
            await cancel_backtest(self.console.mutations, run)
        except OperationsError as error:
            self.console.messages.post(f"Backtest not cancelled: {error}", "error")


def _behind(found: Any, run: BacktestSummary) -> bool:
    """Whether the list knows more of a backtest than what was read of it."""
    known = getattr(found, "backtest_id", "")
    return bool(known == run.backtest_id and (found.version < run.version or found.state != run.state))


def _period(one: BacktestSummary | Backtest) -> str:
    year = "" if one.from_.year == one.to.year else " %Y"
    return f"{one.from_.day} {one.from_:%b{year}} – {one.to.day} {one.to:%b{year}}"
