"""What changes if one number moves: counts over a threshold, with a mark at the number as it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF

from views.kit.charts.data import nice_ticks
from views.kit.charts.painted import PaintedChart
from views.kit.theme import current, mixed

LEFT, RIGHT, TOP, BOTTOM, HIGH = 56, 104, 24, 40, 208
"""Pixels around the plot, and of the whole, at 100 % font."""


@dataclass(frozen=True, slots=True)
class CurveData:
    """Points in the order of the threshold. ``second`` are among ``first``."""

    thresholds: tuple[int, ...]
    first: tuple[int, ...]
    second: tuple[int, ...]
    now: int
    words: Callable[[int], str] = str
    """A threshold as people read it."""
    asked: str = ""
    """What is compared with it, such as *Orders with this card in 1 h*."""
    first_name: str = "orders"
    second_name: str = "frauds"

    def at_now(self) -> tuple[int, int] | None:
        """Counts at the number as it is; ``None`` when it is no point of the curve."""
        where = bisect_left(self.thresholds, self.now)
        if where < len(self.thresholds) and self.thresholds[where] == self.now:
            return self.first[where], self.second[where]
        return None

    def point_words(self, index: int) -> str:
        """One point, and how it differs from now."""
        first, second = self.first[index], self.second[index]
        text = f"at {self.words(self.thresholds[index])}: {first:,} {self.first_name}, {second:,} {self.second_name}"
        now = self.at_now()
        if now is None or self.thresholds[index] == self.now:
            return text
        return f"{text} ({first - now[0]:+,} and {second - now[1]:+,})".replace("-", "−")


def describe(data: CurveData) -> str:
    """The curve for somebody who cannot see it."""
    if not data.thresholds:
        return "No curve"
    now = data.at_now()
    here = f", now at {data.words(data.now)}" + (f" with {now[0]:,} {data.first_name}" if now is not None else "")
    ends = "; ".join(data.point_words(index) for index in (0, len(data.thresholds) - 1))
    return f"{data.asked}{here}; {ends}. Left and Right go along the curve."


class CurveChart(PaintedChart):
    """The chart: two series in steps, a vertical mark, and a crosshair by pointer or keys."""

    margins, height_px = (LEFT, TOP, RIGHT, BOTTOM), HIGH

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._data: CurveData | None = None
        self.cursor_index: int | None = None

    def show_data(self, data: CurveData | None) -> None:
        """Draw this; ``None``: there is none."""
        self._data, self.cursor_index = data, None
        self.setAccessibleDescription(describe(data) if data is not None else "No curve")
        self.update()

    # --- drawing -------------------------------------------------------------------------------------------------

    def _x(self, index: float, plot: QRectF) -> float:
        count = len(self._data.thresholds) if self._data is not None else 1
        return plot.left() + (plot.width() * index / (count - 1) if count > 1 else plot.width() / 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, data = current(), self._data
        tokens = theme.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.setFont(theme.font(9))
        if data is None or not data.thresholds:
            painter.setPen(QColor(tokens.text2))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No number in this rule can be moved.")
            self.draw_focus(painter)
            return
        plot, ticks = self.plot(), nice_ticks(float(max(data.first, default=0)))
        self._grid(painter, plot, ticks, data)
        high = theme.height(9)
        ends = [plot.bottom() - values[-1] / ticks[-1] * plot.height() for values in (data.first, data.second)]
        if ends[1] - ends[0] < high:  # the labels would lie upon each other
            ends[0] = ends[1] - high
        self._series(painter, plot, ticks[-1], data.first, tokens.series(1), data.first_name, ends[0])
        self._series(painter, plot, ticks[-1], data.second, tokens.series(2), data.second_name, ends[1])
        self._now(painter, plot, data)
        self._cursor(painter, plot, ticks[-1], data)
        self.draw_focus(painter)

    def _grid(self, painter: QPainter, plot: QRectF, ticks: tuple[float, ...], data: CurveData) -> None:
        theme, metrics = current(), QFontMetricsF(current().font(9))
        tokens = theme.tokens
        for tick in ticks:
            y = round(plot.bottom() - tick / ticks[-1] * plot.height())
            painter.setPen(mixed(tokens.line, tokens.window, 0.55))
            painter.drawLine(round(plot.left()), y, round(plot.right()), y)
            painter.setPen(QColor(tokens.text3))
            box = QRectF(0, y - metrics.height() / 2, plot.left() - theme.px(8), metrics.height())
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight, f"{tick:,.0f}" if tick == round(tick) else f"{tick:,.1f}"
            )
        right_edge, high = -1e9, metrics.height()
        for index, value in enumerate(data.thresholds):
            words = data.words(value)
            wide = metrics.horizontalAdvance(words)
            x = self._x(index, plot)
            if x - wide / 2 < right_edge + theme.px(8):
                continue
            right_edge = x + wide / 2
            painter.setPen(QColor(tokens.text3))
            painter.drawText(QPointF(x - wide / 2, plot.bottom() + high), words)
        words = metrics.elidedText(
            f"threshold: {data.asked}", Qt.TextElideMode.ElideRight, plot.width() + theme.px(RIGHT)
        )
        painter.drawText(QPointF(plot.left(), plot.bottom() + 2 * high + theme.px(2)), words)

    def _series(
        self, painter: QPainter, plot: QRectF, top: float, values: tuple[int, ...], hue: str, name: str, label: float
    ) -> None:
        theme = current()
        points = [
            QPointF(self._x(index, plot), plot.bottom() - value / top * plot.height())
            for index, value in enumerate(values)
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(hue), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(hue))
        for point in points:
            painter.drawEllipse(point, 2.5, 2.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        last = points[-1]
        painter.fillRect(QRectF(plot.right() + theme.px(8), last.y() - 1, 8, 2), QColor(hue))
        painter.setPen(QColor(theme.tokens.text))
        painter.drawText(QPointF(plot.right() + theme.px(20), label + 4), f"{values[-1]:,} {name}")

    def _now(self, painter: QPainter, plot: QRectF, data: CurveData) -> None:
        theme, tokens = current(), current().tokens
        place = self._place_of(data.now, data)
        x = self._x(place, plot)
        painter.setPen(QPen(QColor(tokens.text2), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        font = theme.font(9, 600)
        painter.setFont(font)
        words = f"now {data.words(data.now)}"
        wide = QFontMetricsF(font).horizontalAdvance(words)
        left = min(max(x - wide / 2, plot.left()), self.width() - wide - theme.px(4))
        painter.setPen(QColor(tokens.text))
        painter.drawText(QPointF(left, plot.top() - theme.px(6)), words)
        painter.setFont(theme.font(9))

    @staticmethod
    def _place_of(value: int, data: CurveData) -> float:
        """Where a threshold stands between the points, counted in points."""
        known = data.thresholds
        where = bisect_left(known, value)
        if where == 0 or where >= len(known):
            return float(min(where, len(known) - 1))
        before, after = known[where - 1], known[where]
        return where - 1 + (value - before) / (after - before)

    def _cursor(self, painter: QPainter, plot: QRectF, top: float, data: CurveData) -> None:
        index = self.cursor_index
        if index is None:
            return
        theme, tokens = current(), current().tokens
        x = self._x(index, plot)
        painter.setPen(QColor(tokens.text))
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        metrics, words = QFontMetricsF(theme.font(9)), data.point_words(index)
        wide = metrics.horizontalAdvance(words) + theme.px(16)
        left = x + theme.px(8) if x + theme.px(8) + wide < self.width() else max(0.0, x - theme.px(8) - wide)
        y = plot.bottom() - data.first[index] / top * plot.height()
        box = QRectF(left, min(max(y, plot.top()), plot.bottom() - metrics.height() - 8), wide, metrics.height() + 8)
        painter.setBrush(QColor(tokens.window))
        painter.setPen(QColor(tokens.line))
        painter.drawRect(box)
        painter.setPen(QColor(tokens.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    # --- pointer and keys ----------------------------------------------------------------------------------------

    def _move(self, index: int | None) -> None:
        data = self._data
        if data is None or not data.thresholds:
            return
        self.cursor_index = None if index is None else min(max(index, 0), len(data.thresholds) - 1)
        description = describe(data) if self.cursor_index is None else data.point_words(self.cursor_index)
        self.setAccessibleDescription(description)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self.plot()
        if self._data is None or not plot.adjusted(-8, 0, 8, 0).contains(event.position()):
            self._move(None)
            return
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self._move(round(share * (len(self._data.thresholds) - 1)))

    def leaveEvent(self, event: QEvent) -> None:
        self._move(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        data = self._data
        last = len(data.thresholds) - 1 if data is not None else 0
        here = (
            self.cursor_index
            if self.cursor_index is not None
            else (round(self._place_of(data.now, data)) if data is not None and data.thresholds else 0)
        )
        places = {Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if event.key() in places:
            self._move(places[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self.cursor_index is not None:
            self._move(None)
        else:
            super().keyPressEvent(event)
