"""Chips: severity with its shape and letter, freshness in words. Painted, so that tiles and rows can draw them too."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.freshness import Quality
from views.kit.theme import RADIUS, current

PAD = 6.0
GAP = 5.0


def mark(painter: QPainter, severity: str, centre: QPointF, size: float, colour: str, *, filled: bool) -> None:
    """The shape of a severity: ▲ P1, ◆ P2, ■ P3, ● P4, ✔ good. Filled: not yet acknowledged."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colour), max(1.4, size / 8)))
    painter.setBrush(QColor(colour) if filled else Qt.BrushStyle.NoBrush)
    half, x, y = size / 2, centre.x(), centre.y()
    match severity:
        case "P1":
            corners = [QPointF(x, y - half), QPointF(x + half, y + half * 0.8), QPointF(x - half, y + half * 0.8)]
            painter.drawPolygon(QPolygonF(corners))
        case "P2":
            corners = [QPointF(x, y - half), QPointF(x + half, y), QPointF(x, y + half), QPointF(x - half, y)]
            painter.drawPolygon(QPolygonF(corners))
        case "P3":
            painter.drawRect(QRectF(x - half * 0.8, y - half * 0.8, size * 0.8, size * 0.8))
        case "P4":
            painter.drawEllipse(centre, half * 0.85, half * 0.85)
        case _:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colour), max(1.8, size / 6)))
            painter.drawPolyline(
                [QPointF(x - half, y), QPointF(x - half * 0.25, y + half * 0.7), QPointF(x + half, y - half * 0.7)]
            )
    painter.restore()


def severity_size(severity: str, text: str = "") -> QSize:
    """Room a severity chip needs."""
    metrics = QFontMetricsF(current().font(9, 600))
    words = text or severity.capitalize()
    theme = current()
    room = 2 * theme.px(PAD) + metrics.height() * 0.62 + theme.px(GAP)
    return QSize(round(room + metrics.horizontalAdvance(words)), round(metrics.height() + theme.px(4)))


def draw_severity(
    painter: QPainter, box: QRectF, severity: str, text: str = "", *, filled: bool = True, dashed: bool = False
) -> None:
    """A severity chip: filled while nobody has acknowledged, outlined after that, dashed when shelved."""
    theme = current()
    tokens = theme.tokens
    hue = tokens.status(severity)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = box.adjusted(0.5, 0.5, -0.5, -0.5)
    if filled:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(hue))
        ink = tokens.ink_on(hue)
    else:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(tokens.control_border if dashed else hue), 1, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ink = tokens.text2 if dashed else tokens.text
    painter.drawRoundedRect(shape, RADIUS, RADIUS)
    font = theme.font(9, 600)
    metrics = QFontMetricsF(font)
    size = metrics.height() * 0.62
    centre = QPointF(box.left() + theme.px(PAD) + size / 2, box.center().y())
    mark(painter, severity, centre, size, ink if filled else (tokens.text2 if dashed else hue), filled=filled)
    painter.setFont(font)
    painter.setPen(QColor(ink))
    place = box.adjusted(theme.px(PAD) + size + theme.px(GAP), 0, -2, 0)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text or severity.capitalize())
    painter.restore()


class SeverityChip(QWidget):
    """A severity chip as a widget."""

    def __init__(
        self, severity: str, *, filled: bool = True, dashed: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._severity, self._filled, self._dashed = severity, filled, dashed
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        state = "shelved" if dashed else "not acknowledged" if filled else "acknowledged"
        self.setAccessibleName(f"{severity}, {state}")

    def sizeHint(self) -> QSize:
        return severity_size(self._severity)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        draw_severity(QPainter(self), QRectF(self.rect()), self._severity, filled=self._filled, dashed=self._dashed)


def freshness_words(quality: Quality, age: str) -> str:
    """What a freshness chip says; empty for fresh, which needs no chip."""
    match quality:
        case Quality.FRESH:
            return ""
        case Quality.LATE:
            return f"late · {age}" if age else "late"
        case _:
            return f"stale · {age}" if age else "stale"


def freshness_width(words: str) -> float:
    """Room a freshness chip needs."""
    theme = current()
    clock = theme.height(9, 600) * 0.8 + theme.px(4) if words.startswith("late") else 0
    return 2 * theme.px(PAD) + theme.width(words, 9, 600) + clock


def draw_freshness(painter: QPainter, box: QRectF, words: str, under: str) -> None:
    """``late · 26 min`` outlined with a clock, ``stale · …`` hatched, anything else outlined. No status hue."""
    theme = current()
    tokens = theme.tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = box.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setPen(QPen(QColor(tokens.text2 if words.startswith("late") else tokens.control_border), 1))
    painter.setBrush(theme.hatch(under) if words.startswith("stale") else QColor(under))
    painter.drawRoundedRect(shape, RADIUS, RADIUS)
    font = theme.font(9, 600)
    metrics = QFontMetricsF(font)
    place = box.adjusted(theme.px(PAD), 0, -theme.px(PAD), 0)
    if words.startswith("late"):
        size = metrics.height() * 0.72
        centre = QPointF(place.left() + size / 2, box.center().y())
        painter.setPen(QPen(QColor(tokens.text), 1.3 * theme.font_scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(centre, size / 2, size / 2)
        painter.drawPolyline(
            [QPointF(centre.x(), centre.y() - size * 0.28), centre, QPointF(centre.x() + size * 0.22, centre.y())]
        )
        place.setLeft(place.left() + size + theme.px(4))
    painter.setFont(font)
    painter.setPen(QColor(tokens.text if words.startswith("late") else tokens.text2))
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
    painter.restore()
