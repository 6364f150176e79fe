"""The first start: connect to a server, or try the sample shop."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit

from views.pages.page import Page, button

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class AddressError(ValueError):
    """An address cannot be used; the words say what to do."""


def server_address(text: str) -> str:
    """The address of an operations API as typed by a person, tidied; raises AddressError."""
    text = text.strip()
    if not text:
        raise AddressError("Type the address of the operations server, for example https://operations.example.com.")
    if "://" not in text:
        raise AddressError(f"An address starts with https://. Did you mean https://{text}?")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError("The port of this address is no number from 1 to 65535.") from None
    if parts.scheme not in {"https", "http"}:
        raise AddressError(f"An address starts with https://, not {parts.scheme}://.")
    if not host or any(c.isspace() for c in text):
        raise AddressError("The name of the server is missing, or there is a space in the address.")
    if parts.username or parts.password:
        raise AddressError("Leave account and password out of the address; they are asked for next.")
    if parts.query or parts.fragment:
        raise AddressError("Leave out what follows ? or # in the address.")
    if parts.scheme == "http" and host not in LOOPBACK:
        raise AddressError(
            "http:// sends passwords readable for others. Use https://; http:// is for this computer only."
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


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
            self.fail(str(error))
            self.address.setFocus()
            return
        self.fail("")
        self.connect_chosen.emit(address)
