"""A field for a code: of an authenticator, or one that stands in for it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLineEdit

from views.kit.theme import current

LONGEST_CODE = 24


def code_field(name: str, hint: str = "") -> QLineEdit:
    """A wide field for a code; ``hint`` stands in it where its name is too long for that."""
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(hint or name)
    field.setMaxLength(LONGEST_CODE)
    font: QFont = current().font(14, mono=True)
    field.setFont(font)
    field.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhNoPredictiveText)
    return field
