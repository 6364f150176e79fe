"""A small number at the corner of something: how much waits there."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from views.kit.theme import current

MOST = 999


def badge_words(count: int | None) -> str:
    """``2``; beyond what there is room for, ``999+``; a dash for a count that is not known."""
    if count is None:
        return "\N{EN DASH}"
    return str(count) if count <= MOST else f"{MOST}+"


def badge_size(count: int | None) -> QSize:
    """Room a badge needs: a circle for one digit, wider for more."""
    theme = current()
    high = round(theme.height(9, 600))
    words = badge_words(count)
    return QSize(high if len(words) == 1 else round(theme.width(words, 9, 600)) + theme.px(8), high)


def draw_badge(painter: QPainter, box: QRectF, count: int | None) -> None:
    """No status hue: it says how much there is, not how bad it is. Grey when it is not known."""
    theme, tokens = current(), current().tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = box.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(QColor(tokens.control_border), 1))
    painter.setBrush(QColor(tokens.hover))
    painter.drawRoundedRect(shape, shape.height() / 2, shape.height() / 2)
    painter.setFont(theme.font(9, 600))
    painter.setPen(QColor(tokens.text3 if count is None else tokens.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge_words(count))
    painter.restore()
