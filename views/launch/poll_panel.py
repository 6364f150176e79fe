"""The go/no-go poll: the roll-call, and what the signed-in can do now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLabel, QVBoxLayout

from models.launch.poll import Choice, PollState
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.remarks import Remarks
from views.launch.launch_panel import LaunchPanel
from views.launch.menu import entries
from views.launch.roll_call_table import RollCallTable
from views.launch.wording import bound_to, counts_for, is_void, labels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from app.core.query import Query
    from models.launch.poll import RollCallVote
    from views.kit.capability import Window

MENU = (
    "launch.open-poll",
    "launch.close-poll",
    "launch.override",
    "launch.ask-again",
    "launch.delegate",
    "launch.undelegate",
    "launch.recycle",
    "launch.fault",
)


class PollPanel(LaunchPanel):
    """The table with one filled button below it: what is to be done next."""

    ticks = True

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.question = QLabel()
        self.question.setWordWrap(True)
        self.question.setContentsMargins(12, 6, 12, 6)
        self.question.setAccessibleName("Question")
        self.table = RollCallTable(self._bound_words)
        self.next = Pill("", Look.PRIMARY, name="What is to be done next", key="V")
        self.count = Pill("", Look.BUTTON, name="Hold or resume the count", key="H")
        self.no_go = Pill("Vote NO-GO…", Look.BUTTON, name="Vote NO-GO", key="N")
        self.why = Remarks("What holds")
        self._next_action, self._count_action = "launch.vote", "launch.hold"
        self.next.clicked.connect(lambda: self.console.actions.execute(self._next_action))
        self.count.clicked.connect(lambda: self.console.actions.execute(self._count_action))
        self.no_go.clicked.connect(lambda: self.console.actions.execute("launch.vote-no-go"))
        bar = Flow(self.next, self.count, self.why, self.no_go, wide=(self.why,), gap=WIDE_GAP)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.state)
        column.addWidget(self.question)
        column.addWidget(self.table, 1)
        column.addWidget(bar)
        self.widget.setFocusProxy(self.table)
        self.begin()

    def queries(self) -> Sequence[Query[Any]]:
        query = self.desk.status_query
        return () if query is None else (query,)

    def about(self) -> str:
        poll = self.desk.status.poll if self.desk.status is not None else None
        if poll is None:
            return "not asked yet"
        if poll.state is PollState.OPEN:
            return f"round {poll.round}, opened {poll.opened_at:%H:%M:%S} UTC"
        return f"round {poll.round}, closed with {poll.verdict} at {poll.closed_at:%H:%M} UTC"

    def own_menu(self) -> list[Any]:
        """All about the poll and the clock."""
        return entries(self.console, self.widget, MENU)

    def _bound_words(self, vote: RollCallVote) -> str:
        status = self.desk.status
        if status is None:
            return ""
        if is_void(vote):
            return f"now other: {labels(status, vote.changed)}"
        if vote.choice is None:
            return "opens when nothing holds" if vote.director else ""
        if vote.choice is not Choice.GO:
            return vote.reason or ""
        found = bound_to(status, vote.role)
        if found and len(found) == len(status.evidence):
            return f"all {len(found)} figures"
        return ", ".join(each.label for each in found)

    def refresh(self) -> None:
        """Show the newest answer."""
        self.say_state()
        status = self.desk.status
        poll = status.poll if status is not None else None
        self.question.setText(f"{poll.question}" if poll is not None else "Nobody was asked yet.")
        current().set_font(self.question, 10, 600)
        self.question.setVisible(status is not None)
        self.table.renew(status.roll_call if status is not None else (), (status.next_role or "") if status else "")
        self.tick()

    def tick(self) -> None:
        actions = self.console.actions
        self._next_action, words, key, due = self._next()
        self.next.set(words, Look.PRIMARY if due else Look.BUTTON)
        self.next.setAccessibleName(words)
        self.next.set_key(key)
        explain(self.next, actions.reason(actions.get(self._next_action)))
        shown = self.desk.countdown
        holds = shown is not None and shown.holds
        self._count_action = "launch.release" if holds else "launch.hold"
        self.count.set("Resume count…" if holds else "Hold count…")
        self.count.set_key("R" if holds else "H")
        reason = actions.reason(actions.get(self._count_action))
        explain(self.count, reason)
        explain(self.no_go, actions.reason(actions.get("launch.vote-no-go")))
        self.why.say(*self._holds())

    def _next(self) -> tuple[str, str, str, bool]:
        """The action that comes next for the signed-in, its words, its key, and whether everybody waits for it."""
        if not self.desk.is_polled:
            return "launch.open-poll", "Open a poll…", "P", True
        vote, status = self.desk.next_vote(), self.desk.status
        asked = vote is not None and (vote.choice is None or is_void(vote))
        if vote is not None and asked and not (vote.director and status is not None and self._left(status)):
            again = " again" if is_void(vote) else ""
            return "launch.vote", f"Vote{again} as {vote.name}…", "V", True
        if self.desk.close_blocker() is None:
            return "launch.close-poll", "Close the poll…", "Shift+P", status is not None and not self._left(status)
        return "launch.vote", f"Change the vote of {vote.name}…" if vote is not None else "Vote…", "V", False

    @staticmethod
    def _left(status: Any) -> int:
        return sum(counts_for(each) is not Choice.GO for each in status.roll_call if not each.director)

    def _holds(self) -> list[tuple[str, str]]:
        verdict = self.desk.verdict
        count = len(verdict.causes) if verdict is not None else 0
        return [(str(count), "item holds" if count == 1 else "items hold")] if count else []
