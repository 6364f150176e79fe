"""The worst open incident across the wall display: severity, name, how far it has come, when the next update is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from app.incidents.domain import VIEW, Incidents
from views.incidents.wording import HUES, STATES, update_words
from views.kit.theme import current
from views.kit.wall import LEFT, RIGHT, draw_fitted, wall_font
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from app.console import Console
    from models.incidents import IncidentRecord


class IncidentBar:
    """Asks for open incidents as long as the wall is open; of the past it says nothing."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._query = console.of(Incidents).open()
        self._watch = self._query.watch()

    @property
    def wanted(self) -> bool:
        """Whether an incident is open."""
        return self._worst() is not None

    def close(self) -> None:
        """Stop asking."""
        self._watch.close()

    def _worst(self) -> IncidentRecord | None:
        sample, console = self._query.sample, self._console
        if sample is None or console.time.as_of is not None or not console.session.may(VIEW):
            return None
        return min(sample.value, key=lambda each: (each.severity, -each.number), default=None)

    def draw(self, painter: QPainter, box: QRectF, unit: float) -> None:
        """Draw it."""
        one = self._worst()
        if one is None:
            return
        tokens, now = current().tokens, self._console.clock.now()
        hue = tokens.status(HUES[one.severity])
        painter.setPen(QPen(QColor(hue), unit * 0.1))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), unit * 0.1, unit * 0.1)
        chip = QRectF(box.left() + unit * 0.6, box.center().y() - unit * 0.8, unit * 4.6, unit * 1.6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(hue))
        painter.drawRoundedRect(chip, unit * 0.1, unit * 0.1)
        ink = tokens.ink_on(hue)
        centre = QPointF(chip.left() + unit * 0.75, chip.center().y())
        mark(painter, HUES[one.severity], centre, unit * 0.8, ink, filled=True)
        painter.setFont(wall_font(unit, 600))
        painter.setPen(QColor(ink))
        painter.drawText(chip.adjusted(unit * 1.35, 0, 0, 0), LEFT, one.severity)
        words = " · ".join(filter(None, (STATES[one.status].lower(), update_words(one.next_update_due_at, now))))
        font = wall_font(unit)
        wide = min(QFontMetricsF(font).horizontalAdvance(words), box.width() * 0.55)
        right = QRectF(box.right() - wide - unit * 0.8, box.top(), wide, box.height())
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        painter.drawText(right, RIGHT, QFontMetricsF(font).elidedText(words, Qt.TextElideMode.ElideRight, wide))
        left = chip.right() + unit * 0.6
        room = QRectF(left, box.top(), right.left() - left - unit * 0.6, box.height())
        draw_fitted(painter, room, f"{one.title}  {one.reference}", wall_font(unit * 1.15, 600), tokens.text)
