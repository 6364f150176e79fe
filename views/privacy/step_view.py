"""One step: what it does, why it failed, each try, and what can be done with it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.privacy.stages import APPROVAL, IDENTITY, RELEASE, StepState
from models.privacy.graph import NodeState
from views.kit.following_panel import explain
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.privacy.wording import NONE, STEP_STATES, day, kept_words, who

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.privacy.stages import Step
    from models.privacy.graph import NodeAttempt, RequestNode
    from views.privacy.desk import PrivacyDesk


def _took(attempt: NodeAttempt) -> str:
    if attempt.ended_at is None:
        return NONE
    seconds = (attempt.ended_at - attempt.begun_at).total_seconds()
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


COLUMNS = (
    Column("Try", lambda attempt: str(attempt.number), 40, right=True),
    Column("Begun, UTC", lambda attempt: day(attempt.begun_at), 112),
    Column("Took", _took, 64, right=True),
    Column(
        "Answer", lambda attempt: attempt.problem or ("runs" if attempt.ended_at is None else "done"), 160, stretch=True
    ),
)
LEAST_HIGH = 88
"""Of a table, pixels at 100 % font."""
BUTTONS = {
    "retry": ("Retry step", "R"),
    "complete": ("Done by hand…", "M"),
    "skip": ("Skip…", "S"),
    "verify": ("Confirm identity…", "V"),
    "ask-approval": ("Ask for approval…", "Q"),
    "approve": ("Approve…", "A"),
    "deny": ("Deny…", ""),
    "package": ("Look through…", "P"),
}
OFFERED = {
    IDENTITY: ("verify",),
    APPROVAL: ("ask-approval", "approve", "deny"),
    RELEASE: ("package",),
}
"""What is done with boxes that are no step of the run."""
OF_NODE = {
    StepState.FAILED: ("retry", "skip"),
    StepState.READY: ("retry", "skip"),
    StepState.PERSON: ("complete", "skip"),
}


class LowTable(RecordTable):
    """Wants little height and takes what is left: what scrolls asks how high its content would like to be."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), current().px(LEAST_HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), current().px(LEAST_HIGH))


class StepView(QWidget):
    """Words, tries and buttons."""

    def __init__(self, desk: PrivacyDesk) -> None:
        super().__init__()
        self._desk = desk
        self.title, self.words = QLabel(), QLabel()
        self.title.setAccessibleName("Step")
        self.words.setAccessibleName("How it stands")
        for label in (self.title, self.words):
            label.setWordWrap(True)
            label.setContentsMargins(12, 0, 12, 0)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.table = LowTable(COLUMNS, "Tries of the step")
        self.buttons = {
            verb: Pill(words, Look.BUTTON, name=words.strip("…"), key=key, button=True)
            for verb, (words, key) in BUTTONS.items()
        }
        for verb, pill in self.buttons.items():
            pill.clicked.connect(lambda _=False, each=verb: desk.console.actions.execute(f"privacy.{each}"))
        self.remark = QLabel()
        self.remark.setAccessibleName("Why not")
        self.remark.setWordWrap(True)
        self.remark.setContentsMargins(12, 0, 12, 4)
        self.foot = Flow(*self.buttons.values(), gap=WIDE_GAP)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        for part, stretch in ((self.title, 0), (self.words, 0), (self.table, 1), (self.remark, 0), (self.foot, 0)):
            column.addWidget(part, stretch)
        column.addStretch(0)

    def show_step(self, step: Step | None, attempts: Sequence[NodeAttempt]) -> None:
        """Show a step with its tries."""
        theme = current()
        theme.set_font(self.title, 12, 600)
        theme.set_font(self.remark, 9)
        self.title.setText("No step" if step is None else f"{step.title}: {STEP_STATES[step.state]}")
        self.words.setText("" if step is None else self._words(step))
        self.words.setVisible(bool(self.words.text()))
        self.table.setVisible(bool(attempts))
        self._column.setStretch(5, 0 if attempts else 1)
        self.table.renew_rows(attempts)
        offered: tuple[str, ...] = ()
        if step is not None:
            offered = OFFERED.get(step.key, ()) if step.node is None else OF_NODE.get(step.state, ())
        if step is not None and step.node is None and step.state not in {StepState.PERSON, StepState.RUNNING}:
            offered = ()
        actions, first, why = self._desk.console.actions, True, ""
        for verb, pill in self.buttons.items():
            pill.setVisible(verb in offered)
            if verb not in offered:
                continue
            reason = actions.reason(actions.get(f"privacy.{verb}"))
            explain(pill, reason)
            look = Look.PRIMARY if first and reason is None else Look.BUTTON
            first = first and reason is not None
            pill.set(pill.text(), look)
            why = why or (reason or "")
        self.remark.setText(f"{why[:1].upper()}{why[1:]}." if why and first else "")
        self.remark.setVisible(bool(self.remark.text()))
        self.foot.setVisible(bool(offered))

    def _words(self, step: Step) -> str:
        node = step.node
        if node is None:
            return ". ".join(filter(None, (step.words, step.more and f"{step.more[:1].upper()}{step.more[1:]}"))) + "."
        lines = [f"{node.problem[:1].upper()}{node.problem[1:]}." if node.problem else ""]
        lines.append(self._fate(node, step))
        if node.kept:
            lines.append(f"Stays: {kept_words(node)}.")
        if node.skip_asked_by and step.state is not StepState.SKIPPED:
            lines.append(f"{node.skip_asked_by_name} has asked to skip it: somebody else decides.")
        return " ".join(filter(None, lines))

    @staticmethod
    def _fate(node: RequestNode, step: Step) -> str:
        match step.state:
            case StepState.DONE:
                return f"{node.rows:,} rows, done by {who(node.ended_by_name)}."
            case StepState.SKIPPED:
                return f"Asked for by {who(node.skip_asked_by_name)}, decided by {who(node.skipped_by_name)}."
            case StepState.FAILED if node.state is NodeState.DEAD:
                return "It is a dead letter: nobody tries it again by themselves. What is done elsewhere stays done."
            case StepState.FAILED:
                at = "" if node.next_at is None else f" at {day(node.next_at)} UTC"
                return f"It is tried again by itself{at}. What is done elsewhere stays done."
            case StepState.PERSON:
                return "A person does it, and says what was done."
            case StepState.RUNNING:
                return f"{node.rows:,} rows so far."
            case StepState.READY:
                return "It waits for its turn, or for the answer of somebody else."
            case _:
                return f"{step.words}; it opens when what comes before is done."
