"""Open a poll, vote, close it, go against a NO-GO, let somebody else vote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QButtonGroup, QComboBox, QLabel, QLineEdit, QRadioButton, QVBoxLayout, QWidget

from app.core.errors import ProblemAnswer
from app.core.mutation_types import Refused
from app.launch import mutations
from models.core.problems import Code
from models.core.wording import counted
from models.launch.criteria import EvidenceVerdict
from models.launch.poll import Choice
from views.kit.following_panel import explain
from views.launch.dialog import LaunchDialog, paragraph
from views.launch.wording import bound_to, evidence_age, limit_words, value_words, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.launch import Launch
    from models.launch.poll import Cause, RollCallVote
    from views.launch.desk import LaunchDesk

QUESTION_MOST = 300
MEANINGS = {
    Choice.GO: "&GO \N{EN DASH} ready, on what is shown below",
    Choice.HOLD: "&HOLD \N{EN DASH} not now; say what is missing",
    Choice.NO_GO: "&NO-GO \N{EN DASH} do not launch; say why",
}
TURN_MS = 500


class OpenPollDialog(LaunchDialog):
    """Asks all roles a question."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Open a poll", accept="Ask all roles")
        launch = desk.launch
        count = len(launch.roll) if launch is not None else 0
        self.without_words()
        self.say(
            f"All {counted(count, 'role', 'roles')} are asked anew. Figures are looked at twice a second from now on; "
            "one that leaves its limits voids the votes bound to it and holds the clock. A second factor is asked for."
        )
        self.question = QLineEdit(f"GO for {launch.title}?" if launch is not None else "")
        self.question.setMaxLength(QUESTION_MOST)
        self.fields(("Question", self.question))
        self.question.setFocus()
        self.question.selectAll()

    def submit(self) -> None:
        """Open it."""
        words, launch = self.question.text().strip(), self.desk.launch
        if not words:
            self.fail("Ask something: the record begins with the question.", self.question)
        elif launch is not None:
            self.send(lambda: mutations.open_poll(self.console.mutations, launch, words))


class VoteDialog(LaunchDialog):
    """GO, HOLD or NO-GO for a role, on the figures it is bound to."""

    def __init__(self, desk: LaunchDesk, parent: QWidget, choice: Choice = Choice.GO) -> None:
        super().__init__(desk, parent, "Vote", accept="Vote", hint="Reason; needed for HOLD and NO-GO")
        self.role = QComboBox()
        wanted = desk.next_vote()
        for vote in desk.my_votes():
            self.role.addItem(self._role_words(vote), vote.role)
        if wanted is not None:
            self.role.setCurrentIndex(self.role.findData(wanted.role))
        self.question = paragraph("")
        self.column.addWidget(self.question)
        self.fields(("For", self.role))
        self._group = QButtonGroup(self)
        self.choices: dict[Choice, QRadioButton] = {}
        column = QVBoxLayout()
        for each, words in MEANINGS.items():
            self.choices[each] = button = QRadioButton(words)
            button.setAccessibleName(f"Vote {each}")
            self._group.addButton(button)
            column.addWidget(button)
        self.column.addLayout(column)
        self.why = QLabel()
        self.why.setWordWrap(True)
        self.why.setAccessibleName("Why not GO")
        self.column.addWidget(self.why)
        self.figures = QLabel()
        self.figures.setWordWrap(True)
        self.figures.setTextFormat(Qt.TextFormat.PlainText)
        self.figures.setAccessibleName("What a GO is bound to")
        self.column.addWidget(self.figures)
        self.column.addWidget(self.words)
        self._seen = 0
        """Version of the evidence that was on the screen when it was last drawn."""
        self._wanted = choice
        self._turn = QTimer(self, interval=TURN_MS)
        self._turn.timeout.connect(self._show)
        self._turn.start()
        self.role.currentIndexChanged.connect(lambda _index: self._show())
        self._group.buttonClicked.connect(lambda _button: self._picked())
        self._show()
        self.choices[choice].setChecked(self.choices[choice].isEnabled())
        self.words.setFocus() if choice is not Choice.GO else self.choices[Choice.GO].setFocus()

    @staticmethod
    def _role_words(vote: RollCallVote) -> str:
        return vote.name if vote.choice is None else f"{vote.name}, now {vote.choice}, {vote.standing}"

    @property
    def vote(self) -> RollCallVote | None:
        """The role that is voted for."""
        wanted = self.role.currentData()
        return next((each for each in self.desk.my_votes() if each.role == wanted), None)

    @property
    def choice(self) -> Choice | None:
        """What is chosen."""
        return next((each for each, button in self.choices.items() if button.isChecked()), None)

    def _picked(self) -> None:
        self.fail("")
        if self.choice is not Choice.GO and not self.words.toPlainText().strip():
            self.words.setFocus()

    def _show(self) -> None:
        vote, status = self.vote, self.desk.status
        if vote is None or status is None or status.poll is None:
            return
        self.question.setText(f"Round {status.poll.round}: {status.poll.question}")
        reason = self.desk.go_blocker(vote)
        explain(self.choices[Choice.GO], reason)
        if reason is not None and self.choices[Choice.GO].isChecked():
            self._group.setExclusive(False)
            self.choices[Choice.GO].setChecked(False)
            self._group.setExclusive(True)
        self.why.setText(f"GO is not possible: {reason}." if reason is not None else "")
        self.why.setVisible(reason is not None)
        now, lines = self.desk.told_now, []
        for each in bound_to(status, vote.role):
            value = " ".join(filter(None, value_words(each)))
            said = verdict_of(each, now)
            state = "" if said is EvidenceVerdict.INSIDE else f", {said}"
            lines.append(f"{each.label}: {value}, {limit_words(each)}, {evidence_age(each, now)}{state}")
        self.figures.setText("\n".join(["A GO is bound to:", *lines]) if lines else "No figure is bound to this role.")
        self._seen = status.poll.evidence_version

    def submit(self) -> None:
        """Cast it."""
        vote, status, choice = self.vote, self.desk.status, self.choice
        if vote is None or status is None or status.poll is None:
            self.fail("The poll has ended meanwhile.")
            return
        if choice is None:
            self.fail("Choose GO, HOLD or NO-GO.", self.choices[Choice.HOLD])
            return
        words = self.checked_words(needed=choice is not Choice.GO)
        if words is None:
            return
        poll, seen = status.poll, self._seen
        self.send(lambda: self._cast(poll.poll_id, vote, choice, words, seen))

    async def _cast(self, poll_id: str, vote: RollCallVote, choice: Choice, words: str, seen: int) -> None:
        status = self.desk.status
        assert status is not None  # noqa: S101 - it was shown
        assert status.poll is not None  # noqa: S101 - it was shown
        if status.poll.poll_id != poll_id:
            raise Refused("Another poll is open now: look at it.")
        try:
            await mutations.vote(self.console.mutations, status.poll, vote, choice, words, seen)
        except ProblemAnswer as error:
            if error.code == Code.EVIDENCE_CHANGED and (query := self.desk.status_query) is not None:
                await query.refresh()  # what the next attempt is decided on
                self._show()
            raise


CAUSES = 5
"""So many causes of a verdict are read before it is sealed; how many more there are is said."""


def causes_words(causes: Sequence[Cause]) -> str:
    """The first causes of a verdict, a line each, and how many more there are."""
    lines = [f"{each.title}: {each.detail}" for each in causes[:CAUSES]]
    return "\n".join([*lines, f"and {len(causes) - CAUSES} more"] if len(causes) > CAUSES else lines)


class ClosePollDialog(LaunchDialog):
    """Ends the poll with the verdict that is shown; the record is kept."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Close the poll", accept="Close it", destructive=True)
        verdict = desk.verdict
        self._word = verdict.word if verdict is not None else Choice.HOLD
        director = next((each for each in desk.status.roll_call if each.director), None) if desk.status else None
        if director is not None and director.choice is not None and director.choice is not Choice.GO:
            self._word = max(self._word, director.choice, key=list(Choice).index)
        self.say(
            f"It ends with {self._word}, and what it was decided on is sealed as its record. "
            "No vote can be cast or changed after that. A second factor is asked for."
        )
        if verdict is not None and verdict.causes:
            self.say(causes_words(verdict.causes))
        self.ask_for_words()

    def submit(self) -> None:
        """Close it."""
        status, words = self.desk.status, self.checked_words(needed=self._word is not Choice.GO)
        if words is not None and status is not None and (poll := status.poll) is not None:
            self.send(lambda: mutations.close_poll(self.console.mutations, poll, self._word, words))


class OverrideDialog(LaunchDialog):
    """Asks for a NO-GO not to count; somebody else approves."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Go against a NO-GO", accept="Ask for it", destructive=True)
        self.say(
            "Two people answer for it: you ask, and somebody else approves in the Access workspace within the hour. "
            "Both stand in the record. If the role votes again meanwhile, it lapses."
        )
        self.role = QComboBox()
        for vote in desk.against():
            self.role.addItem(f"{vote.name}: {vote.reason or 'no reason'}", vote.role)
        self.fields(("NO-GO of", self.role))
        self.ask_for_words()

    def submit(self) -> None:
        """Ask."""
        status, words = self.desk.status, self.checked_words()
        vote = next((each for each in self.desk.against() if each.role == self.role.currentData()), None)
        if words is None or status is None or status.poll is None:
            return
        if vote is None:
            self.fail("The role has voted anew meanwhile.", self.role)
            return
        poll = status.poll
        self.send(lambda: mutations.ask_override(self.console.mutations, poll, vote, words))


class AskAgainDialog(LaunchDialog):
    """Tells whoever the launch waits for again; of the role at the cursor first."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Ask again", accept="Ask again")
        self.without_words()
        self.say(
            "Who holds the role hears in one message of all that waits for it: by mail, or else by the channels of "
            "operations. Each role is told at most every five minutes."
        )
        self.role = QComboBox()
        for role, (name, what) in desk.waiting().items():
            self.role.addItem(f"{name}: {', '.join(what)}", role)
        item = desk.item
        if item is not None and item.late_seconds is not None:
            self.role.setCurrentIndex(max(0, self.role.findData(item.owner_role)))
        self.fields(("Who", self.role))
        self.role.setFocus()

    def submit(self) -> None:
        """Ask."""
        launch, role = self.desk.launch, self.role.currentData()
        known = self.desk.waiting().get(role)
        if known is None:
            self.fail("Nothing waits for this role any more.", self.role)
        elif launch is not None:
            self.send(lambda: self._ask(launch, role, known[0]))

    async def _ask(self, launch: Launch, role: str, name: str) -> None:
        told = await mutations.ask_again(self.console.mutations, launch, role, name)
        if not told.told:
            self.console.messages.post(
                f"{told.name} was not told: nothing is routed to operations, and no mail gets to who holds the role.",
                "warning",
            )


class DelegateDialog(LaunchDialog):
    """Lets somebody else vote for a role one holds."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Let somebody else vote", accept="Let them vote")
        self.say(
            "They vote in the place of all holders of the role until you take it back; the record names both. "
            "They need a role themselves that lets them vote in launches."
        )
        self.role = QComboBox()
        for each in desk.own_roles():
            self.role.addItem(each.name, each.role)
        self.person = QComboBox()
        self.person.setEditable(True)
        self.person.addItems(self._people())
        self.person.setCurrentText("")
        field = self.person.lineEdit()
        if field is not None:
            field.setPlaceholderText("their account")
        self.fields(("Role", self.role), ("Who votes", self.person))
        self.column.addWidget(self.words)
        self.person.setFocus()

    def _people(self) -> list[str]:
        me, status = self.console.session.me, self.desk.status
        known = {each.person for each in status.roll_call if each.person} if status is not None else set()
        known |= {each.completed_by for each in self.desk.items if each.completed_by}
        return sorted(known - {me.user_id if me is not None else ""})

    def submit(self) -> None:
        """Delegate."""
        person, launch, role = self.person.currentText().strip(), self.desk.launch, self.role.currentData()
        if not person:
            self.fail("Name the account of who votes.", self.person)
            return
        words = self.checked_words()
        if words is not None and launch is not None:
            self.send(lambda: mutations.delegate(self.console.mutations, launch, role, person, words))


class TakeBackDialog(LaunchDialog):
    """Ends a delegation."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Take my vote back", accept="Take it back")
        self.without_words()
        self.say("A vote that was cast stays; from now on holders of the role vote themselves again.")
        launch = desk.launch
        names = {each.role: each.name for each in launch.roll} if launch is not None else {}
        self.role = QComboBox()
        for each in desk.own_delegations():
            self.role.addItem(f"{names.get(each.role, each.role)}, now with {each.person_name}", each.role)
        self.fields(("Role", self.role))

    def submit(self) -> None:
        """Take it back."""
        launch, role = self.desk.launch, self.role.currentData()
        if role is None:
            self.fail("Nobody else votes for a role of yours any more.", self.role)
        elif launch is not None:
            self.send(lambda: mutations.end_delegation(self.console.mutations, launch, role))
