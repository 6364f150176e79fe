"""While the sample shop or a data folder starts: what is being done and how far it is."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar

from views.shell.pages.page import Page, button


class StartingPage(Page):
    """Progress in words and as a bar; on failure the reason and another try."""

    retry_chosen = Signal()

    def __init__(self, title: str = "Starting") -> None:
        super().__init__(title, "Looking for the server of this data folder…")
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress")
        self.retry = button("Try again")
        self.retry.hide()
        self.column.addWidget(self.bar)
        self.add_error()
        self.column.addWidget(self.retry)
        self.column.addStretch(3)
        self.retry.clicked.connect(self.retry_chosen)

    def progress(self, message: str, fraction: float) -> None:
        """Show how far it is; ``fraction`` between 0 and 1."""
        self.fail("")
        self.retry.hide()
        self.words.setText(message)
        self.bar.setValue(round(1000 * min(1.0, max(0.0, fraction))))

    def failed(self, words: str) -> None:
        """It did not start; say why."""
        self.fail(words)
        self.retry.show()
        self.retry.setFocus()
