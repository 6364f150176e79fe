"""The policy of the queue: above which amount two people decide, and how long an entry may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.core.mutation_types import InConflict
from app.risk.rules import change_policy
from models.core.permissions import Permission
from models.risk.rules import RiskPolicyChange
from views.kit.following_panel import explain
from views.kit.widgets.discard import discard
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.problem import ProblemLine
from views.risk.rules.value_fields import MoneyField, NumberField

if TYPE_CHECKING:
    from app.console import Console
    from models.risk.rules import RiskPolicy

HOURS_MOST = 720
HOLDS = (
    "Every change is audited and holds for entries decided from then on; what was proposed still needs two people. The "
    "amount is changed once somebody else agrees."
)
WAITS = (
    "A change of the amount waits under Access for somebody else to agree. Until then it stays as it is, which is what "
    "stands here."
)


class PolicyPage(QWidget):
    """The page; what is being typed is not overwritten by answers."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.setAccessibleName("Policy of the queue")
        self._console = console
        self._policy: RiskPolicy | None = None
        self._currency = ""
        self._sending = False
        self.note = QLabel("Waiting for the first answer…")
        self.note.setWordWrap(True)
        self._form = QFormLayout()
        self.problem = ProblemLine()
        self.save = Pill("Save policy", Look.PRIMARY, name="Save the policy")
        self.save.clicked.connect(self._save)
        self.reason = QLineEdit()
        self.reason.setMaxLength(2000)
        self.reason.setPlaceholderText("Why; it is kept in the audit log")
        self.reason.setAccessibleName("Why the policy is changed")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(self.note)
        column.addLayout(self._form)
        column.addWidget(self.problem)
        column.addWidget(self.save)
        column.addStretch(1)

    def show_policy(self, policy: RiskPolicy | None, currency: str, problem: str) -> None:
        """Show it; ``problem`` says why it is not known."""
        if policy is None:
            self.note.setText(f"It cannot be read: {problem}" if problem else "Waiting for the first answer…")
        elif self._policy is not None and policy.version < self._policy.version:
            pass  # It was read before what this page has saved since.
        elif self._policy is None or currency != self._currency or (self._differs(policy) and not self._changes()):
            self._policy, self._currency = policy, currency
            self._build(policy, currency)
        elif self._differs(policy):
            self.note.setText("Somebody else changed the policy meanwhile; saving asks you which one holds.")
        else:
            self._policy = policy
            self._tell(policy)
        self._explain()

    def _differs(self, policy: RiskPolicy) -> bool:
        return self._policy is not None and policy.version != self._policy.version

    def _tell(self, policy: RiskPolicy) -> None:
        self.note.setText(HOLDS if policy.amount_waits_until is None else WAITS)

    def _build(self, policy: RiskPolicy, currency: str) -> None:
        self._tell(policy)
        while self._form.rowCount():
            field = self._form.itemAt(0, QFormLayout.ItemRole.FieldRole)
            if field is not None and field.widget() is self.reason:
                # What was typed stays; its label would too, beside the new one.
                if (label := self._form.labelForField(self.reason)) is not None:
                    discard(label)
                self._form.takeRow(0)
                self.reason.setParent(self)
            else:
                self._form.removeRow(0)
        self.amount = MoneyField("Orders worth this or more need two people", policy.two_person_minor, currency)
        self.review = NumberField("Hours to decide a review", policy.review_hours, HOURS_MOST, " h")
        self.block = NumberField("Hours to decide a block", policy.block_hours, HOURS_MOST, " h")
        for hours in (self.review, self.block):
            hours.box.setMinimum(1)
        for each in (self.amount, self.review, self.block):
            each.changed.connect(lambda _: self._explain())
            each.setMaximumWidth(280)
            self._form.addRow(each.accessibleName(), each)
        self._form.addRow("Why", self.reason)
        self.reason.show()

    def _changes(self) -> dict[str, int]:
        policy = self._policy
        if policy is None:
            return {}
        values = {
            "two_person_minor": self.amount.minor,
            "review_hours": self.review.box.value(),
            "block_hours": self.block.box.value(),
        }
        return {key: value for key, value in values.items() if value != getattr(policy, key)}

    def _explain(self) -> None:
        reason = self._console.write_blocker(Permission.MANAGE_RISK_RULES, irreversible=True)
        if reason is None:
            none = "there is nothing to save" if self._policy is None or not self._changes() else None
            reason = "it is being saved" if self._sending else none
        explain(self.save, reason)

    def _save(self) -> None:
        changes, policy = self._changes(), self._policy
        if policy is None or not changes or self._sending:
            return
        request = RiskPolicyChange.model_validate({**changes, "reason": self.reason.text().strip()})
        self._sending = True
        self.problem.say("")
        self._explain()
        self._console.tasks.start(self._send(policy, request), name="save the risk policy")

    async def _send(self, policy: RiskPolicy, request: RiskPolicyChange) -> None:
        try:
            outcome = await change_policy(self._console.mutations, policy, request)
        except InConflict:
            self._policy = None  # the window asks which of the two holds
        except OperationsError as error:
            self.problem.say(f"{error} Nothing was changed; what you typed is still here.")
        else:
            from models.access import Approval
            from models.risk.rules import RiskPolicy

            self.reason.clear()
            if "approvalId" in outcome.answer:
                waits = Approval.model_validate(outcome.answer).ends_at
                self._policy = policy.model_copy(update={"amount_waits_until": waits})
                self._build(self._policy, self._currency)
            elif outcome.answer:
                self._policy = RiskPolicy.model_validate(outcome.answer)
                self._build(self._policy, self._currency)
        finally:
            self._sending = False
            self._explain()
