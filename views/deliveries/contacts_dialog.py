"""Where one is written to in person: addresses of one's own, each proved by a code that came there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.deliveries.domain import Deliveries
from models.deliveries.routing import ContactState
from views.deliveries.connection_dialogs import WIDE, paragraph
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current
from views.kit.widgets.discard import discard

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.console import Console
    from models.deliveries.routing import ContactMethod

CODE_DIGITS = 6


class ContactsDialog(WindowDialog):
    """One's own addresses. What is done here is done at once; the dialog is only closed."""

    def __init__(self, console: Console, parent: QWidget) -> None:
        super().__init__("My addresses for messages", parent, reject="Close")
        self._console, self._domain = console, console.of(Deliveries)
        self.setMinimumWidth(current().px(WIDE))
        self.contacts: tuple[ContactMethod, ...] = ()
        self.column.addWidget(
            paragraph(
                "Messages that are for you in person go to the addresses you have proved to be yours. Add one, and "
                "enter the code that comes there."
            )
        )
        self.state = QLabel("Loading…")
        self.state.setAccessibleName("State of the addresses")
        self.column.addWidget(self.state)
        self.rows = QVBoxLayout()
        self.column.addLayout(self.rows)
        self.codes: dict[str, QLineEdit] = {}
        """Where the code of an address is entered, by id."""
        self.address = QLineEdit()
        self.address.setMaxLength(254)
        self.address.setPlaceholderText("name@example.com")
        self.address.setAccessibleName("New address")
        self.adding = QPushButton("Add and send a code")
        self.adding.setAutoDefault(False)
        self.adding.clicked.connect(self.add)
        self.address.returnPressed.connect(self.add)
        line = QHBoxLayout()
        line.addWidget(self.address, 1)
        line.addWidget(self.adding)
        self.column.addLayout(line)
        self.look(console.tasks, self._load(), "load addresses")

    async def _load(self) -> None:
        try:
            self.contacts = await self._domain.contacts()
        except OperationsError as error:
            self.state.setText("It is not known which there are.")
            self.fail(str(error))
            return
        self._show()

    def _show(self) -> None:
        while (item := self.rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                discard(widget)
        self.codes.clear()
        for contact in self.contacts:
            self.rows.addWidget(self._row(contact))
        self.state.setText("" if self.contacts else "None yet: nothing can be sent to you in person.")
        self.state.setVisible(not self.contacts)

    def _row(self, contact: ContactMethod) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        proved = contact.state is ContactState.VERIFIED
        name = QLabel(contact.address)
        name.setTextInteractionFlags(name.textInteractionFlags().TextSelectableByMouse)
        line.addWidget(name, 1)
        line.addWidget(QLabel("proved" if proved else "not proved yet"))
        if not proved:
            code = self.codes[contact.id] = QLineEdit()
            code.setMaxLength(CODE_DIGITS)
            code.setFixedWidth(current().px(84))
            code.setPlaceholderText("Code")
            code.setAccessibleName(f"Code that came to {contact.address}")
            code.returnPressed.connect(lambda: self.verify(contact))
            line.addWidget(code)
            self._button(line, "Prove", f"Prove {contact.address}", lambda: self.verify(contact))
        self._button(line, "Remove", f"Remove {contact.address}", lambda: self.remove(contact))
        return row

    @staticmethod
    def _button(line: QHBoxLayout, words: str, name: str, run: Callable[[], None]) -> None:
        button = QPushButton(words)
        button.setAutoDefault(False)
        button.setAccessibleName(name)
        button.clicked.connect(lambda _=False: run())
        line.addWidget(button)

    # --- what can be done --------------------------------------------------------------------------------------

    def add(self) -> None:
        """Add what was typed; a code goes there. The same again sends another code."""
        text = self.address.text().strip()
        if "@" not in text.strip("@"):
            self.fail("Enter a mail address, such as name@example.com.", self.address)
            return
        self._do(lambda: self._domain.add_contact(text), "add an address", self.address)

    def verify(self, contact: ContactMethod) -> None:
        """Prove an address with the code that was typed."""
        field = self.codes[contact.id]
        code = field.text().strip()
        if len(code) != CODE_DIGITS or not (code.isascii() and code.isdigit()):
            self.fail(f"The code has {CODE_DIGITS} digits; it is in the mail that came to {contact.address}.", field)
            return
        self._do(lambda: self._domain.verify_contact(contact, code), "prove an address", field)

    def remove(self, contact: ContactMethod) -> None:
        """Forget an address; it can be added again."""
        self._do(lambda: self._domain.remove_contact(contact), "remove an address", None)

    def _do(self, work: Callable[[], Awaitable[object]], name: str, field: QLineEdit | None) -> None:
        if not self.is_busy:
            self.fail("")
            self.carry_out(self._console.tasks, self._carry_out(work, field), name)

    async def _carry_out(self, work: Callable[[], Awaitable[object]], field: QLineEdit | None) -> None:
        try:
            await work()
            if field is not None:
                field.clear()
            self.contacts = await self._domain.contacts()
        except OperationsError as error:
            self.fail(str(error), field)
            return
        self._show()
