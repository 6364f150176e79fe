"""Who a request is from: asked for with a purpose, and gone when the dialog is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from app.core.errors import OperationsError
from views.kit.widgets.section import Lines
from views.privacy.dialog import RequestDialog
from views.privacy.wording import identifier_name

if TYPE_CHECKING:
    from models.privacy.requests import RequestPerson
    from views.privacy.desk import PrivacyDesk


class PersonDialog(RequestDialog):
    """Asks for the purpose first; what it shows is in no file of this computer."""

    def __init__(self, desk: PrivacyDesk, parent: QWidget) -> None:
        super().__init__(desk, parent, "Who it is from", accept="Look")
        self.found: RequestPerson | None = None
        self.without_words()
        self.said = self.say("The look stands in the audit log, with your name and this purpose.")
        self.purpose = self.purpose_field()
        self.lines = Lines("The person")
        self.lines.hide()
        self.column.addWidget(self.lines)
        self.purpose.setFocus()

    def submit(self) -> None:
        """Look."""
        purpose = self.checked_purpose(self.purpose)
        if purpose is not None and not self.is_busy:
            self.fail("")
            self.carry_out(self.console.tasks, self._look(purpose), "look at a person")

    async def _look(self, purpose: str) -> None:
        privacy, request = self.desk.privacy, self.request
        try:
            found = await self.console.step_up.confirmed(
                lambda: privacy.person(request.request_id, purpose), self.windowTitle()
            )
        except OperationsError as error:
            self.fail(str(error), self.purpose)
            return
        if found is not None:
            self._show(found)

    def _show(self, found: RequestPerson) -> None:
        self.found = found
        lines = [(f"Says: {identifier_name(kind)}", value, True) for kind, value in found.claimed.items()]
        lines += [(f"Known: {identifier_name(kind)}", ", ".join(values), False) for kind, values in found.known.items()]
        lines += [
            (name, words, False)
            for name, words in (
                ("In their words", found.reason),
                ("Identity", found.evidence),
                ("Closed", found.closing),
            )
            if words
        ]
        self.lines.show_lines(lines, 150)
        self.lines.show()
        self.say_close()
        self.said.setText("It is shown here only, and gone when you close this.")
