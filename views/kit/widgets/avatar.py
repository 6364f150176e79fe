"""People as circles with their initials; each id has its own colour, the same everywhere and every day."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.core.wording import initials
from views.kit.theme import current

SIZE = 22
"""Pixels at 100 % font."""
ROOM = 0.78
"""Share of the circle's width that letters may take."""


def draw_avatar(painter: QPainter, box: QRectF, person: str, letters: str) -> None:
    """A circle in the middle of ``box``. ``person`` is an id; without one the circle has no colour of its own."""
    theme, tokens = current(), current().tokens
    size = min(box.width(), box.height())
    circle = QRectF(box.center().x() - size / 2, box.center().y() - size / 2, size, size)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens.control_border), 1) if tokens.outline > 1 else Qt.PenStyle.NoPen)
    painter.setBrush(tokens.person(person))
    painter.drawEllipse(circle.adjusted(0.5, 0.5, -0.5, -0.5))
    # The letters fill the circle whatever its size: measured once at a size, then made to fit.
    points = 9.0
    share = ROOM * size / max(1.0, theme.width(letters, points, 600))
    painter.setFont(theme.font(points * min(share, 0.6 * size / theme.height(points, 600), 1.0), 600))
    painter.setPen(QColor(tokens.text))
    painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, letters)
    painter.restore()


class Avatar(QWidget):
    """Somebody. The name is said to those who hear it and shown when pointed at."""

    def __init__(self, person: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._person, self._letters = person, initials(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setToolTip(name)

    def sizeHint(self) -> QSize:
        size = current().px(SIZE)
        return QSize(size, size)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_avatar(QPainter(self), QRectF(self.rect()), self._person, self._letters)
