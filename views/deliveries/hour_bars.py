"""Deliveries per hour: sent with what was retried above, what died below zero on ticks of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.core.wording import counted
from models.deliveries.connections import HISTORY_HOURS
from views.kit.charts.data import nice_ticks
from views.kit.theme import current, mixed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.deliveries.connections import DeliveryHour

LEFT, RIGHT, TOP, BOTTOM, HIGH = 32, 84, 16, 20, 132
"""Pixels around the plot, and of the whole, at 100 % font."""
DEAD_SHARE = 0.3
"""Of the plot's height, for what died; only where anything did."""
HOUR = timedelta(hours=1)


class Bar(NamedTuple):
    """One hour."""

    begins_at: datetime
    sent: int
    retried: int
    dead: int
    open: bool
    """The hour has not ended."""


def bars_of(hours: Iterable[DeliveryHour], now: datetime) -> list[Bar]:
    """The last day, hour by hour, with those in which nothing was tried."""
    known = {hour.begins_at.astimezone(UTC): hour for hour in hours}
    last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    found = []
    for back in range(HISTORY_HOURS - 1, -1, -1):
        at = last - back * HOUR
        hour = known.get(at)
        counts = (hour.sent, hour.retried, hour.dead) if hour is not None else (0, 0, 0)
        found.append(Bar(at, *counts, open=back == 0))
    return found


def hues() -> tuple[QColor, QColor, QColor]:
    """Of what was sent, retried, and dead."""
    tokens = current().tokens
    sent, retried, dead = (mixed(ink, tokens.window, 0.8) for ink in (tokens.series1, tokens.series2, tokens.lost))
    return sent, retried, dead


class HourBars(QWidget):
    """The last 24 hours of a connection, with a crosshair by pointer or keys."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Deliveries per hour")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bars: list[Bar] = []
        self._cursor: int | None = None
        current().changed.connect(self.updateGeometry)

    def show_bars(self, bars: list[Bar]) -> None:
        """Draw these."""
        if bars != self.bars:
            self.bars = bars
            self._describe()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(current().px(320), current().px(HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(220), current().px(HIGH))

    @property
    def totals(self) -> tuple[int, int, int]:
        """Sent, retried and dead in the whole day."""
        return (
            sum(bar.sent for bar in self.bars),
            sum(bar.retried for bar in self.bars),
            sum(bar.dead for bar in self.bars),
        )

    def words(self, bar: Bar) -> str:
        """What the crosshair says of an hour."""
        parts = [f"{bar.sent:,} sent"]
        parts += [f"{bar.retried:,} retried"] if bar.retried else []
        parts += [f"{bar.dead:,} dead"] if bar.dead else []
        return f"{bar.begins_at:%H:%M}{' so far' if bar.open else ''}: {', '.join(parts)}"

    # --- drawing -----------------------------------------------------------------------------------------------

    def _plot(self) -> QRectF:
        px = current().px
        return QRectF(self.rect()).adjusted(px(LEFT), px(TOP), -px(RIGHT), -px(BOTTOM))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, tokens = QPainter(self), current().tokens
        painter.setFont(current().font(9))
        if not any(self.totals):
            painter.setPen(QColor(tokens.text3))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "nothing was sent in the last 24 h")
        else:
            self._draw(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _draw(self, painter: QPainter) -> None:
        theme, plot = current(), self._plot()
        _, _, died = self.totals
        high = plot.height() * (1 - DEAD_SHARE if died else 1)
        zero = round(plot.top() + high)
        ticks = nice_ticks(max(bar.sent + bar.retried for bar in self.bars), 2)
        lowest = max(bar.dead for bar in self.bars)
        wide = plot.width() / len(self.bars)
        self._draw_grid(painter, plot, zero, high, ticks, lowest)
        sent, retried, dead = hues()
        for number, bar in enumerate(self.bars):
            left, across = plot.left() + number * wide, max(1.0, wide - theme.px(2))
            up = bar.sent / ticks[-1] * high
            above = bar.retried / ticks[-1] * high
            down = bar.dead / lowest * (plot.bottom() - zero) if lowest else 0.0
            pieces = ((zero - up, up, sent), (zero - up - above, above, retried), (zero + 1, down, dead))
            for top, tall, hue in pieces:
                if tall <= 0:
                    continue
                box = QRectF(round(left), round(top), round(across), max(1, round(tall)))
                if bar.open:  # the hour has not ended: a frame, so that it does not look like a fall
                    painter.setBrush(Qt.BrushStyle.NoBrush)
                    painter.setPen(QPen(hue, 1))
                    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
                else:
                    painter.fillRect(box, hue)
        self._draw_legend(painter, plot, zero)
        if self._cursor is not None:
            self._draw_cursor(painter, plot, wide)

    def _draw_grid(
        self, painter: QPainter, plot: QRectF, zero: int, high: float, ticks: tuple[float, ...], lowest: int
    ) -> None:
        theme, tokens = current(), current().tokens
        tall = theme.height(9)
        for tick in ticks:
            at = round(zero - tick / ticks[-1] * high)
            painter.setPen(mixed(tokens.line, tokens.window, 0.55 if tick else 1.0))
            painter.drawLine(QPointF(plot.left(), at), QPointF(plot.right(), at))
            painter.setPen(QColor(tokens.text3))
            box = QRectF(0, at - tall / 2, plot.left() - theme.px(6), tall)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{tick:,.0f}")
        if lowest:
            box = QRectF(0, plot.bottom() - tall / 2, plot.left() - theme.px(6), tall)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{lowest:,}")
        wide = plot.width() / len(self.bars)
        below = plot.bottom() + theme.px(4)
        for number, bar in enumerate(self.bars):
            if bar.begins_at.hour % 6 == 0 and number * wide < plot.width() - theme.px(20):
                box = QRectF(plot.left() + number * wide, below, theme.px(48), tall)
                painter.drawText(box, Qt.AlignmentFlag.AlignLeft, f"{bar.begins_at:%H:%M}")
        painter.drawText(QRectF(plot.right() + theme.px(18), below, theme.px(48), tall), "UTC")

    def _draw_legend(self, painter: QPainter, plot: QRectF, zero: int) -> None:
        theme, tokens = current(), current().tokens
        sent, retried, dead = self.totals
        line = theme.height(9) + 2
        inks = hues()
        rows = [("sent", sent, inks[0], plot.top() + line), ("retried", retried, inks[1], plot.top() + 2 * line)]
        rows += [("dead", dead, inks[2], max(zero + line / 2, plot.top() + 3 * line))] if dead else []
        painter.setPen(QColor(tokens.text3))
        painter.drawText(QPointF(plot.right() + theme.px(18), plot.top()), "in 24 h")
        for name, count, ink, middle in rows:
            if not count and name != "sent":
                continue
            painter.fillRect(QRectF(plot.right() + theme.px(8), middle - line / 4 - 1, theme.px(6), 2), ink)
            painter.setPen(QColor(tokens.text))
            painter.setFont(theme.font(9, 600))
            painter.drawText(QPointF(plot.right() + theme.px(18), middle), f"{name} {count:,}")
        painter.setFont(theme.font(9))

    def _draw_cursor(self, painter: QPainter, plot: QRectF, wide: float) -> None:
        tokens = current().tokens
        assert self._cursor is not None  # noqa: S101 - the caller looked
        at, words = plot.left() + (self._cursor + 0.5) * wide, self.words(self.bars[self._cursor])
        painter.setPen(QColor(tokens.text))
        painter.drawLine(QPointF(at, plot.top()), QPointF(at, plot.bottom()))
        room = QFontMetricsF(painter.font()).horizontalAdvance(words)
        left = min(max(0.0, at - room / 2), self.width() - room - 1)
        painter.fillRect(QRectF(left - 2, 0, room + 4, plot.top() - 1), QColor(tokens.window))
        painter.drawText(QPointF(left, plot.top() - current().px(4)), words)

    # --- people ------------------------------------------------------------------------------------------------

    def _describe(self) -> None:
        sent, retried, dead = self.totals
        said = f"{counted(sent, 'delivery', 'deliveries')} in 24 hours, {retried:,} retried, {dead:,} dead"
        if self._cursor is not None and self._cursor < len(self.bars):
            said = self.words(self.bars[self._cursor])
        self.setAccessibleDescription(said)

    def _move(self, index: int | None) -> None:
        self._cursor = None if index is None or not self.bars else min(max(index, 0), len(self.bars) - 1)
        self._describe()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self._plot()
        inside = plot.contains(event.position())
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self._move(int(share * len(self.bars)) if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        self._move(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.bars) - 1
        here = last + 1 if self._cursor is None else self._cursor
        places = {Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if event.key() in places:
            self._move(places[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
