"""What the launch page of the wall is put together from: cells of the roll-call, and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from models.launch.criteria import EvidenceVerdict
from models.launch.poll import Choice
from views.kit.theme import current
from views.kit.wall import LEFT, draw_fitted, wall_font
from views.kit.widgets.chip import mark
from views.launch.wording import SEVERITY, evidence_age, is_late, is_void, limit_signs, value_words, verdict_of

if TYPE_CHECKING:
    from datetime import datetime

    from models.launch.criteria import Evidence
    from models.launch.poll import RollCallVote

VALUE = 1.92
"""Size of a figure in units of the smallest type."""


def draw_cell(painter: QPainter, box: QRectF, unit: float, vote: RollCallVote) -> None:
    """A role: GO is outlined, HOLD and NO-GO fill the cell, void and not voted are dashed."""
    theme, tokens = current(), current().tokens
    choice = vote.choice
    dashed = choice is None or is_void(vote)
    filled = not dashed and choice is not Choice.GO and vote.override is None
    hue = tokens.status(SEVERITY[choice]) if choice is not None else tokens.text2
    painter.save()
    style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
    edge = tokens.text2 if dashed else tokens.line
    painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(edge), max(2.0, unit * 0.04), style))
    painter.setBrush(QColor(hue) if filled else theme.hatch(tokens.base) if is_void(vote) else QColor(tokens.tile))
    painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), unit * 0.1, unit * 0.1)
    ink = tokens.ink_on(hue) if filled else tokens.text
    inner = box.adjusted(unit * 0.4, unit * 0.08, -unit * 0.2, -unit * 0.08)
    half = inner.height() / 2
    name = QRectF(inner.left(), inner.top(), inner.width(), half)
    draw_fitted(painter, name, vote.short_name, wall_font(unit, 600 if filled else 400), ink)
    below = QRectF(inner.left(), inner.top() + half, inner.width(), half)
    words = below.adjusted(unit * 1.25, 0, 0, 0)
    if dashed:
        draw_fitted(painter, below.adjusted(unit * 0.15, 0, 0, 0), "?", wall_font(unit, 600), tokens.text)
    else:
        assert choice is not None  # noqa: S101 - else it would be dashed
        tint = ink if filled else hue if choice is Choice.GO else tokens.text
        centre = QPointF(below.left() + unit * 0.45, below.center().y())
        mark(painter, SEVERITY[choice], centre, unit * 0.8, tint, filled=True)
    if choice is None:
        draw_fitted(painter, words, "votes last" if vote.director else "no vote", wall_font(unit), tokens.text2)
    elif is_void(vote) or vote.override is not None:
        font = wall_font(unit, 600)
        wide = QFontMetricsF(font).horizontalAdvance(str(choice))
        draw_fitted(painter, words, str(choice), font, tokens.text2)
        painter.setPen(QPen(QColor(tokens.text2), unit * 0.1))
        painter.drawLine(QPointF(words.left(), words.center().y()), QPointF(words.left() + wide, words.center().y()))
        after = words.adjusted(wide + unit * 0.4, 0, 0, 0)
        draw_fitted(painter, after, "void" if is_void(vote) else "overruled", font, tokens.text)
    else:
        draw_fitted(painter, words, str(choice), wall_font(unit, 600), ink)
    painter.restore()


def draw_which(painter: QPainter, box: QRectF, unit: float, words: str, count: int) -> None:
    """In a place of its own, which of how many are shown in the others."""
    tokens = current().tokens
    inner = box.adjusted(unit * 0.25, unit * 0.08, 0, -unit * 0.08)
    upper = QRectF(inner.left(), inner.top(), inner.width(), inner.height() / 2)
    draw_fitted(painter, upper, words, wall_font(unit), tokens.text2)
    draw_fitted(painter, upper.translated(0, inner.height() / 2), f"of {count}", wall_font(unit), tokens.text2)


def draw_figure(painter: QPainter, box: QRectF, unit: float, evidence: Evidence, now: datetime, *, tight: bool) -> None:
    """A bound figure: label, value, limit and its own age. ``tight`` leaves the limit out."""
    tokens = current().tokens
    said = verdict_of(evidence, now)
    line = unit * 1.22
    draw_fitted(
        painter, QRectF(box.left(), box.top(), box.width(), line), evidence.short_label, wall_font(unit), tokens.text2
    )
    value, sign = value_words(evidence)
    lines = 2 if tight else 3
    tall = max(line, min(unit * VALUE * 1.15, box.height() - lines * line))
    place = QRectF(box.left(), box.top() + line, box.width(), tall)
    unsure = said in {EvidenceVerdict.STALE, EvidenceVerdict.UNKNOWN}
    # What reaches below the line needs room as well.
    size = min(unit * VALUE, tall / 1.2)
    room = place.width() - (QFontMetricsF(wall_font(unit)).horizontalAdvance(sign) + unit * 0.2 if sign else 0)
    if (wide := QFontMetricsF(wall_font(size, 600)).horizontalAdvance(value)) > room:
        size = max(unit, size * room / wide)
    font = wall_font(size, 600)
    painter.setFont(font)
    painter.setPen(QColor(tokens.text2 if unsure else tokens.text))
    shown = value if size > unit else QFontMetricsF(font).elidedText(value, Qt.TextElideMode.ElideRight, room)
    painter.drawText(place, LEFT, shown)
    taken = QFontMetricsF(font).horizontalAdvance(shown) + unit * 0.2
    foot = place.adjusted(taken, (tall - unit) * 0.28, 0, (tall - unit) * 0.28)
    draw_fitted(painter, foot, sign, wall_font(unit), tokens.text2)
    top = place.bottom()
    if not tight:
        limit = QRectF(box.left(), top, box.width(), line)
        draw_fitted(painter, limit, limit_signs(evidence), wall_font(unit), tokens.text2)
        top += line
    _draw_age(painter, QRectF(box.left(), top, box.width(), line), unit, evidence, now)


def _draw_age(painter: QPainter, box: QRectF, unit: float, evidence: Evidence, now: datetime) -> None:
    """The age, or what is wrong with it, with its shape."""
    tokens, said = current().tokens, verdict_of(evidence, now)
    age = evidence_age(evidence, now)
    centre = QPointF(box.left() + unit * 0.4, box.center().y())
    words = box.adjusted(unit * 1.05, 0, 0, 0)
    if said is EvidenceVerdict.OUTSIDE:
        mark(painter, "P2", centre, unit * 0.8, tokens.p2, filled=True)
        draw_fitted(painter, words, "outside", wall_font(unit, 600), tokens.p2)
    elif said is not EvidenceVerdict.INSIDE:
        draw_fitted(painter, box.adjusted(unit * 0.1, 0, 0, 0), "?", wall_font(unit, 600), tokens.text)
        plain = age if said is EvidenceVerdict.STALE else str(said)
        draw_fitted(painter, words, plain, wall_font(unit, 600), tokens.text)
    elif is_late(evidence, now):
        mark(painter, "P3", centre, unit * 0.75, tokens.p3, filled=True)
        draw_fitted(painter, words, age, wall_font(unit, 600), tokens.p3)
    else:
        draw_fitted(painter, box, age, wall_font(unit), tokens.text2)
