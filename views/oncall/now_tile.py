"""A schedule's tile: who is on call now, for how long, and who is next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core.freshness import age_words
from app.oncall.wording import NOBODY, people_words, when
from app.oncall.zones import city
from models.core.wording import initials
from views.kit.theme import FOCUS, RADIUS, current, mixed
from views.kit.widgets.avatar import draw_avatar
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.oncall.rosters import OnCallNow

WIDE, HIGH, LEAST = 356, 104, 224
PAD = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What a tile says."""

    now: OnCallNow
    names: Mapping[str, str]
    at: datetime
    zone: str
    page: str = ""
    """What they are paged about at this moment, in words."""
    mine: bool = False


class NowTile(QWidget):
    """One schedule. Enter, Space or a click shows it in the calendar."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(current().px(WIDE), current().px(HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(LEAST), current().px(HIGH))

    def show_now(self, shown: Shown) -> None:
        """Say this; repaints only when something is different."""
        if shown != self._shown:
            self._shown = shown
            self.setAccessibleName(f"On call in {shown.now.schedule_name}")
            self.setAccessibleDescription(". ".join(words for words in (*self.lines, shown.page) if words))
            self.update()

    @property
    def lines(self) -> tuple[str, str]:
        """Who is on and until when; who is next."""
        shown = self._shown
        if shown is None:
            return "", ""
        now, names = shown.now, shown.names
        who = people_words(now.people, names)
        if not now.people:
            who = "Nobody, and somebody must be" if now.must_be_covered else "Nobody, by plan"
        until = "" if now.until is None else f" until {when(now.until, shown.zone, shown.at)}"
        following = ""
        if now.until is not None:
            following = f"Next {people_words(now.next_people, names)}"
            if now.next_people and (comes := _comes(now)) is not None and comes != now.until:
                following += f" from {when(comes, shown.zone, shown.at)}"
        return f"{who}{until}", following

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, shown = current(), current().tokens, self._shown
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hole = shown is not None and not shown.now.people and shown.now.must_be_covered
        frame = tokens.p2 if hole else tokens.tile_line
        painter.setPen(QPen(QColor(frame), 2 if hole else 1))
        painter.setBrush(QColor(tokens.hover if self.underMouse() else tokens.tile))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        if shown is None:
            return
        pad = theme.px(PAD)
        inner = QRectF(self.rect()).adjusted(pad, theme.px(6), -pad, -theme.px(6))
        line = theme.px(18)
        self._draw_top(painter, shown, QRectF(inner.left(), inner.top(), inner.width(), line))
        self._draw_person(painter, shown, QRectF(inner.left(), inner.top() + line + 2, inner.width(), theme.px(40)))
        rule = inner.bottom() - line - theme.px(6)
        painter.fillRect(QRectF(inner.left(), rule, inner.width(), 1), mixed(tokens.line, tokens.tile, 0.8))
        self._draw_next(painter, shown, QRectF(inner.left(), inner.bottom() - line, inner.width(), line))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), FOCUS))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)

    def _draw_top(self, painter: QPainter, shown: Shown, box: QRectF) -> None:
        tokens = current().tokens
        right = shown.page or ("you" if shown.mine else "")
        room = box.width() - (current().width(right, 9, 600) + 12 if right else 0)
        draw_text(
            painter, QRectF(box.left(), box.top(), room, box.height()), shown.now.schedule_name, 9, 600, tokens.text2
        )
        if right:
            ink = tokens.text if shown.page else tokens.accent
            draw_text(painter, box, right, 9, 600, ink, right=True)

    def _draw_person(self, painter: QPainter, shown: Shown, box: QRectF) -> None:
        theme, tokens, now = current(), current().tokens, shown.now
        size = theme.px(28)
        circle = QRectF(box.left(), box.center().y() - size / 2, size, size)
        left = circle.right() + theme.px(10)
        spare = (now.until - shown.at).total_seconds() if now.until is not None else 0.0
        duration = age_words(spare) if spare > 0 else ""
        wide = theme.width(duration, 12, 600) + theme.px(4) if duration else 0
        half = box.height() / 2
        upper = QRectF(left, box.top(), box.right() - left - wide, half)
        lower = QRectF(left, box.top() + half, box.right() - left, half)
        if now.people:
            letters = initials(shown.names.get(now.people[0], now.people[0]))
            draw_avatar(painter, circle, now.people[0], letters)
            draw_text(painter, upper, people_words(now.people, shown.names), 12, 600, tokens.text)
        elif now.must_be_covered:
            mark(painter, "P2", circle.center(), theme.px(16), tokens.p2, filled=True)
            draw_text(painter, upper, "Nobody is on call", 12, 600, tokens.text)
        else:
            draw_text(painter, upper, "Nobody, by plan", 12, 400, tokens.text2)
        until = "" if now.until is None else f"until {when(now.until, shown.zone, shown.at)} {city(shown.zone)}"
        draw_text(painter, lower, until or "no change within five weeks", 9, 400, tokens.text2)
        if duration:
            draw_text(
                painter, QRectF(box.left(), box.top(), box.width(), half), duration, 12, 600, tokens.text, right=True
            )
            draw_text(painter, lower, "left", 9, 400, tokens.text2, right=True)

    def _draw_next(self, painter: QPainter, shown: Shown, box: QRectF) -> None:
        theme, tokens, now = current(), current().tokens, shown.now
        draw_text(painter, box, "Next", 9, 400, tokens.text2)
        left = box.left() + theme.px(40)
        comes = _comes(now)
        at = when(comes, shown.zone, shown.at) if comes is not None else ""
        wide = theme.width(at, 9) + theme.px(12) if at else 0
        name = people_words(now.next_people, shown.names) if now.until is not None else "\N{EN DASH}"
        if now.until is not None and not now.next_people:
            name = f"{NOBODY} known"
        draw_text(painter, QRectF(left, box.top(), box.right() - left - wide, box.height()), name, 9, 600, tokens.text)
        draw_text(painter, box, at, 9, 400, tokens.text2, right=True)

    # --- keys --------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._shown is not None:
            self.opened.emit(self._shown.now.schedule_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._open()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self._open()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _comes(now: OnCallNow) -> datetime | None:
    """When whoever is next comes on: after a hole later than whoever is on goes."""
    return now.next_from or now.until


def draw_text(
    painter: QPainter, box: QRectF, words: str, points: float, weight: int, ink: str, *, right: bool = False
) -> None:
    """A line of text in the middle of a box's height, cut with dots where there is no room."""
    theme = current()
    painter.setFont(theme.font(points, weight))
    painter.setPen(QColor(ink))
    if theme.width(words, points, weight) > box.width():
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
    across = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, across | Qt.AlignmentFlag.AlignVCenter, words)
