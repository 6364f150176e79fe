"""Signing in: account and password, or the browser where the server offers it. Errors are words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QLineEdit

from models.core.wording import counted
from views.kit.theme import current
from views.shell.pages.page import Page, button

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.core.outbox import PendingMutation
    from models.accounts import SampleAccess


def waiting_words(pending: Sequence[PendingMutation]) -> str:
    """Whose decisions wait to be sent until they sign in; empty when none do."""
    many = Counter(mutation.user_id for mutation in pending)
    return " ".join(
        f"{counted(count, 'decision')} of {user} {'waits' if count == 1 else 'wait'} until {user} signs in."
        for user, count in many.items()
    )


class SignInPage(Page):
    """The page. Passwords leave it once and are cleared at once."""

    submitted = Signal(object)
    """(account, password)"""
    browser_chosen = Signal()
    other_server_chosen = Signal()

    def __init__(
        self,
        environment: str,
        address: str,
        *,
        built_in: bool = True,
        browser: bool = False,
        sample: SampleAccess | None = None,
        account: str = "",
        waiting: str = "",
    ) -> None:
        """``sample`` is what a sample shop says of itself, for whoever has nobody to ask.

        ``account`` signed in here the last time; ``waiting`` says whose decisions wait to be sent.
        """
        super().__init__(f"Sign in to {environment or 'the operations server'}", address)
        self.words.setHidden(not address)
        self.account, self.password = QLineEdit(), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.browser_button = button("Sign in with the browser", default=browser)
        self.sign_in_button = button("Sign in", default=not browser)
        self.other_button = button("Another server…")
        self.browser_button.setVisible(browser)
        self.column.addWidget(self.browser_button)
        if sample is not None:
            self._show_sample(sample)
        if waiting:
            unsent = QLabel(waiting)
            unsent.setWordWrap(True)
            self.column.addWidget(unsent)
        self.account.setText(account)
        for text, field in (("Acco&unt", self.account), ("&Password", self.password)):
            label = QLabel(text)
            label.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            field.returnPressed.connect(self.submit)
            for widget in (label, field):
                self.column.addWidget(widget)
                widget.setVisible(built_in)
        self.column.addWidget(self.sign_in_button)
        self.sign_in_button.setVisible(built_in)
        self.add_error()
        self.column.addWidget(self.other_button)
        self.column.addStretch(3)
        first = self.password if account else self.account
        self.setFocusProxy(first if built_in else self.browser_button)
        self.sign_in_button.clicked.connect(self.submit)
        self.browser_button.clicked.connect(self.browser_chosen)
        self.other_button.clicked.connect(self.other_server_chosen)

    def _show_sample(self, sample: SampleAccess) -> None:
        intro = QLabel(
            "This is a sample shop: nothing in it is real. Sign in with any of these accounts; the password of each is "
            f"{sample.password}"
        )
        intro.setWordWrap(True)
        # Each on a line of its own: wrapped, they would be broken at their hyphens.
        accounts = QLabel("\n".join(account.id for account in sample.accounts))
        accounts.setIndent(current().px(12))
        for label in (intro, accounts):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.column.addWidget(label)

    def submit(self) -> None:
        """Hand account and password on, or say what is missing."""
        account = self.account.text().strip()
        if not account or not self.password.text():
            self.fail("Type your account and your password.", self.password if account else self.account)
            return
        self.fail("")
        self.busy(True)
        password = self.password.text()
        self.password.clear()
        self.submitted.emit((account, password))

    def busy(self, on: bool) -> None:
        """While the server is asked nothing can be pressed twice."""
        for widget in (self.sign_in_button, self.browser_button, self.account, self.password):
            widget.setEnabled(not on)
        self.sign_in_button.setText("Signing in…" if on else "Sign in")

    def refused(self, words: str) -> None:
        """The server said no, or did not answer."""
        self.busy(False)
        self.fail(words, self.password)
