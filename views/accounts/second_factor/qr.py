"""A QR code as a widget. Always dark on light, whatever the theme: cameras expect it."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from views.kit.theme import current

QUIET = 4
"""Modules of margin that the standard asks for."""
MODULE = 4


class QrCode(QWidget):
    """Shows a text as a QR code."""

    def __init__(self, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        import segno

        self._rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
        self.setAccessibleName(name)
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        side = (len(self._rows) + 2 * QUIET) * max(MODULE, round(current().px(MODULE)))
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.ink_light))
        module = self.width() // (len(self._rows) + 2 * QUIET)
        for y, row in enumerate(self._rows):
            for x, dark in enumerate(row):
                if dark:
                    painter.fillRect(
                        (x + QUIET) * module, (y + QUIET) * module, module, module, QColor(tokens.ink_dark)
                    )
