"""How a calendar of rosters is drawn: head, headings, bars, and the line of now, which lies under every text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.oncall.calendar import Bar, Kind
from app.oncall.wording import NOBODY, length_words, override_words, when
from app.oncall.zones import city, instant_of, local, offset_words
from models.core.wording import initials
from models.oncall.schedules import InsteadOf, Override
from views.kit.theme import FOCUS, current, mixed
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.oncall.calendar import Row
    from app.oncall.zones import Day

HEAD, TEAM, ROW, ON_BAR, LAYER_BAR = 44, 24, 28, 22, 18
"""Pixels at 100 % font: of the head, a schedule's heading, a row, and of bars."""
EDGE, ROUND, INSET = 2, 3, 6
HOURS_FROM = 60
"""A day this wide has hours below its name."""
MARKED_HOURS = (6, 18)
LAYER_SHARE, ON_SHARE = 0.4, 0.85
_YEAR_2000 = datetime(2000, 1, 1, tzinfo=UTC)
_LEGEND_OVERRIDE = Override(
    id="legend",
    schedule_id="legend",
    start=_YEAR_2000,
    end=_YEAR_2000,
    people=("legend",),
    instead_of=InsteadOf.EVERYBODY,
    person=None,
    recorded_at=_YEAR_2000,
    recorded_by="",
    cancelled_at=None,
    cancelled_by=None,
    swap_id=None,
    reason="",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Instants and pixels of a calendar: proportional to time, so that a day of 23 hours is narrower."""

    left: float
    width: float
    start: datetime
    end: datetime

    def x(self, at: datetime) -> float:
        """Where an instant is."""
        whole = (self.end - self.start).total_seconds()
        return self.left + (at - self.start).total_seconds() / max(1.0, whole) * self.width

    def at(self, x: float) -> datetime:
        """The instant of a place."""
        share = (x - self.left) / max(1.0, self.width)
        return self.start + timedelta(seconds=share * (self.end - self.start).total_seconds())

    def box(self, bar: Bar, top: float, high: float) -> QRectF:
        """Where a bar is; never too narrow to be seen."""
        left, right = self.x(bar.start), self.x(bar.end)
        return QRectF(left, top, max(right - left, 3.0), high)


def draw_columns(painter: QPainter, scale: Scale, days: Sequence[Day], top: float, bottom: float) -> None:
    """Weekends, and a line where each day begins."""
    tokens = current().tokens
    for day in days:
        left, right = scale.x(day.start), scale.x(day.end)
        if day.date.weekday() > 4:
            painter.fillRect(QRectF(left, top, right - left, bottom - top), QColor(tokens.sunken))
        painter.fillRect(QRectF(round(left), top, 1, bottom - top), mixed(tokens.line, tokens.window, 0.5))


def draw_now(painter: QPainter, scale: Scale, now: datetime, top: float, bottom: float) -> None:
    """The line of now."""
    if scale.start <= now < scale.end:
        painter.fillRect(QRectF(round(scale.x(now)), top, 1, bottom - top), QColor(current().tokens.text))


def draw_head(
    painter: QPainter, scale: Scale, days: Sequence[Day], zone: str, others: Sequence[str], now: datetime
) -> None:
    """Zones at the left, days and hours above the rows."""
    theme, tokens = current(), current().tokens
    line, second = theme.px(HEAD / 2), theme.px(HEAD / 2 - 2)
    pad = theme.px(INSET)
    painter.fillRect(QRectF(0, 0, scale.left + scale.width, theme.px(HEAD)), QColor(tokens.window))
    _text(painter, QRectF(pad, 0, scale.left - pad, line), city(zone), 10, 600, tokens.text)
    words = ", ".join(offset_words(other, now) for other in others)
    _text(painter, QRectF(pad, second, scale.left - 2 * pad, line), words, 9, 400, tokens.text3)
    today = local(now, zone).date()
    for number, day in enumerate(days):
        left, right = scale.x(day.start), scale.x(day.end)
        wide, strong = right - left, day.date == today
        name = f"{day.date:%a} {day.date.day}"
        if (number == 0 or day.date.day == 1) and theme.width(f"{name} {day.date:%b}", 10, 600) < wide - 8:
            name += f" {day.date:%b}"
        if theme.width(name, 10, 600) > wide - 6:
            name = str(day.date.day)
        box = QRectF(left + 4, 0, wide - 4, line)
        _text(painter, box, name, 10, 600 if strong else 400, tokens.text if strong else tokens.text2)
        if wide >= theme.px(HOURS_FROM):
            for hour in MARKED_HOURS:
                middle = scale.x(instant_of(zone, datetime(day.date.year, day.date.month, day.date.day, hour)))  # noqa: DTZ001 - local
                place = QRectF(middle - 20, second, 40, line)
                _text(painter, place, f"{hour:02}", 9, 400, tokens.text3, Qt.AlignmentFlag.AlignHCenter)
        if day.hours != 24:
            _text(
                painter,
                QRectF(left, second, wide - 3, line),
                f"{day.hours:g} h" if wide < theme.px(HOURS_FROM) else f"{day.hours:g} h day",
                9,
                600,
                tokens.text2,
                Qt.AlignmentFlag.AlignRight if wide < theme.px(HOURS_FROM) else Qt.AlignmentFlag.AlignHCenter,
            )
    if scale.start <= now < scale.end:
        words = f"{local(now, zone):%H:%M}"
        wide = theme.width(words, 9, 600) + 8
        left = min(scale.x(now) - wide / 2, scale.left + scale.width - wide)
        box = QRectF(left, second + 2, wide, line - 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.text))
        painter.drawRoundedRect(box, ROUND, ROUND)
        _text(painter, box, words, 9, 600, tokens.base if tokens.dark else tokens.window, Qt.AlignmentFlag.AlignHCenter)


def draw_heading(painter: QPainter, row: Row, box: QRectF, left: float) -> None:
    """The name of a schedule, and what there is to say of it."""
    theme, tokens = current(), current().tokens
    painter.fillRect(box, QColor(tokens.raised if tokens.dark else tokens.sunken))
    pad = theme.px(INSET)
    name = max(left, theme.width(row.title, 10, 600) + 3 * pad)
    _text(painter, box.adjusted(pad, 0, 0, 0), row.title, 10, 600, tokens.text)
    _text(painter, box.adjusted(name + pad, 0, -pad, 0), row.note, 9, 400, tokens.text2)


def draw_title(painter: QPainter, row: Row, box: QRectF) -> None:
    """The name of a row."""
    tokens, on = current().tokens, row.kind is Kind.ON
    inner = box.adjusted(current().px(12), 0, -4, 0)
    _text(painter, inner, row.title, 10, 600 if on else 400, tokens.text if on else tokens.text2)


def draw_shape(painter: QPainter, bar: Bar, box: QRectF) -> None:
    """A bar without its words."""
    theme, tokens = current(), current().tokens
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shape = inner_shape(box)
    if bar.kind is Kind.GAP:
        painter.setPen(QPen(QColor(tokens.p3), 1.5))
        painter.setBrush(theme.hatch(tokens.window))
        painter.drawRoundedRect(shape, ROUND, ROUND)
        return
    share = LAYER_SHARE if bar.kind is Kind.LAYER else ON_SHARE
    fill = mixed(person_colour(bar.people), tokens.window, share) if bar.people else QColor(tokens.window)
    if bar.kind is Kind.SWAP:
        painter.setPen(QPen(QColor(tokens.text2), 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(shape, ROUND, ROUND)
    elif bar.twice or bar.override is not None:
        painter.setPen(QPen(QColor(tokens.text if bar.twice else tokens.text2), 1.5 if bar.twice else 1))
        painter.setBrush(fill)
        painter.drawRoundedRect(shape, ROUND, ROUND)
    else:
        painter.fillRect(box, fill)
        painter.fillRect(QRectF(box.left(), box.top(), EDGE, box.height()), QColor(tokens.control_border))


def inner_shape(box: QRectF) -> QRectF:
    """What of a bar's place its shape fills: a pixel stays free before the next one."""
    return box.adjusted(0.5, 0.5, -1.5, -0.5)


def draw_words(
    painter: QPainter, bar: Bar, box: QRectF, names: Mapping[str, str], zone: str, *, room: tuple[float, float]
) -> None:
    """The words of a bar; what stands beside it may go from and to the edges of ``room``."""
    if bar.kind is Kind.GAP:
        _gap_words(painter, bar, inner_shape(box))
    else:
        _bar_words(painter, bar, inner_shape(box), names, zone, room=room)


def draw_cursor(painter: QPainter, box: QRectF) -> None:
    """Where the keyboard is."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(current().tokens.accent), FOCUS))
    painter.drawRoundedRect(box.adjusted(0, 0, -1, 0), ROUND, ROUND)


def legend() -> tuple[tuple[Bar, str], ...]:
    """A bar of each kind, with what it means."""
    people, at = ("legend",), _YEAR_2000
    return (
        (Bar(Kind.ON, at, at, people), "who is paged"),
        (Bar(Kind.LAYER, at, at, people), "layer"),
        (Bar(Kind.ON, at, at, people, override=_LEGEND_OVERRIDE), "override"),
        (Bar(Kind.SWAP, at, at, people), "swap asked for"),
        (Bar(Kind.ON, at, at, people, twice=people), "same person twice"),
        (Bar(Kind.GAP, at, at), NOBODY),
    )


def person_colour(people: Sequence[str]) -> str:
    """The colour of the first of them; hues repeat, so initials decide."""
    return current().tokens.person(people[0] if people else "").name()


def bar_initials(people: Sequence[str], names: Mapping[str, str]) -> str:
    """``TK``, ``TK MK``; a dash of nobody."""
    return " ".join(initials(names.get(person, person)) for person in people) or "\N{EN DASH}"


def _gap_words(painter: QPainter, bar: Bar, box: QRectF) -> None:
    theme, tokens = current(), current().tokens
    words = f"{NOBODY} {length_words(bar.start, bar.end)}"
    wide, size = theme.width(words, 9, 600), theme.px(8)
    if box.width() > wide + size + 20:
        mark(painter, "P3", QPointF(box.left() + 6 + size / 2, box.center().y()), size, tokens.p3, filled=True)
        _text(painter, box.adjusted(size + 12, 0, -2, 0), words, 9, 600, tokens.text)
    elif box.width() >= size + 4:
        mark(painter, "P3", box.center(), size, tokens.p3, filled=True)


def _bar_words(
    painter: QPainter, bar: Bar, box: QRectF, names: Mapping[str, str], zone: str, *, room: tuple[float, float]
) -> None:
    theme, tokens = current(), current().tokens
    layer = bar.kind is Kind.LAYER
    ink, weight = (tokens.text2, 400) if layer else (tokens.text, 600)
    letters = bar_initials(bar.people, names)
    if bar.kind is Kind.SWAP:
        letters = f"\N{RIGHTWARDS ARROW OVER LEFTWARDS ARROW} {letters}"
    inner = box.adjusted(INSET, 0, -4, 0)
    if bar.twice:
        inner = _twice_mark(painter, inner)
    short = theme.width(letters, 9, weight)
    if bar.kind in {Kind.OVERRIDE, Kind.SWAP}:
        if short <= inner.width():
            _text(painter, inner, letters, 9, weight, ink)
        _beside(painter, bar, box, names, room)
        return
    if short > inner.width():
        if short <= box.width():
            _text(painter, box, letters, 9, weight, ink, Qt.AlignmentFlag.AlignHCenter)
        return
    name = " and ".join(names.get(person, person) for person in bar.people)
    until = "" if bar.goes_on else f"until {when(bar.end, zone)}"
    left = inner.left() + short + theme.px(8)
    if left + theme.width(name, 9) + 4 <= inner.right() and name:
        _text(painter, inner, letters, 9, weight, ink)
        _text(painter, QRectF(left, inner.top(), inner.right() - left, inner.height()), name, 9, 400, ink)
        left += theme.width(name, 9) + theme.px(16)
    elif short > inner.width() - 10:
        _text(painter, box, letters, 9, weight, ink, Qt.AlignmentFlag.AlignHCenter)
        return
    else:
        _text(painter, inner, letters, 9, weight, ink)
    if left + theme.width(until, 9) <= inner.right():
        _text(painter, inner, until, 9, 400, tokens.text2, Qt.AlignmentFlag.AlignRight)


def _twice_mark(painter: QPainter, box: QRectF) -> QRectF:
    theme, tokens = current(), current().tokens
    wide, high = theme.width("\N{NOT EQUAL TO}", 9, 600) + 8, theme.height(9, 600)
    if box.width() < wide + theme.width("MM", 9, 600):
        return box
    place = QRectF(box.right() - wide + 2, box.center().y() - high / 2, wide, high)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.text2))
    painter.drawRoundedRect(place, ROUND, ROUND)
    ground = tokens.base if tokens.dark else tokens.window
    _text(painter, place, "\N{NOT EQUAL TO}", 9, 600, ground, Qt.AlignmentFlag.AlignHCenter)
    return box.adjusted(0, 0, -wide, 0)


def _beside(painter: QPainter, bar: Bar, box: QRectF, names: Mapping[str, str], room: tuple[float, float]) -> None:
    """What an override or a swap is about, behind its bar, or before it where there is more room."""
    if bar.override is not None:
        words = f"{override_words(bar.override, names)}: {bar.override.reason}"
    elif bar.swap is not None:
        words = f"{bar.swap.person_name} asks {bar.swap.to_name or 'anyone'}"
    else:
        return
    theme, gap = current(), current().px(8)
    after = QRectF(box.right() + gap, box.top(), room[1] - box.right() - gap - 4, box.height())
    before = QRectF(room[0] + 4, box.top(), box.left() - room[0] - gap - 4, box.height())
    if theme.width(words, 9) > after.width() and before.width() > after.width():
        shown = min(theme.width(words, 9) + 2, before.width())
        before.setLeft(before.right() - shown)
        _text(painter, before, words, 9, 400, theme.tokens.text2)
    elif after.width() > theme.px(60):
        _text(painter, after, words, 9, 400, theme.tokens.text2)


def _text(
    painter: QPainter,
    box: QRectF,
    words: str,
    points: float,
    weight: int,
    ink: str,
    across: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    theme = current()
    painter.setFont(theme.font(points, weight))
    painter.setPen(QColor(ink))
    if theme.width(words, points, weight) > box.width() and across == Qt.AlignmentFlag.AlignLeft:
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(box.width()))
    painter.drawText(box, across | Qt.AlignmentFlag.AlignVCenter, words)
