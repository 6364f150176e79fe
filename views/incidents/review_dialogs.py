"""Approve a review or send it back, name factors, and say who does what until when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QDate
from PySide6.QtWidgets import (
    QComboBox,
    QDateEdit,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
    QWidget,
)

from app.incidents import decisions
from app.incidents.domain import Incidents
from models.incidents.reviews import ActionItemChange, ActionItemDraft, ContributingFactor, FactorKind, ReviewChange
from views.incidents.dialogs import named, paragraph
from views.incidents.people_dialogs import PeopleBox
from views.kit.dialogs.deciding import DecidingDialog

if TYPE_CHECKING:
    from app.console import Console
    from models.incidents.reviews import ActionItem, IncidentReview

DAYS = 14
FACTORS_MOST = 50
KIND_WORDS = {
    FactorKind.CHANGE: "A change",
    FactorKind.CAPACITY: "Capacity",
    FactorKind.DEPENDENCY: "A dependency",
    FactorKind.DESIGN: "Design",
    FactorKind.PROCESS: "Process",
    FactorKind.MONITORING: "Monitoring",
    FactorKind.OTHER: "Something else",
}


class VerdictDialog(DecidingDialog):
    """Asks for a comment; sent back, it needs one."""

    def __init__(self, console: Console, review: IncidentReview, parent: QWidget, *, approve: bool) -> None:
        title = "Approve the review" if approve else "Send the review back"
        hint = "What you think of it (may stay empty)" if approve else "What is missing"
        super().__init__(title, console.tasks, parent, accept="Approve" if approve else "Send it back", hint=hint)
        self._console, self._review, self._approve = console, review, approve
        self.column.addWidget(paragraph(f"{review.reference}: {review.incident_title}"))
        self.ask_for_words()

    def submit(self) -> None:
        """Decide."""
        text = self.checked_words(needed=not self._approve)
        if text is not None:
            self.send(
                lambda: decisions.decide_review(self._console.mutations, self._review, text, approve=self._approve)
            )


class FactorsDialog(DecidingDialog):
    """Contributing factors: none of them is a person."""

    def __init__(self, console: Console, review: IncidentReview, parent: QWidget) -> None:
        super().__init__("Contributing factors", console.tasks, parent, accept="Save", hint="")
        self._console, self._review = console, review
        self.words.setParent(self)
        self.words.hide()
        self.factors = list(review.factors)
        self.column.addWidget(
            paragraph("Without what would it not have happened, or not so badly? None of them is a person.")
        )
        self.list = QListWidget()
        self.list.setAccessibleName("Factors")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of factor")
        for kind, words in KIND_WORDS.items():
            self.kind.addItem(words, kind)
        self.text = QLineEdit()
        self.text.setAccessibleName("Factor")
        self.text.setPlaceholderText("What contributed")
        self.text.setMaxLength(2_000)
        self.add, self.remove = QPushButton("Add"), QPushButton("Remove the chosen one")
        for button in (self.add, self.remove):
            button.setAutoDefault(False)
        self.add.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)
        row = QHBoxLayout()
        for widget in (self.kind, self.text, self.add):
            row.addWidget(widget, 1 if widget is self.text else 0)
        self.column.addLayout(row)
        self.column.addWidget(self.list)
        self.column.addWidget(self.remove)
        self._show()
        self.text.setFocus()

    def _show(self) -> None:
        self.list.clear()
        self.list.addItems([f"{KIND_WORDS[each.kind]}: {each.text}" for each in self.factors])
        self.remove.setEnabled(bool(self.factors))

    def _add(self) -> bool:
        text = self.text.text().strip()
        if not text:
            return False
        if len(self.factors) >= FACTORS_MOST:
            self.fail(f"At most {FACTORS_MOST} factors.", self.text)
            return False
        self.factors.append(ContributingFactor(kind=self.kind.currentData(), text=text))
        self.text.clear()
        self._show()
        return True

    def _remove(self) -> None:
        if 0 <= (row := self.list.currentRow()) < len(self.factors):
            del self.factors[row]
            self._show()

    def submit(self) -> None:
        """Enter in the field adds; with nothing typed it saves."""
        if self._add():
            return
        if tuple(self.factors) == self._review.factors:
            self.fail("Nothing is different.", self.text)
            return
        request = ReviewChange(factors=tuple(self.factors))
        self.send(lambda: decisions.change_review(self._console.mutations, self._review, request))


class ActionDialog(DecidingDialog):
    """Asks what, who and until when."""

    def __init__(self, console: Console, incident_id: str, parent: QWidget, item: ActionItem | None = None) -> None:
        super().__init__("Action item", console.tasks, parent, accept="Save", hint="")
        self._console, self._incident_id, self._item = console, incident_id, item
        self.words.setParent(self)
        self.words.hide()
        self.title = named(item.title if item is not None else "", "What is to be done")
        self.owner = PeopleBox("Owner")
        self.due = QDateEdit()
        self.due.setAccessibleName("Due")
        self.due.setCalendarPopup(True)
        self.due.setDisplayFormat("yyyy-MM-dd")
        day = item.due_on if item is not None else console.clock.now().date() + timedelta(days=DAYS)
        self.due.setDate(QDate(day.year, day.month, day.day))
        self.link = named(item.link if item is not None else "", "Link", 500)
        self.link.setPlaceholderText("https://… of the ticket, or nothing")
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, field in (("What", self.title), ("Owner", self.owner), ("Due", self.due), ("Link", self.link)):
            form.addRow(words, field)
        self.column.addLayout(form)
        self.look(console.tasks, self._load(), "people who can own it")
        self.title.setFocus()

    async def _load(self) -> None:
        from app.core.errors import OperationsError

        try:
            people = await self._console.of(Incidents).helpers()
        except OperationsError as error:
            self.fail(f"Who there is cannot be had: {error}")
            return
        self.owner.offer(people)
        owner = self._item.owner if self._item is not None else None
        at = next((n for n, one in enumerate(people) if one.user_id == owner), -1)
        self.owner.setCurrentIndex(at)

    def submit(self) -> None:
        """Save it; of one that is there, what is different."""
        title, person, link = self.title.text().strip(), self.owner.person, self.link.text().strip()
        if not title:
            self.fail("Say what is to be done.", self.title)
        elif person is None:
            self.fail("Choose an owner of the list.", self.owner)
        elif link and not link.startswith(("https://", "http://")):
            self.fail("A link starts with https:// or http://", self.link)
        else:
            self._save(title, person[0], link)

    def _save(self, title: str, owner: str, link: str) -> None:
        wanted = {"title": title, "owner": owner, "due_on": self.due.date().toPython(), "link": link or None}
        item, mutations = self._item, self._console.mutations
        if item is None:
            draft = ActionItemDraft.model_validate(wanted)
            self.send(lambda: decisions.add_action(mutations, self._incident_id, draft))
            return
        now = {"title": item.title, "owner": item.owner, "due_on": item.due_on, "link": item.link or None}
        changed = {name: value for name, value in wanted.items() if value != now[name]}
        if not changed:
            self.fail("Nothing is different.", self.title)
            return
        request = ActionItemChange.model_validate(changed)
        self.send(lambda: decisions.change_action(mutations, item, request))
