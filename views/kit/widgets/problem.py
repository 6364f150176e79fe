"""What is wrong with what was typed: words below the field, and a frame around it."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from views.kit.theme import SHAPES, current


class ProblemLine(QLabel):
    """One problem in words, hidden while there is none; marks the field it is about and gives it the keyboard."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setAccessibleName("Problem")
        self.hide()
        self._field: QWidget | None = None
        self.words = ""

    def say(self, words: str, field: QWidget | None = None) -> None:
        """Show the problem; empty words clear it."""
        self._mark(self._field, "")
        self.words, self._field = words, field
        self.setText(
            f'<span style="color: {current().tokens.p2}">{SHAPES["P2"]}</span> {escape(words)}' if words else ""
        )
        self.setAccessibleDescription(words)
        self.setVisible(bool(words))
        self._mark(field, words)
        if field is not None:
            field.setFocus()

    @staticmethod
    def _mark(field: QWidget | None, words: str) -> None:
        if field is None:
            return
        field.setProperty("wrong", bool(words))  # the style sheet draws the frame
        field.setAccessibleDescription(words)
        field.style().unpolish(field)
        field.style().polish(field)
