"""Small things rows and cases are drawn with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from views.kit.theme import current, mixed
from views.risk.triage.wording import HIGH, chip

if TYPE_CHECKING:
    from models.risk.queue import RiskQueueEntry


def rules(entry: RiskQueueEntry) -> str:
    """The rules that fired."""
    return ", ".join(map(chip, entry.triggered_rules))


def draw_tick(painter: QPainter, box: QRectF) -> None:
    """The tick of a box that is on."""
    theme, tokens = current(), current().tokens
    painter.setPen(QPen(QColor(tokens.ink_on(tokens.accent)), theme.px(2)))
    x, y, half = box.center().x(), box.center().y(), box.width() / 2 - 2
    corners = ((-0.55, 0.0), (-0.15, 0.45), (0.55, -0.4))
    painter.drawPolyline([QPointF(x + half * across, y + half * down) for across, down in corners])


def countries(entry: RiskQueueEntry) -> str:
    """Countries of card and IP."""
    card, ip = entry.card_country, entry.ip_country
    return f"{card} ≠ {ip}" if card and ip and card != ip else card or ip or "–"


def draw_score_bar(painter: QPainter, bar: QRectF, score: int, under: QColor, ink: QColor) -> None:
    """A bar of a score, with a tick where scores become high."""
    tokens = current().tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.fillRect(bar, mixed(tokens.control_border, under.name(), 0.45))
    filled = QRectF(bar.left(), bar.top(), round(bar.width() * min(100, score) / 100), bar.height())
    painter.fillRect(filled, ink)
    at = round(bar.left() + bar.width() * HIGH / 100)
    painter.fillRect(QRectF(at - 1, bar.top() - 3, 3, bar.height() + 6), under)
    painter.fillRect(QRectF(at, bar.top() - 3, 1, bar.height() + 6), ink)
    painter.restore()
