"""What is drawn on the wall display has in common: type in units of the smallest that can be read from there."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from views.kit import fonts

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


TURN_SECONDS = 6
"""So long each part of what there are more of than places is shown."""


def turned(count: int, places: int, seconds: float) -> slice:
    """Those that are shown now: as many each time, as far as that can be."""
    parts = -(-count // places) or 1
    many = -(-count // parts)
    first = int(seconds // TURN_SECONDS) % parts * many
    return slice(first, min(first + many, count))


def wall_font(pixels: float, weight: int = 400) -> QFont:
    """A font of that many pixels."""
    font = QFont(fonts.make(10, weight))
    font.setPixelSize(max(1, round(pixels)))
    return font


def draw_fitted(painter: QPainter, box: QRectF, text: str, font: QFont, colour: str) -> None:
    """One line at the left of a box, cut off with an ellipsis where there is no room."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(box, LEFT, QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width()))
