"""Page by hand, end a page, and test whether people are reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from app.oncall.definition_text import TypedWrong
from app.oncall.domain import OnCall, resolve_page, send_tests, start_page
from app.oncall.wording import step_words
from models.alerts import Severity
from models.core.wording import counted
from models.oncall.pages import ManualPageRequest
from views.kit.dialogs.deciding import DecidingDialog
from views.kit.theme import current
from views.oncall.fields import PeopleField, paragraph

if TYPE_CHECKING:
    from app.console import Console
    from models.oncall.pages import PageSummary
    from models.oncall.policies import Policy
    from views.oncall.desk import Desk

WIDE, TITLE_MOST, TESTS_MOST = 520, 200, 50


class PageDialog(DecidingDialog):
    """By which policy, how severe, and what it is about. People are called at once."""

    def __init__(self, console: Console, desk: Desk, policy: Policy | None, parent: QWidget) -> None:
        super().__init__("Page somebody", console.tasks, parent, accept="Page", hint="Why", destructive=True)
        self._console, self._desk = console, desk
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        self.policy = QComboBox()
        for each in desk.policies:
            self.policy.addItem(each.name, each.id)
        if policy is not None:
            self.policy.setCurrentIndex(max(0, self.policy.findData(policy.id)))
        self.severity = QComboBox()
        for severity in Severity:
            self.severity.addItem(str(severity), severity)
        self.severity.setCurrentIndex(1)
        self.title = QLineEdit()
        self.title.setMaxLength(TITLE_MOST)
        self.title.setPlaceholderText("What is wrong, in one line")
        form = QFormLayout()
        for label, field in (("By", self.policy), ("Severity", self.severity), ("What", self.title)):
            field.setAccessibleName(label)
            form.addRow(label, field)
        self.first = paragraph("")
        self.column.addLayout(form)
        self.column.addWidget(self.first)
        self.policy.currentIndexChanged.connect(lambda _number: self._show_first())
        self._show_first()
        self.title.setFocus()

    def _show_first(self) -> None:
        known = self.policy.currentData()
        policy = next((each for each in self._desk.policies if each.id == known), None)
        if policy is None:
            return
        schedules, names = self._desk.schedule_names, self._console.of(OnCall).names()
        first = step_words(policy.definition.steps[0], schedules, names)
        where = self._console.environment or "this environment"
        steps = counted(len(policy.definition.steps), "step")
        self.first.setText(f"In {where}, calls at once: {first}. {steps} until somebody answers.")

    def submit(self) -> None:
        """Page them."""
        title = self.title.text().strip()
        if not title:
            self.fail("Say what is wrong: it is what whoever is called reads.", self.title)
            return
        request = ManualPageRequest(
            policy_id=self.policy.currentData(), severity=self.severity.currentData(), title=title
        )
        self.send(lambda: start_page(self._console.mutations, request, self.policy.currentText()))

    def field_of(self, pointer: str) -> QWidget | None:
        return {"/title": self.title, "/severity": self.severity, "/policyId": self.policy}.get(pointer)


class ResolvePageDialog(DecidingDialog):
    """Say that it is over, which it stays."""

    def __init__(self, console: Console, page: PageSummary, parent: QWidget) -> None:
        hint = "What was it, and what was done"
        super().__init__("End a page", console.tasks, parent, accept="End it", hint=hint, destructive=True)
        self._console, self._page = console, page
        self.column.addWidget(paragraph(f"{page.severity} {page.title}"))
        self.column.addWidget(paragraph("Nobody is called about it any more, and everybody who was is told."))
        self.ask_for_words()

    def submit(self) -> None:
        """End it."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: resolve_page(self._console.mutations, self._page, words))

    def field_of(self, pointer: str) -> QWidget | None:
        return self.words if pointer == "/reason" else None


class TestPagesDialog(DecidingDialog):
    """Page people to see that it reaches them."""

    __test__ = False  # pytest takes it for a test otherwise

    def __init__(self, console: Console, parent: QWidget) -> None:
        super().__init__("Test whether people are reached", console.tasks, parent, accept="Test", hint="Why")
        self._console = console
        self.words.setParent(self)
        self.words.hide()
        self.setMinimumWidth(current().px(WIDE))
        domain = console.of(OnCall)
        sample = domain.roster().sample
        rosters = sample.value.rosters if sample is not None else ()
        people = {person for each in rosters for span in each.spans for person in span.people}
        names = domain.names()
        self.people = PeopleField(names, "People", sorted(people, key=lambda person: names.get(person, person)))
        self.column.addWidget(
            paragraph(
                "Each gets a page marked as a test, by the ways a real one would take. Nothing is escalated; it ends "
                "when it is acknowledged, or after a quarter of an hour."
            )
        )
        self.column.addWidget(self.people)
        self.people.setFocus()

    def submit(self) -> None:
        """Send the tests."""
        try:
            people = self.people.people
        except TypedWrong as error:
            self.fail(str(error), self.people)
            return
        if not people:
            self.fail("Name whom to test.", self.people)
        elif len(people) > TESTS_MOST:
            self.fail(f"At most {TESTS_MOST} people at once; these are {len(people)}.", self.people)
        else:
            self.send(lambda: send_tests(self._console.mutations, people))

    def field_of(self, pointer: str) -> QWidget | None:
        return self.people if pointer.startswith("/people") else None
