"""What charts that are painted without a scene have in common: their size, the room of the plot, the focus frame."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from views.kit.theme import current


class PaintedChart(QWidget):
    """A chart of fixed height that takes the keyboard and follows the pointer."""

    margins: ClassVar[tuple[int, int, int, int]]
    """Pixels left, above, right and below of the plot at 100 % font."""
    height_px: ClassVar[int]
    """Pixels of the whole at 100 % font."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        current().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(current().px(420), current().px(self.height_px))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(260), current().px(self.height_px))

    def plot(self) -> QRectF:
        """Where the data is drawn."""
        left, top, right, bottom = (current().px(margin) for margin in self.margins)
        return QRectF(self.rect()).adjusted(left, top, -right, -bottom)

    def draw_focus(self, painter: QPainter) -> None:
        """Draw the frame that says the keyboard is here."""
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(current().tokens.text), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
