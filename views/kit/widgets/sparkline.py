"""A trend in 48 × 26 pixels."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from views.kit.theme import current


def draw_sparkline(
    painter: QPainter, box: QRectF, values: Sequence[float | None], *, limit: float | None = None, end: str = ""
) -> None:
    """A line without axes; gaps stay gaps, the newest point is a dot (in colour ``end``), a limit is dashed."""
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return
    tokens = current().tokens
    low, high = min(known), max(known)
    if limit is not None:
        low, high = min(low, limit), max(high, limit)
    span = (high - low) or 1.0
    inner = box.adjusted(2, 3, -3, -3)
    step = inner.width() / max(1, len(values) - 1)

    def height(value: float) -> float:
        return inner.bottom() - (value - low) / span * inner.height()

    path, drawing, last = QPainterPath(), False, None
    for index, value in enumerate(values):
        if value is None:
            drawing = False
            continue
        last = QPointF(inner.left() + index * step, height(value))
        path.lineTo(last) if drawing else path.moveTo(last)
        drawing = True
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if limit is not None:
        painter.setPen(QPen(QColor(tokens.text3), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(inner.left(), height(limit)), QPointF(inner.right(), height(limit)))
    painter.setPen(QPen(QColor(tokens.text3), 1.3))
    painter.drawPath(path)
    if last is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(end or tokens.text))
        painter.drawEllipse(last, 2.2, 2.2)
    painter.restore()
