"""Publish a version of the policy, have people asked to acknowledge one, and see who still has to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from app.core.errors import OperationsError
from app.privacy import mutations
from models.core.wording import counted
from models.privacy.consent import OutstandingPerson, Policy, PolicyRequest
from views.kit.theme import current
from views.kit.widgets.table import Column, RecordTable
from views.privacy.dialog import PrivacyDialog, contract_words
from views.privacy.wording import NONE, day

if TYPE_CHECKING:
    from views.privacy.desk import PrivacyDesk


class CampaignDialog(PrivacyDialog):
    """Has the shop write to everybody who still has to acknowledge a version."""

    def __init__(self, desk: PrivacyDesk, policy: Policy, parent: QWidget) -> None:
        people = counted(policy.outstanding, "person", "people")
        title = f"Ask {people} to acknowledge policy {policy.version}"
        super().__init__(desk, parent, title, accept=f"Ask {people}", destructive=True)
        self.policy = policy
        self.without_words()
        where = self.console.environment or "this environment"
        self.say(f"In {where} the shop writes to {people}: {policy.title}. {policy.changes}")
        if policy.campaign_at is not None:
            self.say(f"They were asked before, on {day(policy.campaign_at)} UTC.")

    def submit(self) -> None:
        """Ask them."""
        self.send(lambda: mutations.begin_campaign(self.console.mutations, self.policy))


class PublishPolicyDialog(PrivacyDialog):
    """Publishes what a file says: title, changes, address, and the texts of the forms in each language."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Publish a policy", accept="Publish it", destructive=True)
        self.policy: PolicyRequest | None = None
        self.without_words()
        self.say(
            "A file as the API takes it (JSON): title, changes, url, requiresAcknowledgement and texts. It is in force "
            "at once, and is never changed afterwards; another version takes its place."
        )
        self.choose = QPushButton("Choose a file…")
        self.choose.clicked.connect(self._choose)
        self.column.addWidget(self.choose)
        self.said = self.say("No file is chosen yet.")

    def _choose(self) -> None:
        picker = QFileDialog(self, "Policy", "", "JSON (*.json)")
        picker.setFileMode(QFileDialog.FileMode.ExistingFile)
        picker.fileSelected.connect(lambda name: self.read(Path(name)))
        picker.open()

    def read(self, path: Path) -> None:
        """Take the file; say what is wrong with it otherwise."""
        self.policy = None
        try:
            self.policy = PolicyRequest.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            self.fail(f"{path.name}: {contract_words(error)}", self.choose)
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{path.name}: {error}", self.choose)
        else:
            self.fail("")
            texts = ", ".join(sorted({each.locale for each in self.policy.texts}))
            asks = "people have to acknowledge it" if self.policy.requires_acknowledgement else "nobody has to"
            self.said.setText(f"{self.policy.title}. {self.policy.changes} Texts: {texts}; {asks}.")

    def submit(self) -> None:
        """Publish it."""
        policy = self.policy
        if policy is None:
            self.fail("Choose a file first.", self.choose)
            return
        self.send(lambda: mutations.publish(self.console.mutations, policy))


COLUMNS = (
    Column("Customer id", lambda person: person.user_id or NONE, 140, stretch=True),
    Column("E-mail address", lambda person: person.email or NONE, 200, stretch=True),
)


class OutstandingDialog(PrivacyDialog):
    """Who still has to acknowledge a version: asked for with a purpose, and gone when the dialog is."""

    def __init__(self, desk: PrivacyDesk, policy: Policy, parent: QWidget) -> None:
        super().__init__(desk, parent, f"Who still has to acknowledge policy {policy.version}", accept="Look")
        self.policy, self.people = policy, list[OutstandingPerson]()
        self.without_words()
        self._cursor: str | None = None
        self.said = self.say("The look stands in the audit log, with your name and this purpose.")
        self.purpose = self.purpose_field()
        self.table = RecordTable(COLUMNS, "People")
        self.table.setMinimumHeight(current().px(220))
        self.table.hide()
        self.column.addWidget(self.table)
        self.purpose.setFocus()

    def submit(self) -> None:
        """Look, or look at the next page."""
        purpose = self.checked_purpose(self.purpose)
        if purpose is not None and not self.is_busy and (not self.people or self._cursor):
            self.fail("")
            self.carry_out(self.console.tasks, self._look(purpose), "look at people")

    async def _look(self, purpose: str) -> None:
        privacy, version, cursor = self.desk.privacy, self.policy.version, self._cursor
        try:
            page = await self.console.step_up.confirmed(
                lambda: privacy.outstanding(version, purpose, cursor), self.windowTitle()
            )
        except OperationsError as error:
            self.fail(str(error), self.purpose)
            return
        if page is None:
            return
        self.people += page.items
        self._cursor = page.next_cursor
        self.table.renew_rows(tuple(self.people))
        self.table.show()
        self.say_close()
        more = " “Look” shows more." if self._cursor else ""
        shown, whole = len(self.people), self.policy.outstanding
        self.said.setText(f"{shown:,} of {whole:,} people. Shown here only, and gone when you close this.{more}")
