"""What one person has said about consent: asked for with a purpose, shown while it is looked at, kept nowhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pydantic import ValidationError
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout

from app.core.errors import OperationsError
from app.privacy.domain import LOOK
from models.privacy import PersonLookup
from models.privacy.consent import ConsentSnapshot, PersonConsent
from views.kit.downloads import save
from views.kit.following_panel import explain
from views.kit.panel import Note
from views.kit.query_panel import QueryPanel
from views.kit.theme import current
from views.kit.widgets.flow import WIDE_GAP, Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable
from views.privacy.desk import PrivacyDesk
from views.privacy.wording import CHANNELS, CONSENTS, LAWS, NONE, STATUSES, date_of, day, purpose_problem

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from views.kit.capability import Window

COLUMNS = (
    Column("Said, UTC", lambda each: day(each.timestamp), 112),
    Column("About", lambda each: CONSENTS[each.consent_type], 84),
    Column("What", lambda each: STATUSES[each.status], 84, weight=600),
    Column("Policy", lambda each: NONE if each.policy_version is None else str(each.policy_version), 48, right=True),
    Column("Text shown", lambda each: each.text_id or NONE, 100, quiet=True, stretch=True),
    Column("Where", lambda each: CHANNELS[each.channel], 72),
    Column("Law", lambda each: LAWS[each.jurisdiction], 80),
    Column("GPC", lambda each: "yes" if each.gpc else "", 48, quiet=True),
)
UNSEEN = "Say who is meant and what for. The look stands in the audit log with its purpose."


class ConsentPanel(QueryPanel):
    """Fields, what holds, and the history; a receipt of any line of it."""

    def __init__(self, window: Window) -> None:
        super().__init__(window.console, (LOOK,))
        self.desk = window.shared(PrivacyDesk)
        self.found: PersonConsent | None = None
        self._purpose = ""
        self.user_id, self.email, self.purpose = (QLineEdit() for _ in range(3))
        for field, words, wide in (
            (self.user_id, "Customer id", 110),
            (self.email, "E-mail address", 170),
            (self.purpose, "What for", 170),
        ):
            field.setPlaceholderText(words)
            field.setAccessibleName(words)
            field.setMinimumWidth(current().px(wide))
            field.returnPressed.connect(self.look)
        self.ask = Pill("Look up", Look.PRIMARY, name="Look up the consent", button=True)
        self.ask.clicked.connect(self.look)
        self.forget_it = Pill("Forget", Look.BUTTON, name="Forget what was looked up", button=True)
        self.forget_it.clicked.connect(self.forget)
        self.receipt = Pill("Save receipt", Look.BUTTON, name="Save a signed receipt of the line", button=True)
        self.receipt.clicked.connect(self.save_receipt)
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setContentsMargins(12, 4, 12, 4)
        self.words.setAccessibleName("What holds")
        self.table = RecordTable(COLUMNS, "What the person has said")
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show())
        column = self._column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(0)
        fields = Flow(self.user_id, self.email, self.purpose, self.ask, gap=WIDE_GAP)
        self.foot = Flow(self.receipt, self.forget_it, gap=WIDE_GAP)
        for part, stretch in ((fields, 0), (self.words, 0), (self.table, 1), (self.foot, 0)):
            column.addWidget(part, stretch)
        column.addStretch(0)
        self.widget.setFocusProxy(self.user_id)
        self.use()
        self._show()

    # --- panel -----------------------------------------------------------------------------------------------------

    def set_visible(self, visible: bool) -> None:
        """What was looked up is not there any more when somebody comes back to it."""
        super().set_visible(visible)
        if not visible:
            self.forget()

    def own_note(self) -> Note:
        """That nothing of it stays."""
        return Note("kept nowhere" if self.found is None else "shown once, kept nowhere")

    def own_menu(self) -> list[QAction]:
        return []

    def refresh(self) -> None:
        """Whoever may look has changed, or the link has."""
        if self.console.session.me is None:
            self.forget()
        self._show()

    # --- looking ---------------------------------------------------------------------------------------------------

    def begin_look(self) -> None:
        """Have the keyboard in the first field."""
        self.user_id.setFocus()

    def look(self) -> None:
        """Ask for it."""
        problem = purpose_problem(self.purpose.text())
        given = {
            name: field.text().strip()
            for name, field in (("user_id", self.user_id), ("email", self.email))
            if field.text().strip()
        }
        if problem is not None:
            self._say(problem)
            return
        try:
            wanted = PersonLookup(purpose=self.purpose.text().strip(), **given)
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            self._say(f"{message[:1].upper()}{message[1:]}.")
            return
        self.console.tasks.start(self._look(wanted), name="look up consent")

    async def _look(self, wanted: PersonLookup) -> None:
        try:
            privacy = self.desk.privacy
            found = await self.console.step_up.confirmed(lambda: privacy.look_up(wanted), "Look up consent")
        except OperationsError as error:
            self.found = None
            self._show()
            self._say(str(error))
            return
        if found is not None:
            self.found, self._purpose = found, wanted.purpose
            self._show()
            self.table.setFocus()

    def forget(self) -> None:
        """Nothing of what was looked up stays on the screen."""
        self.found, self._purpose = None, ""
        for field in (self.user_id, self.email, self.purpose):
            field.clear()
        self._show()

    @property
    def chosen(self) -> ConsentSnapshot | None:
        """The line at the cursor."""
        row = self.table.currentIndex().row()
        history = self.found.history if self.found is not None else ()
        return history[row] if 0 <= row < len(history) else None

    def save_receipt(self) -> None:
        """A signed receipt of the line at the cursor, into the download folder."""
        if self.chosen is not None:
            self.console.tasks.start(self._save(self.chosen), name="save a receipt")

    async def _save(self, snapshot: ConsentSnapshot) -> None:
        privacy, purpose = self.desk.privacy, self._purpose
        try:
            made = await self.console.step_up.confirmed(
                lambda: privacy.receipt(snapshot.consent_id, purpose), "Save a receipt"
            )
            if made is None:
                return
            name = f"consent-{snapshot.consent_id}.receipt"
            path = await asyncio.to_thread(save, name, made.receipt.encode())
        except (OperationsError, OSError) as error:
            self.console.messages.post(f"No receipt was saved: {error}", "error")
            return
        self.console.messages.post(f"Saved {path}. It verifies with the key {made.vkey}.")

    # --- drawing -----------------------------------------------------------------------------------------------------

    def _say(self, words: str) -> None:
        self.words.setText(words)

    def _show(self) -> None:
        found = self.found
        self.table.setVisible(found is not None)
        self.foot.setVisible(found is not None)
        self._column.setStretch(4, 0 if found is not None else 1)
        if found is None:
            self.table.renew_rows(())
            self._say(UNSEEN)
        else:
            self.table.renew_rows(found.history)
            holds = [
                f"{CONSENTS[each.consent_type]}: {STATUSES[each.status]} since {date_of(each.since)}"
                for each in found.current
            ]
            known = [f"policy {each.version} on {date_of(each.at)}" for each in found.acknowledged]
            acknowledged = f"Acknowledged {', '.join(known)}." if known else "No policy was acknowledged."
            self._say(f"{'; '.join(holds) or 'Nothing was said yet'}. {acknowledged}")
        why = self.console.write_blocker(LOOK, irreversible=True)
        explain(self.ask, why)
        explain(self.receipt, why or (None if self.chosen is not None else "choose a line first"))
        self.noted.emit()
