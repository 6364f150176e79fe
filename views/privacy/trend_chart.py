"""Shares of consent by day: a line each with its name at its end, and where a policy changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy

from views.kit.charts.data import apart, floating_ticks
from views.kit.charts.painted import PaintedChart
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import current, mixed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date


@dataclass(frozen=True, slots=True)
class Shares:
    """One line: per cent by day, ``None`` where nobody was asked yet; and the same of the days before."""

    name: str
    values: tuple[float | None, ...]
    before: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Trend:
    """All that is drawn."""

    days: tuple[date, ...]
    lines: tuple[Shares, ...]
    marks: tuple[tuple[date, str], ...] = ()

    def words(self, index: int) -> str:
        """What it says of a day."""
        said = [
            f"{line.name} {'no data' if line.values[index] is None else f'{line.values[index]:.1f} %'}"
            for line in self.lines
        ]
        return f"{day_words(self.days[index])}: {', '.join(said)}"


def day_words(day: date) -> str:
    """``15 Oct``."""
    return f"{day:%d %b}".lstrip("0")


class TrendChart(PaintedChart):
    """The chart, with a crosshair by pointer or keys."""

    margins, height_px = (48, 20, 84, 24), 200

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._trend: Trend | None = None
        self.cursor_index: int | None = None

    def minimumSizeHint(self) -> QSize:
        return QSize(current().px(260), current().px(120))

    def show_trend(self, trend: Trend | None) -> None:
        """Draw this; ``None``: nothing is known."""
        if trend == self._trend:
            return
        if trend is None or self._trend is None or len(trend.days) != len(self._trend.days):
            self.cursor_index = None
        self._trend = trend
        self._describe()
        self.update()

    def _describe(self) -> None:
        trend = self._trend
        if trend is None or not trend.days:
            self.setAccessibleDescription("No data")
            return
        at = len(trend.days) - 1 if self.cursor_index is None else self.cursor_index
        self.setAccessibleDescription(trend.words(at))

    # --- drawing -------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens, painter, trend = current().tokens, QPainter(self), self._trend
        painter.fillRect(self.rect(), QColor(tokens.window))
        known = (
            []
            if trend is None
            else [value for line in trend.lines for value in (*line.values, *line.before) if value is not None]
        )
        if trend is None or not known:
            draw_words(painter, "No consent was recorded yet.", self.plot(), (10, 400), tokens.text2)
            self.draw_focus(painter)
            return
        ticks = floating_ticks(min(known), max(known), 4)
        plot, low, high = self.plot(), ticks[0], max(ticks[-1], ticks[0] + 1)
        self._grid(painter, plot, ticks, trend)
        self._marks(painter, plot, trend)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, line in enumerate(trend.lines, 1):
            hue = QColor(tokens.series(number))
            self._line(painter, plot, line.before, (low, high), QPen(mixed(hue.name(), tokens.window, 0.4), 1))
            self._line(painter, plot, line.values, (low, high), QPen(hue, 2))
        self._labels(painter, plot, trend, (low, high))
        self._cursor(painter, plot, trend)
        self.draw_focus(painter)

    @staticmethod
    def _y(value: float, plot: QRectF, span: tuple[float, float]) -> float:
        return plot.bottom() - (value - span[0]) / (span[1] - span[0]) * plot.height()

    def _x(self, index: float, plot: QRectF) -> float:
        count = len(self._trend.days) if self._trend is not None else 1
        return plot.left() + plot.width() * index / max(1, count - 1)

    def _grid(self, painter: QPainter, plot: QRectF, ticks: Sequence[float], trend: Trend) -> None:
        theme, tokens = current(), current().tokens
        high = theme.height(9)
        for number, tick in enumerate(ticks):
            y = round(self._y(tick, plot, (ticks[0], max(ticks[-1], ticks[0] + 1))))
            painter.setPen(mixed(tokens.line, tokens.window, 0.55))
            painter.drawLine(round(plot.left()), y, round(plot.right()), y)
            words = f"{tick:g} %" if number == len(ticks) - 1 else f"{tick:g}"
            draw_words(painter, words, QRectF(0, y - high / 2, plot.left() - 8, high), (9, 400), tokens.text2, RIGHT)
        right = -1e9
        step = max(1, len(trend.days) // 6)
        for index in range(step // 2, len(trend.days), step):
            words = day_words(trend.days[index])
            wide, x = theme.width(words, 9), self._x(index, plot)
            left = x - wide / 2
            if left > right + 8 and left + wide < self.width():
                draw_words(painter, words, QRectF(left, plot.bottom() + 4, wide + 2, high), (9, 400), tokens.text2)
                right = left + wide

    def _marks(self, painter: QPainter, plot: QRectF, trend: Trend) -> None:
        tokens = current().tokens
        for day, words in trend.marks:
            if day not in trend.days:
                continue
            x = round(self._x(trend.days.index(day), plot))
            painter.setPen(QPen(QColor(tokens.text2), 1, Qt.PenStyle.DotLine))
            painter.drawLine(x, 0, x, round(plot.bottom()))
            wide = current().width(words, 9)
            left = x + 8 if x + 8 + wide < plot.right() else x - 8 - wide
            draw_words(painter, words, QRectF(left, 0, wide + 2, plot.top()), (9, 400), tokens.text2)

    def _line(
        self,
        painter: QPainter,
        plot: QRectF,
        values: Sequence[float | None],
        span: tuple[float, float],
        pen: QPen,
    ) -> None:
        painter.setPen(pen)
        run: list[QPointF] = []
        for index, value in enumerate((*values, None)):
            if value is not None:
                run.append(QPointF(self._x(index, plot), self._y(value, plot, span)))
            elif run:  # a gap stays a gap
                painter.drawPolyline(QPolygonF(run))
                run = []

    def _labels(self, painter: QPainter, plot: QRectF, trend: Trend, span: tuple[float, float]) -> None:
        theme, tokens = current(), current().tokens
        ends = [
            (n, next((v for v in reversed(line.values) if v is not None), None)) for n, line in enumerate(trend.lines)
        ]
        known = [(number, self._y(value, plot, span)) for number, value in ends if value is not None]
        known.sort(key=lambda end: end[1])
        high = theme.height(9, 600)
        places = apart([y for _, y in known], high, plot.top(), plot.bottom())
        for (number, _), y in zip(known, places, strict=True):
            box = QRectF(plot.right() + 8, y - high / 2, self.width() - plot.right() - 8, high)
            draw_words(painter, trend.lines[number].name, box, (9, 600), tokens.series(number + 1))

    def _cursor(self, painter: QPainter, plot: QRectF, trend: Trend) -> None:
        index = self.cursor_index
        if index is None or index >= len(trend.days):
            return
        theme, tokens = current(), current().tokens
        x = round(self._x(index, plot))
        painter.setPen(QColor(tokens.text))
        painter.drawLine(x, round(plot.top()), x, round(plot.bottom()))
        words, high = trend.words(index), QFontMetricsF(theme.font(9)).height() + 8
        wide = theme.width(words, 9) + 16
        left = x + 8 if x + 8 + wide < self.width() else max(0.0, x - 8 - wide)
        box = QRectF(left, plot.bottom() - high - 4, wide, high)
        painter.setBrush(QColor(tokens.window))
        painter.setPen(QColor(tokens.line))
        painter.drawRect(box)
        draw_words(painter, words, box.adjusted(8, 0, 0, 0), (9, 400))

    # --- pointer and keys ----------------------------------------------------------------------------------------

    def _move(self, index: int | None) -> None:
        trend = self._trend
        if trend is None or not trend.days:
            return
        self.cursor_index = None if index is None else min(max(index, 0), len(trend.days) - 1)
        self._describe()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self.plot()
        if self._trend is None or not plot.adjusted(-8, 0, 8, 0).contains(event.position()):
            self._move(None)
            return
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self._move(round(share * (len(self._trend.days) - 1)))

    def leaveEvent(self, event: QEvent) -> None:
        self._move(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._trend.days) - 1 if self._trend is not None else 0
        here = last if self.cursor_index is None else self.cursor_index
        places = {Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if event.key() in places:
            self._move(places[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self.cursor_index is not None:
            self._move(None)
        else:
            super().keyPressEvent(event)
