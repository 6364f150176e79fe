"""Give a role, take one away, break glass, decide, close a review: each wants to know why."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QFormLayout, QLabel, QSpinBox, QWidget

from app.access.domain import assign, break_glass, close_review, decide, remove_second_factor, revoke
from models.core.permissions import permission_words
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.kit.widgets.instant import InstantField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from models.access import AccessReview, Approval, Person, RoleAssignment, RoleDefinition

BREAK_GLASS_MINUTES = 240
DEFAULT_DAYS = 7


class _ForSomebody(DecidingDialog):
    """Asks for a person and a role."""

    def __init__(
        self,
        console: Console,
        parent: QWidget,
        *,
        title: str,
        accept: str,
        people: Sequence[Person],
        roles: Sequence[RoleDefinition],
    ) -> None:
        super().__init__(title, console.tasks, parent, accept=accept, hint="Why")
        self.console = console
        self._roles = [role for role in roles if not role.service]
        self.person = QComboBox()
        self.person.setEditable(True)
        self.person.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        for person in people:
            self.person.addItem(f"{person.name} ({person.user_id})", person.user_id)
        self.person.setCurrentIndex(-1)
        completer = self.person.completer()
        if completer is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self.role = QComboBox()
        for role in self._roles:
            self.role.addItem(f"{role.name} ∗" if role.sensitive else role.name, role.role_id)
        for box in (self.person, self.role):  # long names do not push the labels away
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(20)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.row("Person", self.person)
        self.row("Role", self.role)
        self.column.addLayout(self.form)
        self.consequence = QLabel()
        self.consequence.setWordWrap(True)
        self.column.addWidget(self.consequence)
        self.column.addWidget(self.words)
        self.role.currentIndexChanged.connect(self._explain)
        self.person.currentIndexChanged.connect(self._explain)
        self._explain()

    def row(self, label: str, field: QWidget) -> None:
        """One more field."""
        field.setAccessibleName(label)
        self.form.addRow(label, field)

    @property
    def chosen_role(self) -> RoleDefinition:
        """The role."""
        return self._roles[self.role.currentIndex()]

    def chosen_person(self) -> tuple[str, str] | None:
        """Id and name; says what is wrong and answers ``None``."""
        index = self.person.currentIndex()
        text = self.person.currentText().strip()
        if index >= 0 and self.person.itemText(index) == text:
            return str(self.person.itemData(index)), text.rpartition(" (")[0]
        if text and "(" not in text:
            return text, text  # somebody of an outside issuer who has not been here yet
        self.fail("Choose a person from the list, or type the id they sign in with.", self.person)
        return None

    def _explain(self, *_: object) -> None:
        if not self._roles:
            return
        role = self.chosen_role
        words = role.description
        if role.sensitive:
            others = "one other person" if role.policy.approvers == 1 else f"{role.policy.approvers} other people"
            words += f". Sensitive: it waits for {others} who may approve roles, never you nor who gains."
        self.consequence.setText(words)


class GrantDialog(_ForSomebody):
    """Give a role, with or without an end."""

    def __init__(
        self,
        console: Console,
        parent: QWidget,
        people: Sequence[Person],
        roles: Sequence[RoleDefinition],
        assignment: RoleAssignment | None = None,
    ) -> None:
        title, accept = ("Give a role", "Give") if assignment is None else ("Change when it ends", "Change")
        super().__init__(console, parent, title=title, accept=accept, people=people, roles=roles)
        self.ends = QCheckBox("Ends")
        at = console.clock.now() + timedelta(days=DEFAULT_DAYS)
        if assignment is not None:
            self.person.setCurrentIndex(self.person.findData(assignment.user_id))
            self.role.setCurrentIndex(self.role.findData(assignment.role_id))
            self.person.setEnabled(False)
            self.role.setEnabled(False)
            at = assignment.expires_at or at
        self.at = InstantField(at, "At", unit="UTC")
        self.ends.setChecked(assignment is None or assignment.expires_at is not None)
        self.ends.toggled.connect(self.at.setEnabled)
        self.at.setEnabled(self.ends.isChecked())
        self.row("", self.ends)
        self.ends.setAccessibleName("Ends")
        self.row("At", self.at)

    def submit(self) -> None:
        """Ask for it."""
        person, words = self.chosen_person(), None
        if person is not None:
            words = self.checked_words(needed=self.chosen_role.sensitive)
        if person is None or words is None:
            return
        ends: datetime | None = None
        if self.ends.isChecked():
            ends = self.at.instant
            if ends <= self.console.clock.now():
                self.fail("The end lies ahead.", self.at)
                return
        who, name = person
        self.send(lambda: assign(self.console.mutations, who, name, self.chosen_role, ends, words))


class BreakGlassDialog(_ForSomebody):
    """A role in an emergency: one approver, at most four hours, always reviewed."""

    def __init__(
        self, console: Console, parent: QWidget, people: Sequence[Person], roles: Sequence[RoleDefinition]
    ) -> None:
        super().__init__(console, parent, title="Break glass", accept="Break glass", people=people, roles=roles)
        self.minutes = QSpinBox()
        self.minutes.setRange(5, BREAK_GLASS_MINUTES)
        self.minutes.setValue(60)
        self.minutes.setSuffix(" min")
        self.row("For", self.minutes)

    def _explain(self, *_: object) -> None:
        self.consequence.setText(
            "One other person must agree, whatever the role's policy. It raises a P2 alert, ends by itself, and "
            "somebody else reviews what it was used for."
        )

    def submit(self) -> None:
        """Ask for it."""
        person = self.chosen_person()
        words = self.checked_words() if person is not None else None
        if person is not None and words is not None:
            who, name = person
            minutes = self.minutes.value()
            self.send(lambda: break_glass(self.console.mutations, who, name, self.chosen_role, minutes, words))


class RevokeDialog(DecidingDialog):
    """Take a role away; it stops working at the next request."""

    def __init__(self, console: Console, assignment: RoleAssignment, parent: QWidget) -> None:
        super().__init__("Take a role away", console.tasks, parent, accept="Take away", hint="Why", destructive=True)
        self._console, self._assignment = console, assignment
        words = QLabel(
            f"{assignment.role_name} of {assignment.user_name}, given by {assignment.granted_by_name}. "
            "It stops working at their next request."
        )
        words.setWordWrap(True)
        self.column.addWidget(words)
        self.ask_for_words()

    def submit(self) -> None:
        """Take it."""
        words = self.checked_words(needed=False)
        if words is not None:
            self.send(lambda: revoke(self._console.mutations, self._assignment, words))


class RemoveFactorDialog(DecidingDialog):
    """Somebody lost their authenticator and their recovery codes: they set up another at the next need."""

    def __init__(self, console: Console, user_id: str, name: str, parent: QWidget) -> None:
        super().__init__(
            "Remove a second factor",
            console.tasks,
            parent,
            accept="Remove",
            hint="How you know it is them",
            destructive=True,
        )
        self._console, self._user_id, self._name = console, user_id, name
        words = QLabel(f"{name} sets up another at the next sensitive action. Be sure that it is {name} who asks.")
        words.setWordWrap(True)
        self.column.addWidget(words)
        self.ask_for_words()

    def submit(self) -> None:
        """Remove it."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: remove_second_factor(self._console.mutations, self._user_id, self._name, words))


class DecisionDialog(DecidingDialog):
    """Approve or deny, with a reason."""

    def __init__(
        self, console: Console, approval: Approval, parent: QWidget, *, approve: bool, adds: Sequence[str] = ()
    ) -> None:
        """``adds`` are the permissions that somebody gets by it."""
        accept = "Approve" if approve else "Deny"
        super().__init__(accept, console.tasks, parent, accept=accept, hint="Why", destructive=not approve)
        self._console, self._approval, self._approve = console, approval, approve
        head = QLabel(approval.title)
        current().set_font(head, 12, 600)
        head.setWordWrap(True)
        self.column.addWidget(head)
        quote = QLabel(f"{approval.requested_by_name}: “{approval.reason}”")
        quote.setWordWrap(True)
        self.column.addWidget(quote)
        if adds:
            more = QLabel("Adds: " + ", ".join(permission_words(key) for key in adds))
            more.setWordWrap(True)
            self.column.addWidget(more)
        self.ask_for_words()

    def submit(self) -> None:
        """Decide."""
        words = self.checked_words(needed=not self._approve)
        if words is not None:
            self.send(lambda: decide(self._console.mutations, self._approval, approve=self._approve, reason=words))


class ReviewDialog(DecidingDialog):
    """Close the review of a broken glass."""

    def __init__(self, console: Console, review: AccessReview, parent: QWidget) -> None:
        super().__init__("Close the review", console.tasks, parent, accept="Close review", hint="What you found")
        self._console, self._review = console, review
        given = review.assignment
        words = QLabel(
            f"{given.role_name} for {given.user_name}, asked for by {given.granted_by_name}: “{given.reason}”. "
            "The audit log shows what it was used for."
        )
        words.setWordWrap(True)
        self.column.addWidget(words)
        self.ask_for_words()

    def submit(self) -> None:
        """Close it."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: close_review(self._console.mutations, self._review, words))
