"""How the cells of the queue are drawn: each a function of what the cell says and of how its row stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from views.kit.theme import RADIUS, current, mixed
from views.kit.widgets.chip import draw_severity, severity_size
from views.kit.widgets.table import PAD
from views.risk.triage.paint_helpers import draw_score_bar, draw_tick
from views.risk.triage.wording import HIGH, StateLabel, chip

BAR, BAR_HIGH = 56, 6


class CellStyle(NamedTuple):
    """How a cell is drawn: under the cursor, and whether a verdict about its entry is on its way."""

    chosen: bool
    is_decided: bool


Draw = Callable[[QPainter, QRectF, Any, CellStyle], None]
"""Draws what a cell says into a box."""


def _chips(names: tuple[str, ...], room: float) -> tuple[str, ...]:
    """The chips there is room for in that many pixels, and how many more there are."""
    theme = current()
    for shown in range(len(names), 0, -1):
        rest = len(names) - shown
        parts = names[:shown] + ((f"+{rest}",) if rest else ())
        if sum(theme.width(part, 9) + 18 for part in parts) - 6 <= room:
            return parts
    if not names:
        return ()
    # The strongest reason always stands there, cut where it must be.
    others = (f"+{len(names) - 1}",) if len(names) > 1 else ()
    left = room - sum(theme.width(part, 9) + 18 for part in others) - 12
    return (QFontMetricsF(theme.font(9)).elidedText(names[0], Qt.TextElideMode.ElideRight, left), *others)


def ink_of(style: CellStyle) -> QColor:
    """The colour of words."""
    tokens = current().tokens
    if style.is_decided:
        return QColor(tokens.text2 if style.chosen else tokens.text3)
    return QColor(tokens.text)


def draw_mark(painter: QPainter, box: QRectF, mark: str, _way: CellStyle) -> None:
    """On its way, in conflict, failed, or chosen."""
    theme, tokens = current(), current().tokens
    size = theme.px(16)
    place = QRectF(box.center().x() - size / 2, box.center().y() - size / 2, size, size)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if mark == "sent":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.text), theme.px(2)))
        painter.drawArc(place.adjusted(3, 3, -3, -3), 80 * 16, -250 * 16)
    elif mark in {"conflict", "failed"}:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.text2))
        painter.drawRoundedRect(place, 3, 3)
        painter.setPen(QColor(tokens.base))
        painter.setFont(theme.font(9, 600))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, "≠" if mark == "conflict" else "!")
    else:
        on = mark == "on"
        painter.setPen(QPen(QColor(tokens.accent if on else tokens.control_border), 1))
        painter.setBrush(QColor(tokens.accent) if on else QColor(tokens.base))
        painter.drawRoundedRect(place.adjusted(1.5, 1.5, -1.5, -1.5), 3, 3)
        if on:
            draw_tick(painter, place)


def draw_score(painter: QPainter, box: QRectF, score: int, style: CellStyle) -> None:
    """The score, and its bar where there is room."""
    theme, tokens = current(), current().tokens
    high = score >= HIGH
    wide, tall = theme.px(BAR), theme.px(BAR_HIGH)
    bar = QRectF(box.left(), round(box.center().y() - tall / 2), wide, tall)
    if box.width() > wide + theme.px(20):
        under = QColor(tokens.selection if style.chosen else tokens.window)
        draw_score_bar(painter, bar, score, under, ink_of(style) if high else QColor(tokens.text3))
    painter.setFont(theme.font(10, 600 if high else 400))
    painter.setPen(ink_of(style))
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, str(score))


def draw_countries(painter: QPainter, box: QRectF, countries: tuple[str | None, str | None], style: CellStyle) -> None:
    """Countries of card and IP."""
    theme, tokens = current(), current().tokens
    card, ip = countries
    ink = ink_of(style)
    left = box.left()
    differ = bool(card and ip and card != ip)
    quiet = QColor(tokens.text2 if style.chosen else tokens.text3)
    pieces = [(card or ip or "–", 400, ink)]
    if differ:
        pieces = [(card or "", 400, ink), (" ≠ ", 400, quiet), (ip or "", 600, ink)]
    for text, weight, pen in pieces:
        painter.setFont(theme.font(10, weight))
        painter.setPen(pen)
        painter.drawText(
            QRectF(left, box.top(), box.right() - left + PAD, box.height()), Qt.AlignmentFlag.AlignVCenter, text
        )
        left += theme.width(text, 10, weight)


def draw_rules(painter: QPainter, box: QRectF, fired: tuple[str, ...], style: CellStyle) -> None:
    """Rules as chips."""
    theme, tokens = current(), current().tokens
    plan = _chips(tuple(chip(rule) for rule in fired), box.width())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font(9))
    high = theme.height(9) + 2
    border = QColor(tokens.text2 if style.chosen else mixed(tokens.control_border, tokens.window, 0.62))
    ink = ink_of(style)
    left = box.left()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for text in plan:
        wide = theme.width(text, 9) + 12
        shape = QRectF(round(left) + 0.5, round(box.center().y() - high / 2) + 0.5, round(wide), round(high) - 1)
        bare = text.startswith("+")
        if not bare:
            painter.setPen(QPen(border, 1))
            painter.drawRoundedRect(shape, RADIUS, RADIUS)
        painter.setPen(ink)
        painter.drawText(shape, Qt.AlignmentFlag.AlignCenter, text)
        left += wide + 6


def draw_sla(painter: QPainter, box: QRectF, sla: tuple[str, str], style: CellStyle) -> None:
    """The time left."""
    theme = current()
    words, severity = sla
    if severity:
        size = severity_size(severity, words)
        place = QRectF(
            box.right() - size.width() + 4, box.center().y() - size.height() / 2, size.width(), size.height()
        )
        draw_severity(painter, place, severity, words, filled=severity == "P2")
        return
    painter.setFont(theme.font(10))
    painter.setPen(ink_of(style))
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)


def draw_who(painter: QPainter, box: QRectF, words: str, style: CellStyle) -> None:
    """Who has it."""
    painter.setFont(current().font(10, 600 if words == "you" else 400))
    painter.setPen(ink_of(style) if words == "you" else QColor(current().tokens.text2))
    painter.drawText(box.adjusted(-PAD, 0, PAD, 0), Qt.AlignmentFlag.AlignCenter, words)


def draw_state(painter: QPainter, box: QRectF, label: StateLabel, style: CellStyle) -> None:
    """What the row says at its end."""
    theme, tokens, chosen = current(), current().tokens, style.chosen
    quiet = label.mark == "quiet" and not chosen
    link = theme.width(label.link, 10, 600) + 6 if label.link else 0
    painter.setFont(theme.font(10))
    painter.setPen(QColor(tokens.text3 if quiet else tokens.text if label.strong or chosen else tokens.text2))
    room = box.width() - link
    words = label.words
    if theme.width(words, 10) > room:
        words = QFontMetricsF(theme.font(10)).elidedText(words, Qt.TextElideMode.ElideRight, room)
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)
    if label.link:
        left = box.left() + theme.width(words, 10) + 6
        font = theme.font(10, 600)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text if chosen else tokens.accent))
        painter.drawText(QRectF(left, box.top(), link + PAD, box.height()), Qt.AlignmentFlag.AlignVCenter, label.link)
        if chosen:  # accent text cannot be read on the selection
            under = box.center().y() + theme.height(10) / 2 - 1
            painter.drawLine(QPointF(left, under), QPointF(left + theme.width(label.link, 10, 600), under))
