"""One line of words in a box, as painted panels draw it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from views.kit.theme import current

LEFT, RIGHT, MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter


def draw_words(
    painter: QPainter,
    words: str,
    box: QRectF,
    size: tuple[float, int] = (10, 400),
    ink: str = "",
    side: Qt.AlignmentFlag = LEFT,
    *,
    mono: bool = False,
) -> float:
    """One line in the middle of a box, cut with an ellipsis where there is no room; how wide it became."""
    theme = current()
    wide = theme.width(words, *size, mono=mono)
    if wide > box.width():
        metrics = QFontMetricsF(theme.font(*size, mono=mono))
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width())
        wide = metrics.horizontalAdvance(words)
    painter.setFont(theme.font(*size, mono=mono))
    painter.setPen(QColor(ink or theme.tokens.text))
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, words)
    return wide


def draw_ring(painter: QPainter, centre: QPointF, size: float, ink: str) -> None:
    """What is not due yet."""
    painter.setPen(QPen(QColor(ink), 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(centre, size / 2, size / 2)
