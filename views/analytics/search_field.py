"""A field that narrows a table while one types."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit

from views.kit.icons import paint
from views.kit.theme import current

PAD = 8


class SearchField(QLineEdit):
    """Enter goes to the rows; Esc empties it first."""

    left = Signal()
    """Whoever typed wants the rows."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setMaxLength(200)
        self._restyle()
        current().changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.setTextMargins(current().px(18), 0, 0, 0)

    def sizeHint(self) -> QSize:
        return QSize(current().px(180), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(96), super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in {Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme, painter = current(), QPainter(self)
        size = theme.px(14)
        paint(painter, "filter", QRectF(PAD, (self.height() - size) / 2, size, size), theme.tokens.text2)
