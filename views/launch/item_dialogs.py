"""Sign an item off with notes, reopen it, go without it, change it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from app.core.link import LinkState
from app.launch import mutations
from app.launch.countdown import offset_words, parse_reading, reading_words
from models.launch.checklist import EvidenceLink, ItemChange
from views.kit.widgets.instant import InstantField
from views.launch.clock_dialogs import reading_field
from views.launch.dialog import LaunchDialog

if TYPE_CHECKING:
    from models.launch.checklist import LaunchChecklistItem
    from views.launch.desk import LaunchDesk


class ItemDialog(LaunchDialog):
    """A decision about the item at the cursor; the cursor may move on meanwhile."""

    def __init__(
        self, desk: LaunchDesk, parent: QWidget, title: str, *, accept: str, hint: str, destructive: bool = False
    ) -> None:
        item = desk.item
        assert item is not None  # noqa: S101 - its action is disabled without one
        super().__init__(
            desk, parent, f"{title}: item {item.number}", accept=accept, hint=hint, destructive=destructive
        )
        self.item: LaunchChecklistItem = item
        self.say(item.description)


class SignDialog(ItemDialog):
    """Signs with one's name; without the link it is kept and sent later."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Sign off", accept="Sign off", hint="Notes, if there is something to say")
        me = desk.console.session.me
        self.say(f"You sign as {me.name if me is not None else 'yourself'}, for {self.item.owner_name}.")
        if self.item.entry_criteria:
            self.say(f"It may be signed when: {self.item.entry_criteria}")
        if desk.console.link.state is not LinkState.UP:
            self.say(
                "The server cannot be heard: the sign-off and your notes are kept here and sent as soon as it is. "
                "It is refused then if the item has changed."
            )
        self.ask_for_words()

    def submit(self) -> None:
        """Sign it."""
        words = self.checked_words(needed=False)
        if words is not None:
            self.send(lambda: mutations.sign(self.console.mutations, self.item, words))


class ReopenDialog(ItemDialog):
    """Takes a sign-off or a waiver back."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Reopen", accept="Reopen", hint="Why it is not done")
        self.say("It counts as not signed from now on, and holds the launch once it is due.")
        self.ask_for_words()

    def submit(self) -> None:
        """Reopen it."""
        words = self.checked_words()
        if words is not None:
            self.send(lambda: mutations.reopen(self.console.mutations, self.item, words))


class WaiveDialog(ItemDialog):
    """Asks for going without an item until an instant; somebody else approves."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Go without it", accept="Ask for it", hint="Why the launch can go without it")
        plan = self.item.contingency
        if plan is not None:
            steps = " ".join(f"{number}. {step}" for number, step in enumerate(plan.steps, 1))
            self.say(f"Contingency plan {plan.title}: {steps}")
        self.say("Somebody else approves it in the Access workspace. When it ends, the item holds again.")
        begin = max(desk.told_now, self.item.due_date)
        self.until = InstantField(begin + timedelta(hours=24), "Until", unit="UTC")
        self.fields(("Until", self.until))
        self.column.addWidget(self.words)
        if plan is not None:
            self.words.setPlainText(f"Plan {plan.title}: ")
        self.words.setFocus()

    def submit(self) -> None:
        """Ask."""
        words, until = self.checked_words(), self.until.instant
        if words is None:
            return
        if until <= self.desk.told_now:
            self.fail("The end lies ahead.", self.until)
            return
        self.send(lambda: mutations.waive(self.console.mutations, self.item, words, until))


class ChangeItemDialog(ItemDialog):
    """Description, owner, due time, evidence and whether it blocks."""

    def __init__(self, desk: LaunchDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Change", accept="Change", hint="Why")
        self.without_words()
        item = self.item
        self.description = QLineEdit(item.description)
        self.category = QLineEdit(item.category)
        self.owner = QComboBox()
        owners = {each.owner_role: each.owner_name for each in desk.items}
        for role, name in sorted(owners.items(), key=lambda pair: pair[1]):
            self.owner.addItem(name, role)
        self.owner.setCurrentIndex(self.owner.findData(item.owner_role))
        self.due = reading_field(reading_words(item.due).removeprefix("T"))
        self.blocking = QCheckBox("Holds the launch while it is due and not signed")
        self.blocking.setChecked(item.blocking)
        link = item.evidence[0] if item.evidence else None
        self.label = QLineEdit(link.label if link is not None else "")
        self.url = QLineEdit(link.url if link is not None else "")
        self.url.setPlaceholderText("https://…")
        self.fields(
            ("Item", self.description),
            ("Category", self.category),
            ("Owner", self.owner),
            (f"Due, now {offset_words(item.due)}", self.due),
            ("Blocking", self.blocking),
            ("Evidence", self.label),
            ("Link to it", self.url),
        )
        self.description.setFocus()

    def submit(self) -> None:
        """Change what was changed."""
        item = self.item
        try:
            due = parse_reading(self.due.text())
        except ValueError as error:
            self.fail(str(error), self.due)
            return
        wanted = {
            "description": self.description.text().strip(),
            "category": self.category.text().strip(),
            "owner_role": self.owner.currentData(),
            "due": due,
            "blocking": self.blocking.isChecked(),
        }
        changes = {name: value for name, value in wanted.items() if value != getattr(item, name)}
        try:
            evidence = self._evidence()
            if evidence != item.evidence:
                changes["evidence"] = evidence
            if not changes:
                self.fail("Nothing was changed yet.")
                return
            request = ItemChange(**changes)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            self.fail(f"{first['msg'].removeprefix('Value error, ')}.", self._field(str(first["loc"][0])))
            return
        self.send(lambda: mutations.change_item(self.console.mutations, item, request))

    def _evidence(self) -> tuple[EvidenceLink, ...]:
        label, url = self.label.text().strip(), self.url.text().strip()
        rest = self.item.evidence[1:]
        return (EvidenceLink(label=label or url, url=url), *rest) if url or label else rest

    def _field(self, name: str) -> QWidget:
        return {"description": self.description, "category": self.category, "url": self.url}.get(name, self.label)
