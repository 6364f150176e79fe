"""What the workspace's painted parts share: chips of votes, marks, the watermark of a rehearsal."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from models.launch.poll import Choice, RollCallVote
from views.kit.painting import draw_words
from views.kit.theme import RADIUS, current
from views.kit.widgets.chip import mark
from views.launch.wording import SEVERITY, is_void

CHIP_WIDE, CHIP_HIGH = 96, 24
"""Of a vote, pixels at 100 % font."""


def draw_verdict_mark(painter: QPainter, choice: Choice, centre: QPointF, size: float, ink: str) -> None:
    """The shape of a verdict or vote: a tick, a diamond, a triangle."""
    mark(painter, SEVERITY[choice], centre, size, ink, filled=True)


def draw_vote(painter: QPainter, vote: RollCallVote, box: QRectF) -> None:
    """The chip of a vote: GO is outlined, HOLD and NO-GO are filled, void and not voted are dashed."""
    theme, tokens = current(), current().tokens
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = box.adjusted(0.5, 0.5, -0.5, -0.5)
    choice = vote.choice
    dashed = choice is None or is_void(vote)
    overridden = vote.override is not None
    hue = tokens.status(SEVERITY[choice]) if choice is not None else tokens.text2
    filled = not dashed and not overridden and choice is not Choice.GO
    if filled:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(hue))
    else:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(tokens.control_border), 1, style))
        painter.setBrush(QColor(tokens.window))
    painter.drawRoundedRect(shape, RADIUS, RADIUS)
    ink = tokens.ink_on(hue) if filled else tokens.text
    left = box.left() + theme.px(9)
    if dashed:
        question = QRectF(left, box.top(), theme.px(12), box.height())
        draw_words(painter, "?", question, (10, 600), tokens.text)
    else:
        assert choice is not None  # noqa: S101 - else it would be dashed
        tint = ink if filled else hue if choice is Choice.GO else tokens.text
        draw_verdict_mark(painter, choice, QPointF(left + theme.px(5), box.center().y()), theme.px(10), tint)
    left += theme.px(18)
    room = QRectF(left, box.top(), box.right() - left - 2, box.height())
    if choice is None:
        draw_words(painter, "not voted", room, (10, 400), tokens.text2)
    elif is_void(vote) or overridden:
        wide = theme.width(str(choice), 10, 600)
        draw_words(painter, str(choice), room, (10, 600), tokens.text2)
        painter.setPen(QPen(QColor(tokens.text2), 1.5))
        painter.drawLine(QPointF(left - 1, room.center().y()), QPointF(left + wide + 1, room.center().y()))
        after = room.adjusted(wide + theme.px(5), 0, 0, 0)
        draw_words(painter, "void" if is_void(vote) else "overruled", after, (10, 600), tokens.text)
    else:
        draw_words(painter, str(choice), room, (10, 600), ink)
    painter.restore()


def draw_watermark(painter: QPainter, box: QRectF, words: str) -> None:
    """Large and pale across a box: nobody takes a rehearsal for the real thing."""
    theme, tokens = current(), current().tokens
    painter.save()
    painter.setClipRect(box)
    font = theme.font(28, 600, spacing=120)
    metrics = QFontMetricsF(font)
    wide, high = metrics.horizontalAdvance(words) + theme.px(90), theme.px(120)
    ink = QColor(tokens.text)
    ink.setAlphaF(0.07)
    painter.setFont(font)
    painter.setPen(ink)
    painter.translate(box.center())
    painter.rotate(-18)
    reach = int(max(box.width(), box.height()))
    for row, y in enumerate(range(-reach, reach, high)):
        start = -reach - (wide / 2 if row % 2 else 0)
        for n in range(int(2 * reach / wide) + 2):
            painter.drawText(QPointF(start + n * wide, y), words)
    painter.restore()
