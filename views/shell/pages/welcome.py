"""The first start: connect to a server, or try the sample shop."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit

from views.shell.pages.address import AddressError, server_address
from views.shell.pages.page import Page, button


class WelcomePage(Page):
    """Two ways in."""

    connect_chosen = Signal(object)
    sample_chosen = Signal()

    def __init__(self, address: str = "") -> None:
        super().__init__(
            "Welcome to opsconsole",
            "Watch revenue, orders, downloads and community of a shop, and what needs you now.",
        )
        label = QLabel("&Address of your operations server")
        self.address = QLineEdit(address)
        self.address.setPlaceholderText("https://operations.example.com")
        self.address.setAccessibleName("Address of your operations server")
        label.setBuddy(self.address)
        self.connect_button = button("Connect to a server", default=True)
        or_label = QLabel(
            "Or look around first: a shop with invented orders that keeps trading, on this computer only."
        )
        or_label.setWordWrap(True)
        self.sample_button = button("Try the sample shop")
        for widget in (label, self.address, self.connect_button):
            self.column.addWidget(widget)
        self.add_error()
        for widget in (or_label, self.sample_button):
            self.column.addWidget(widget)
        self.column.addStretch(3)
        self.setFocusProxy(self.address)
        self.connect_button.clicked.connect(self.submit)
        self.address.returnPressed.connect(self.submit)
        self.address.textEdited.connect(lambda _text: self.fail(""))
        self.sample_button.clicked.connect(self.sample_chosen)

    def submit(self) -> None:
        """Check the address and go on, or say what is wrong with it."""
        try:
            address = server_address(self.address.text())
        except AddressError as error:
            self.fail(str(error), self.address)
            return
        self.fail("")
        self.connect_chosen.emit(address)
