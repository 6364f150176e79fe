"""The small shapes of timeline entries: the same on the axis and in the list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from models.incidents.timeline import TimelineKind
from views.kit.theme import current
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from models.incidents.timeline import TimelineEntry


def colour_of(entry: TimelineEntry) -> str:
    """The hue of its shape: that of a severity only for alarms."""
    tokens = current().tokens
    if entry.kind is TimelineKind.ALERT and entry.severity is not None:
        return tokens.status(str(entry.severity))
    return tokens.text2


def draw_glyph(painter: QPainter, entry: TimelineEntry, centre: QPointF, size: float, colour: str = "") -> None:
    """Draw the shape of an entry around a point."""
    hue = colour or colour_of(entry)
    if entry.kind is TimelineKind.ALERT and entry.severity is not None:
        cleared = entry.action.rpartition(".")[2] in {"cleared", "acknowledged"}
        raised = not cleared and entry.action.rpartition(".")[2] == "raised"
        mark(
            painter,
            "good" if entry.action.endswith("cleared") else str(entry.severity),
            centre,
            size,
            hue,
            filled=raised,
        )
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(hue), max(1.2, size / 9), Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _SHAPES.get(entry.kind, _dot)(painter, centre, size / 2)
    painter.restore()


def _flag(painter: QPainter, at: QPointF, half: float) -> None:
    left, top = at.x() - half * 0.6, at.y() - half
    painter.drawLine(QPointF(left, top), QPointF(left, at.y() + half))
    painter.drawPolygon(
        [QPointF(left, top), QPointF(at.x() + half, top + half * 0.55), QPointF(left, at.y() + half * 0.1)]
    )


def _handset(painter: QPainter, at: QPointF, half: float) -> None:
    path = QPainterPath(QPointF(at.x() - half, at.y() - half * 0.4))
    path.cubicTo(
        QPointF(at.x() - half * 0.9, at.y() + half * 0.7),
        QPointF(at.x() - half * 0.1, at.y() + half * 1.1),
        QPointF(at.x() + half * 0.9, at.y() + half * 0.9),
    )
    painter.drawPath(path)
    painter.drawEllipse(QPointF(at.x() - half * 0.8, at.y() - half * 0.55), half * 0.32, half * 0.32)
    painter.drawEllipse(QPointF(at.x() + half * 0.75, at.y() + half * 0.75), half * 0.32, half * 0.32)


def _person(painter: QPainter, at: QPointF, half: float) -> None:
    painter.drawEllipse(QPointF(at.x(), at.y() - half * 0.45), half * 0.42, half * 0.42)
    painter.drawArc(QRectF(at.x() - half * 0.8, at.y() + half * 0.15, half * 1.6, half * 1.6), 0, 180 * 16)


def _bubble(painter: QPainter, at: QPointF, half: float) -> None:
    box = QRectF(at.x() - half, at.y() - half * 0.85, half * 2, half * 1.35)
    painter.drawRoundedRect(box, half * 0.3, half * 0.3)
    painter.drawLine(QPointF(at.x() - half * 0.45, box.bottom()), QPointF(at.x() - half * 0.6, at.y() + half))
    painter.drawLine(QPointF(at.x() - half * 0.6, at.y() + half), QPointF(at.x() + half * 0.05, box.bottom()))


def _paper(painter: QPainter, at: QPointF, half: float) -> None:
    painter.drawRoundedRect(QRectF(at.x() - half * 0.75, at.y() - half, half * 1.5, half * 2), 1.5, 1.5)
    for share in (-0.35, 0.1, 0.5):
        y = at.y() + half * share
        painter.drawLine(QPointF(at.x() - half * 0.4, y), QPointF(at.x() + half * 0.4, y))


def _box(painter: QPainter, at: QPointF, half: float) -> None:
    painter.drawRoundedRect(QRectF(at.x() - half * 0.85, at.y() - half * 0.85, half * 1.7, half * 1.7), 1.5, 1.5)
    painter.drawPolyline(
        [
            QPointF(at.x() - half * 0.45, at.y()),
            QPointF(at.x() - half * 0.1, at.y() + half * 0.4),
            QPointF(at.x() + half * 0.5, at.y() - half * 0.4),
        ]
    )


def _down(painter: QPainter, at: QPointF, half: float) -> None:
    painter.setBrush(painter.pen().color())
    painter.drawPolygon(
        [
            QPointF(at.x() - half * 0.8, at.y() - half * 0.6),
            QPointF(at.x() + half * 0.8, at.y() - half * 0.6),
            QPointF(at.x(), at.y() + half * 0.8),
        ]
    )


def _lines(painter: QPainter, at: QPointF, half: float) -> None:
    for share in (-0.35, 0.35):
        painter.drawLine(
            QPointF(at.x() - half * 0.8, at.y() + half * share), QPointF(at.x() + half * 0.8, at.y() + half * share)
        )


def _scales(painter: QPainter, at: QPointF, half: float) -> None:
    painter.drawPolygon(
        [
            QPointF(at.x(), at.y() - half * 0.9),
            QPointF(at.x() + half * 0.9, at.y()),
            QPointF(at.x(), at.y() + half * 0.9),
            QPointF(at.x() - half * 0.9, at.y()),
        ]
    )


def _dot(painter: QPainter, at: QPointF, half: float) -> None:
    painter.drawEllipse(at, half * 0.55, half * 0.55)


_SHAPES = {
    TimelineKind.STATUS: _flag,
    TimelineKind.PAGE: _handset,
    TimelineKind.ROLE: _person,
    TimelineKind.UPDATE: _bubble,
    TimelineKind.NOTE: _paper,
    TimelineKind.STEP: _box,
    TimelineKind.DEPLOY: _down,
    TimelineKind.RULE: _lines,
    TimelineKind.VERDICT: _scales,
}
