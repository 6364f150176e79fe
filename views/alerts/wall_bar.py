"""The worst alert that nobody has acknowledged, across the wall display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.alerts.domain import Alerts
from app.core.freshness import age_words
from views.kit.theme import current
from views.kit.wall import LEFT, RIGHT, wall_font
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from app.console import Console
    from models.alerts import Alert

SEVERE = ("P1", "P2")
"""Severities that stay on the wall while somebody looks after them."""


class AlertBar:
    """Asks for alerts as long as the wall is open."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._watch = console.of(Alerts).list().watch()
        console.time.changed.connect(self._rewatch)

    @property
    def wanted(self) -> bool:
        """Whether anything waits to be acknowledged, or somebody looks after something severe."""
        return self._worst() is not None

    def close(self) -> None:
        """Stop asking."""
        self._console.time.changed.disconnect(self._rewatch)
        self._watch.close()

    def _rewatch(self) -> None:
        self._watch.close()
        self._watch = self._console.of(Alerts).list().watch()

    def _worst(self) -> Alert | None:
        sample = self._console.of(Alerts).list().sample
        shown = [a for a in sample.value if a.cleared_at is None and a.shelved_until is None] if sample else []
        waiting = [a for a in shown if a.state == "active"]
        severe = [a for a in shown if a.severity in SEVERE]
        return min(waiting or severe, key=lambda a: (a.severity, a.raised_at), default=None)

    def draw(self, painter: QPainter, box: QRectF, unit: float) -> None:
        """Severity, title and age."""
        alert = self._worst()
        if alert is None:
            return
        tokens = current().tokens
        hue = tokens.status(str(alert.severity))
        painter.setPen(QPen(QColor(hue), unit * 0.1))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), unit * 0.1, unit * 0.1)
        chip = QRectF(box.left() + unit * 0.6, box.center().y() - unit * 0.8, unit * 3.3, unit * 1.6)
        is_new = alert.state == "active"
        painter.setPen(Qt.PenStyle.NoPen if is_new else QPen(QColor(hue), unit * 0.1))
        painter.setBrush(QColor(hue) if is_new else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(chip, unit * 0.1, unit * 0.1)
        ink = tokens.ink_on(hue) if is_new else tokens.text
        mark(
            painter,
            str(alert.severity),
            QPointF(chip.left() + unit * 0.75, chip.center().y()),
            unit * 0.8,
            ink if is_new else hue,
            filled=is_new,
        )
        painter.setFont(wall_font(unit, 600))
        painter.setPen(QColor(ink))
        painter.drawText(chip.adjusted(unit * 1.35, 0, 0, 0), LEFT, str(alert.severity))
        age = age_words((self._console.shown_at - alert.raised_at).total_seconds())
        age = age if is_new else f"acknowledged · {age}"
        right = box.adjusted(0, 0, -unit * 0.8, 0)
        painter.setFont(wall_font(unit))
        painter.setPen(QColor(tokens.text))
        painter.drawText(right, RIGHT, age)
        room = right.right() - QFontMetricsF(wall_font(unit)).horizontalAdvance(age) - chip.right() - unit
        font = wall_font(unit * 1.15, 600)
        painter.setFont(font)
        title = QFontMetricsF(font).elidedText(alert.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(chip.right() + unit * 0.6, box.top(), room, box.height()), LEFT, title)
