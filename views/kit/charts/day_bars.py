"""Bars over days, painted without a scene: for pages that are made and thrown away as one reads."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF

from views.kit.charts.data import ChartData, describe, nice_ticks, time_ticks
from views.kit.charts.painted import PaintedChart
from views.kit.theme import current, mixed

LEFT, RIGHT, TOP, BOTTOM, HIGH = 48, 116, 18, 22, 168
"""Pixels around the plot, and of the whole, at 100 % font."""


class DayBars(PaintedChart):
    """One ``ChartData`` of bars, what it is held against as a faint line, and a crosshair by pointer or keys."""

    margins, height_px = (LEFT, TOP, RIGHT, BOTTOM), HIGH

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.data: ChartData | None = None
        self._cursor: int | None = None

    def show_data(self, data: ChartData) -> None:
        """Draw this."""
        self.data, self._cursor = data, None
        self.setAccessibleDescription(describe(data))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, data = current(), self.data
        tokens = theme.tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.setFont(theme.font(9))
        if data is None or not data.ends:
            painter.setPen(QColor(tokens.text2))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "no orders in this range")
        else:
            self._draw(painter, data)
        self.draw_focus(painter)

    def _draw(self, painter: QPainter, data: ChartData) -> None:
        theme, plot, metrics = current(), self.plot(), QFontMetricsF(current().font(9))
        tokens = theme.tokens
        known = [value for value in (*data.values, *data.previous) if value is not None]
        ticks = nice_ticks(max(known, default=0.0))
        span = data.ends[-1] - data.starts[0]

        def x(at: float) -> float:
            return plot.left() + (at - data.starts[0]) / span * plot.width()

        def y(value: float) -> float:
            return plot.bottom() - value / ticks[-1] * plot.height()

        for tick in ticks:
            painter.setPen(mixed(tokens.line, tokens.window, 0.55))
            painter.drawLine(QPointF(plot.left(), round(y(tick))), QPointF(plot.right(), round(y(tick))))
            if tick == round(tick):
                painter.setPen(QColor(tokens.text3))
                box = QRectF(0, y(tick) - metrics.height() / 2, plot.left() - theme.px(8), metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignRight, f"{tick:,.0f}")
        painter.setPen(QColor(tokens.text3))
        right_edge = -1e9
        for at, words in time_ticks(data.starts[0], data.ends[-1]):
            wide = metrics.horizontalAdvance(words)
            if words != "12:00" and x(at) - wide / 2 > right_edge:
                painter.drawText(QPointF(x(at) - wide / 2, plot.bottom() + metrics.height()), words)
                right_edge = x(at) + wide / 2 + theme.px(8)
        painter.drawText(QPointF(plot.right() + theme.px(20), plot.bottom() + metrics.height()), "UTC")
        fill = mixed(tokens.series(1), tokens.window, 0.72)
        gap = max(1.0, plot.width() / len(data.ends) * 0.1)
        for start, end, value in zip(data.starts, data.ends, data.values, strict=True):
            if value:
                painter.fillRect(
                    QRectF(x(start) + gap, y(value), x(end) - x(start) - gap, plot.bottom() - y(value)), fill
                )
        middles = [(start + end) / 2 for start, end in zip(data.starts, data.ends, strict=True)]
        before = [QPointF(x(at), y(value or 0.0)) for at, value in zip(middles, data.previous, strict=False)]
        painter.setPen(QPen(QColor(tokens.text2), 1))
        painter.drawPolyline(QPolygonF(before))
        last = y(data.values[-1] or 0.0)
        ends = [(last, f"{data.words(data.values[-1])} {data.name}", tokens.series(1), tokens.text)]
        if data.previous:
            under = max(y(data.previous[-1] or 0.0), last + metrics.height())
            ends.append((under, data.previous_name, tokens.text2, tokens.text3))
        shift = max(0.0, ends[-1][0] - plot.bottom())
        for at_y, words, hue, ink in ends:
            painter.fillRect(QRectF(plot.right() + theme.px(6), at_y - shift - 1, 8, 2), QColor(hue))
            painter.setPen(QColor(ink))
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, theme.px(RIGHT - 20))
            painter.drawText(QPointF(plot.right() + theme.px(18), at_y - shift + 4), shown)
        if self._cursor is not None:
            painter.setPen(QColor(tokens.text))
            at = middles[self._cursor]
            painter.drawLine(QPointF(x(at), plot.top()), QPointF(x(at), plot.bottom()))
            words = self._words(data, self._cursor)
            left = min(max(0.0, x(at) - metrics.horizontalAdvance(words) / 2), self.width() - 1.0)
            painter.drawText(QPointF(left, plot.top() - theme.px(4)), words)

    @staticmethod
    def _words(data: ChartData, index: int) -> str:
        start = datetime.fromtimestamp(data.starts[index], UTC)
        day = f"{start:%a} {start.day} {start:%b}"
        text = f"{day}: {data.words(data.values[index])} {data.unit}"
        return f"{text}, {data.words(data.previous[index])} by the other rules" if data.previous else text

    def _move(self, index: int | None) -> None:
        if self.data is None or not self.data.ends:
            return
        self._cursor = None if index is None else min(max(index, 0), len(self.data.ends) - 1)
        description = describe(self.data) if self._cursor is None else self._words(self.data, self._cursor)
        self.setAccessibleDescription(description)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self.plot()
        if self.data is None or not plot.contains(event.position()):
            self._move(None)
            return
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self._move(int(share * len(self.data.ends)))

    def leaveEvent(self, event: QEvent) -> None:
        self._move(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self.data.ends) - 1 if self.data is not None else 0
        here = last + 1 if self._cursor is None else self._cursor
        places = {Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        if event.key() in places:
            self._move(places[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)
