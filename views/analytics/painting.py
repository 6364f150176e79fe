"""Marks of the workspace: how strict an event is judged, bars of seven days, verdicts, masked values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from models.analytics import EventMode
from views.kit.painting import MIDDLE, draw_words
from views.kit.theme import current

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK, GAP = 4, 1
MASKED = "masked"


def mode_width() -> float:
    """Room of the four blocks."""
    return current().px(len(EventMode) * (BLOCK + GAP) + 2)


def draw_mode(painter: QPainter, mode: EventMode, left: float, middle: float) -> None:
    """One to four blocks: strictness is no status, so it has no colour."""
    theme, tokens = current(), current().tokens
    strict = list(EventMode).index(mode)
    high = theme.px(8)
    for number in range(len(EventMode)):
        at = left + number * theme.px(BLOCK + GAP)
        ink = tokens.text2 if number <= strict else tokens.line
        painter.fillRect(QRectF(at, middle - high / 2, theme.px(BLOCK), high), QColor(ink))


def draw_bars(painter: QPainter, box: QRectF, values: Sequence[int], ink: str) -> None:
    """Seven days beside each other, the last one today; a day without any is a line at the ground."""
    theme = current()
    most = max(values, default=0)
    if not most:
        return
    high = theme.px(18)
    area = QRectF(box.left(), box.center().y() - high / 2, box.width(), high)
    step = area.width() / len(values)
    for number, value in enumerate(values):
        tall = max(1.0, round(area.height() * value / most)) if value else 1.0
        left = round(area.left() + number * step)
        painter.fillRect(QRectF(left, area.bottom() - tall, max(2.0, step - theme.px(2)), tall), QColor(ink))


def draw_share(painter: QPainter, box: QRectF, share: float, ink: str) -> None:
    """A bar of a part of a whole."""
    theme, tokens = current(), current().tokens
    high = theme.px(4)
    track = QRectF(box.left(), box.center().y() - high / 2, box.width(), high)
    painter.fillRect(track, QColor(tokens.line))
    painter.fillRect(QRectF(track.left(), track.top(), track.width() * min(1.0, share), high), QColor(ink))


def draw_verdict(painter: QPainter, verdict: str, centre: QPointF, ink: str) -> None:
    """A tick, a barred circle for a dropped field, bars for what is held, a cross for what was refused."""
    theme = current()
    half = theme.px(5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(ink), 1.6))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    x, y = centre.x(), centre.y()
    match verdict:
        case "landed":
            corners = ((-0.9, 0.0), (-0.2, 0.7), (0.9, -0.7))
            painter.drawPolyline([QPointF(x + half * across, y + half * down) for across, down in corners])
        case "omitted":
            painter.drawEllipse(centre, half, half)
            painter.drawLine(QPointF(x - half, y), QPointF(x + half, y))
        case "quarantined":
            for at in (x - half * 0.5, x + half * 0.5):
                painter.drawLine(QPointF(at, y - half), QPointF(at, y + half))
        case _:
            painter.drawLine(QPointF(x - half * 0.8, y - half * 0.8), QPointF(x + half * 0.8, y + half * 0.8))
            painter.drawLine(QPointF(x - half * 0.8, y + half * 0.8), QPointF(x + half * 0.8, y - half * 0.8))


def masked_width() -> float:
    """Every masked value has the same width, so that its length tells nothing."""
    return current().width(MASKED, 9) + current().px(12)


def draw_masked(painter: QPainter, left: float, middle: float) -> None:
    """A value that is not shown."""
    theme, tokens = current(), current().tokens
    high = theme.height(9) + 2
    box = QRectF(left, middle - high / 2, masked_width(), high)
    painter.fillRect(box, theme.hatch(tokens.hover))
    draw_words(painter, MASKED, box, (9, 400), tokens.text2, MIDDLE)
