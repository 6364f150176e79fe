"""Short remarks in one line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from views.kit.theme import current


class Remarks(QWidget):
    """Short remarks in one line, each with a strong beginning; the last ones are left out where there is no room."""

    GAP = 14

    def __init__(self, name: str) -> None:
        super().__init__()
        self._parts: tuple[tuple[str, str], ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def say(self, *parts: tuple[str, str]) -> None:
        """Strong and plain words of each."""
        if parts != self._parts:
            self._parts = parts
            self.setAccessibleDescription(", ".join(f"{strong} {plain}".strip() for strong, plain in parts))
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), round(current().height(10)) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(8), round(current().height(10)) + 4)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter, left = current(), current().tokens, QPainter(self), 4.0
        for strong, plain in self._parts:
            bold = theme.width(f"{strong} ", 10, 600) if strong else 0.0
            wide = bold + theme.width(plain, 10)
            if left + wide > self.width():
                break
            painter.setFont(theme.font(10, 600))
            painter.setPen(QColor(tokens.text))
            box = QRectF(left, 0, wide + 2, self.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, strong)
            painter.setFont(theme.font(10))
            painter.setPen(QColor(tokens.text if strong else tokens.text3))
            painter.drawText(box.adjusted(bold, 0, 2, 0), Qt.AlignmentFlag.AlignVCenter, plain)
            left += wide + theme.px(self.GAP)
