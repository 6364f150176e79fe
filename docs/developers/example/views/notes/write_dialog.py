"""The dialog that writes a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.notes.domain import write
from views.kit.dialogs.deciding import DecidingDialog

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.console import Console


class WriteDialog(DecidingDialog):
    """Stays open, with what was typed, until the server or the outbox has it."""

    def __init__(self, console: Console, parent: QWidget) -> None:
        super().__init__("Write a note", console.tasks, parent, accept="Write", hint="What the next shift should know")
        self._console = console
        self.ask_for_words()

    def submit(self) -> None:
        """Send the note."""
        if (text := self.checked_words()) is not None:
            self.send(lambda: write(self._console.mutations, text))
