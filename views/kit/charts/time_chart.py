"""A chart over time. Importing this module imports pyqtgraph: do so after the first paint."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QShowEvent,
)
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from views.kit.charts.data import (
    COUNTED,
    ChartData,
    Point,
    apart,
    breaches,
    describe,
    floating_ticks,
    nice_ticks,
    thinned,
    time_ticks,
)
from views.kit.charts.style import ChartStyle
from views.kit.theme import HATCH, current, mixed
from views.kit.widgets.chip import draw_severity, mark, severity_size

LEFT = 64
RIGHT = 132
"""Pixels left and right of the plot at 9 pt; the same in every chart, so that one instant is one vertical line."""
HIGHEST_REDRAW_RATE = 4.0
"""Redraws a second at most."""
NEAR = 6
"""Pixels around the plot from which its edge is pointed at."""
_HATCH_STEP = 8
_BELOW_SHARE = 0.35
"""Height of what hangs below zero, as a share of what stands above."""


class TimeChart(pg.PlotWidget):
    """Draws one ``ChartData``; nothing is drawn while hidden, and at most four times a second otherwise."""

    drilled = Signal(object)
    """(start, end) of the bucket somebody clicked or pressed Enter on."""
    cursor_moved = Signal(object)
    """Instant under the crosshair, or None; connect it to ``set_cursor`` of the other charts."""

    def __init__(self, title: str, style: ChartStyle, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, background=None)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.redraws = 0
        self._data: ChartData | None = None
        self._pending: ChartData | None = None
        self._cursor: int | None = None
        self._stale = ""
        self._disconnected = False
        self._drawn_at = monotonic() - 1 / HIGHEST_REDRAW_RATE
        self._scale_below = 1.0
        self._drawn: ChartData | None = None
        self._ticks: list[tuple[float, str]] = []
        self._time_ticks: Sequence[tuple[float, str]] = ()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._redraw)
        # pyqtgraph caches the background, which holds grid and ground: it would show the last theme's.
        self.setCacheMode(pg.GraphicsView.CacheModeFlag.CacheNone)
        self.hideButtons()
        self.setMenuEnabled(False)
        plot = self.getPlotItem()
        self._box = plot.getViewBox()
        self._box.setMouseEnabled(x=False, y=False)
        self._box.setDefaultPadding(0)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setStyle(tickLength=0)
            axis.setPen(None)
        self._previous = plot.plot(connect="finite")
        self._line = plot.plot(connect="finite")
        self._bars = pg.BarGraphItem(x0=[], x1=[], y0=[], height=[])
        self._below = pg.BarGraphItem(x0=[], x1=[], y0=[], height=[])
        self._breach, self._breach_edge = QGraphicsPathItem(), QGraphicsPathItem()
        for item in (self._bars, self._below, self._breach, self._breach_edge):
            self._box.addItem(item, ignoreBounds=True)
        self._box.sigResized.connect(self._resized)
        self.set_style(style)

    # --- what the owner says -----------------------------------------------------------------------------------

    def show_data(self, data: ChartData) -> None:
        """Draw this as soon as the rate allows; only the newest of several is drawn, and nothing twice."""
        if self._pending is None and self._looks_like(data):
            self._data = data  # for cursor and rows; the picture would be the same
            return
        self._pending = data
        self.setAccessibleDescription(describe(data))
        self._schedule()

    def _looks_like(self, data: ChartData) -> bool:
        """Whether the same values were drawn, in a window that has not moved by a pixel since."""
        drawn = self._drawn
        if drawn is None or not data.ends or len(data.ends) != len(drawn.ends):
            return False
        pixel = (drawn.ends[-1] - drawn.starts[0]) / max(1, self.viewport().width())
        moved = max(abs(data.starts[0] - drawn.starts[0]), abs(data.ends[-1] - drawn.ends[-1]))
        return moved < pixel and replace(data, starts=drawn.starts, ends=drawn.ends) == drawn

    def set_style(self, style: ChartStyle) -> None:
        """Take the colours and fonts of another theme."""
        self._style = style
        axes = [self.getPlotItem().getAxis(side) for side in ("left", "bottom")]
        for axis in axes:
            axis.setTextPen(style.text3)
            axis.setTickFont(style.font)
        above = math.ceil(QFontMetricsF(style.font).height()) + 8  # the unit stands above the highest tick
        self._left, self._right = (round(room * style.font.pointSizeF() / 9) for room in (LEFT, RIGHT))
        axes[0].setWidth(self._left)
        self.getPlotItem().layout.setContentsMargins(0, above, self._right, 0)
        axes[1].setHeight(math.ceil(QFontMetricsF(style.font).height()) + 6)
        self.setMinimumHeight(math.ceil(QFontMetricsF(style.font).height() * 6))
        self._apply_colours()
        self._schedule()
        self.viewport().update()

    def set_quality(self, *, stale: str = "", disconnected: bool = False) -> None:
        """``stale`` are the words over the hatch right of now; a disconnected chart is grey."""
        if (stale, disconnected) != (self._stale, self._disconnected):
            self._stale, self._disconnected = stale, disconnected
            self._apply_colours()
            self.viewport().update()

    def set_cursor(self, at: object) -> None:
        """Put the crosshair at an instant (epoch seconds) or take it away; does not emit ``cursor_moved``."""
        data = self._data
        index = data.index_at(at) if data is not None and isinstance(at, (int, float)) else None
        if index != self._cursor:
            self._cursor = index
            self.viewport().update()

    # --- drawing -----------------------------------------------------------------------------------------------

    def _apply_colours(self) -> None:
        style = self._style
        series = style.text3 if self._disconnected else style.series
        solid = QColor(series)
        solid.setAlphaF(0.72)
        self._line.setPen(pg.mkPen(series, width=2))
        under = QColor(series)
        under.setAlphaF(0.14)
        self._line.setFillBrush(under)
        self._previous.setPen(pg.mkPen(style.previous, width=1))
        for bars in (self._bars, self._below):
            bars.setOpts(brush=QBrush(solid), pen=QPen(Qt.PenStyle.NoPen))
        edge = style.text3 if self._disconnected else style.breach
        fill = QColor(edge)
        fill.setAlphaF(0.55)
        self._breach.setPen(QPen(Qt.PenStyle.NoPen))
        self._breach.setBrush(fill)
        self._breach_edge.setPen(pg.mkPen(edge, width=2))

    def _resized(self) -> None:
        if self._pending is None:
            self._pending = self._data  # there is room for more ticks or for fewer
        self._schedule()

    def _schedule(self) -> None:
        if self._pending is None or not self.isVisible() or self._timer.isActive():
            return
        wait = self._drawn_at + 1 / HIGHEST_REDRAW_RATE - monotonic()
        self._timer.start(max(0, math.ceil(wait * 1000)))

    def _redraw(self) -> None:
        data = self._pending
        if data is None or not self.isVisible():
            return
        self._pending, self._data, self._drawn = None, data, data
        self._drawn_at = monotonic()
        self.redraws += 1
        if self._cursor is not None and self._cursor >= len(data.ends):
            self._cursor = None
        if not data.ends:
            return
        ends = list(data.ends)
        values = _numbers(data.values if data.bars else data.whole)
        known = [v for v in (*data.values, *data.previous) if v is not None]
        line = QFontMetricsF(self._style.font).height()
        most = max(1, min(4, int(self._plot().height() * (1 - _BELOW_SHARE if data.below else 1) / line) - 1))
        if data.floating and known:
            ticks = floating_ticks(min(known), max(known), most)
            top, bottom = ticks[-1], ticks[0]
        else:
            ticks = nice_ticks(max([*known, data.limit.value if data.limit else 0.0], default=0.0), most)
            top, bottom = ticks[-1], min([0.0, *known])
        left = [(t, f"{t:,.{_decimals(ticks)}f}") for t in ticks]
        self._previous.setData(ends, _numbers(data.whole_previous) if data.previous else [math.nan] * len(ends))
        self._line.setFillLevel(bottom if data.filled else None)
        self._line.setData(ends, [math.nan] * len(ends) if data.bars else values)
        heights = [0.0 if math.isnan(v) else v for v in values] if data.bars else []
        self._draw_bars(self._bars, data, [*heights[:-1], 0.0] if data.is_filling and heights else heights)
        if data.below:
            # On ticks of their own, and half as far as they go: what is few does not look like what is many.
            below = nice_ticks(2 * max((v for v in data.below if v is not None), default=0.0), most=1)
            self._scale_below = top * _BELOW_SHARE / below[-1]
            bottom = -top * _BELOW_SHARE
            left.append((bottom, f"{below[-1]:,.0f}"))
        self._draw_bars(self._below, data, [-(v or 0.0) * self._scale_below for v in data.below])
        self._draw_breach(data)
        self._box.setRange(xRange=(data.starts[0], ends[-1]), yRange=(bottom, top), padding=0)
        self._ticks = left
        # What follows from the new range is worked out now: left to the paint, it would ask for a second one.
        self.scene().prepareForPaint()
        widest = QFontMetricsF(self._style.font).horizontalAdvance("Wed 30") + 8
        self._time_ticks = thinned(time_ticks(data.starts[0], ends[-1]), int(self._plot().width() / widest))
        self.getPlotItem().getAxis("left").setTicks([left])
        self.getPlotItem().getAxis("bottom").setTicks([list(self._time_ticks)])
        self.viewport().update()

    @staticmethod
    def _draw_bars(item: Any, data: ChartData, heights: Sequence[float]) -> None:
        if not heights:
            item.setOpts(x0=[], x1=[], y0=[], height=[])
            return
        gap = 0.1 * (data.ends[-1] - data.starts[0]) / len(heights)
        item.setOpts(
            x0=[s + gap for s in data.starts], x1=list(data.ends), y0=[0.0] * len(heights), height=list(heights)
        )

    def _draw_breach(self, data: ChartData) -> None:
        fill, edge = QPainterPath(), QPainterPath()
        if data.limit is not None and not data.bars:
            for stretch in breaches(data.ends, data.values, data.limit):
                _trace(edge, stretch)
                _trace(fill, ((stretch[0][0], data.limit.value), *stretch, (stretch[-1][0], data.limit.value)))
                fill.closeSubpath()
        self._breach.setPath(fill)
        self._breach_edge.setPath(edge)

    def _at(self, x: float, y: float) -> QPointF:
        return QPointF(self.mapFromScene(self._box.mapViewToScene(QPointF(x, y))))

    def drawBackground(self, painter: QPainter, _rect: QRectF) -> None:
        painter.fillRect(self.viewport().rect(), self._style.back)
        if self._data is not None and self._data.ends:
            self._paint_grid(painter, self._data)

    def drawForeground(self, painter: QPainter, _rect: QRectF) -> None:
        data, style = self._data, self._style
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setFont(style.font)
        if data is None or not any(v is not None for v in data.values):
            painter.setPen(style.text2)
            words = "Loading…" if data is None else "no data in this range"
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, words)
        else:
            self._paint_filling(painter, data)
            self._paint_right(painter, data)
            self._paint_cursor(painter, data)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(style.text, 2))
            painter.drawRect(self.viewport().rect().adjusted(1, 1, -1, -1))

    def _plot(self) -> QRectF:
        rect = self._box.sceneBoundingRect()
        return QRectF(QPointF(self.mapFromScene(rect.topLeft())), QPointF(self.mapFromScene(rect.bottomRight())))

    def _paint_grid(self, painter: QPainter, data: ChartData) -> None:
        plot = self._plot()
        for span in data.spans:
            if span.end > data.starts[0] and span.start < data.ends[-1]:
                left = max(plot.left(), self._at(span.start, 0).x())
                right = min(plot.right(), self._at(min(span.end, data.ends[-1]), 0).x())
                painter.fillRect(QRectF(left, plot.top(), max(2.0, right - left), plot.height()), self._style.span)
        painter.setPen(mixed(self._style.line.name(), self._style.back.name(), 0.55))  # opaque lines are drawn faster
        for at, label in self._time_ticks:
            if label != "12:00":
                x = round(self._at(at, 0).x())
                painter.drawLine(x, round(plot.top()), x, round(plot.bottom()))
        for value, _ in self._ticks:
            y = round(self._at(data.ends[0], value).y())
            painter.drawLine(round(plot.left()), y, round(plot.right()), y)

    def _paint_filling(self, painter: QPainter, data: ChartData) -> None:
        """The part of a bucket there is so far: hollow, so that nobody compares it with whole ones."""
        value = data.values[-1]
        if not data.is_filling or value is None:
            return
        hue = self._style.text3 if self._disconnected else self._style.series
        painter.setPen(QPen(hue, 1.5))
        if data.bars:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            gap = 0.1 * (data.ends[-1] - data.starts[0]) / len(data.ends)
            painter.drawRect(QRectF(self._at(data.starts[-1] + gap, value), self._at(data.ends[-1], 0)).normalized())
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._style.back)
        painter.drawEllipse(self._at(data.ends[-1], value), 3.5, 3.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    def _paint_right(self, painter: QPainter, data: ChartData) -> None:
        plot, style = self._plot(), self._style
        metrics = QFontMetricsF(style.font)
        now = plot.right()
        if self._stale or self._disconnected:
            _hatch(painter, QRectF(now, plot.top(), self.viewport().width() - now, plot.height()), style.line)
        painter.setPen(style.text3)
        unit = QRectF(0, 0, self._left - 6, metrics.height())
        painter.drawText(unit, Qt.AlignmentFlag.AlignRight, data.unit)
        painter.drawText(QPointF(now + 24, self.viewport().height() - 6), "UTC")
        for event in data.marks:
            if data.starts[0] < event.at <= data.ends[-1]:
                x = self._at(event.at, 0).x()
                if event.severity:
                    hue = current().tokens.status(event.severity)
                    mark(painter, event.severity, QPointF(x, 6), 9, hue, filled=event.open)
                    continue
                painter.setBrush(style.text2)
                painter.drawPolygon([QPointF(x - 4, 1), QPointF(x + 4, 1), QPointF(x, 7)])
        labels: list[tuple[float, str, QColor]] = []
        last = data.values[data.newest]
        newest = data.named(last, data.name)
        broken = last is not None and data.limit is not None and data.limit.broken_by(last)
        labels.append((self._at(now, last or 0).y(), newest, style.text))
        chips = {newest: (data.words(last), data.name)} if broken and data.alert else {}
        if data.alarming is not None:
            value, since = data.words(data.alarming), data.so_far_words
            labels.append((self._at(now, data.alarming).y(), f"{value} {since}", style.text))
            if data.alert:
                chips[f"{value} {since}"] = (value, since)
        if data.below:
            shown = data.below[data.newest]
            y = self._at(now, -(shown or 0) * self._scale_below).y() + metrics.height()
            labels.append((y, data.named(shown, data.below_name), style.text))
        if data.limit is not None:
            y = self._at(0, data.limit.value).y()
            painter.setPen(QPen(style.text2, 1, Qt.PenStyle.CustomDashLine))
            pen = painter.pen()
            pen.setDashPattern([4, 3])
            painter.setPen(pen)
            painter.drawLine(QPointF(plot.left(), y), QPointF(now, y))
            labels.append((y, data.limit.label, style.text2))
        if data.previous and (before := data.previous[data.newest]) is not None:
            labels.append((self._at(0, before).y(), data.previous_name, style.text3))
        if self._stale:
            labels.append((plot.top(), self._stale, style.text))
        labels.sort(key=lambda label: label[0])
        free = apart([y for y, *_ in labels], metrics.height(), plot.top(), plot.bottom())
        for y, (_, text, colour) in zip(free, labels, strict=True):
            painter.setPen(colour)
            if text in chips and not self._disconnected:
                value, behind = chips[text]
                size = severity_size(style.severity, value)
                box = QRectF(now + 10, y - size.height() / 2, size.width(), size.height())
                draw_severity(painter, box, style.severity, value, filled=data.alert == "active")
                painter.setFont(style.font)
                painter.setPen(style.text3)
                rest = metrics.elidedText(behind, Qt.TextElideMode.ElideRight, self._right - 16 - size.width())
                painter.drawText(QPointF(box.right() + 6, y + metrics.ascent() / 2 - 1), rest)
                continue
            shown_text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self._right - 28)
            painter.drawText(QPointF(now + 24, y + metrics.ascent() / 2 - 1), shown_text)
            if colour != style.text2:  # limits have their own line up to here
                tick = style.previous if text == data.previous_name else style.series
                painter.fillRect(QRectF(now + 10, y - 1, 8, 2), style.text3 if self._disconnected else tick)

    def _paint_cursor(self, painter: QPainter, data: ChartData) -> None:
        if self._cursor is None:
            return
        plot, style, index = self._plot(), self._style, self._cursor
        x = self._at(data.ends[index], 0).x()
        painter.setPen(style.text)
        painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        so_far = data.so_far(index)
        unit = data.name if data.name in COUNTED else data.unit
        lines = [data.interval(index), data.named(data.values[index], unit) + so_far]
        if data.below:
            lines.append(data.named(data.below[index], data.below_name) + so_far)
        if data.previous:
            lines.append(data.named(data.previous[index], data.previous_name))
        lines += data.marks_in(index)
        metrics = QFontMetricsF(style.font)
        width = max(metrics.horizontalAdvance(line) for line in lines) + 16
        left = x + 8 if x + 8 + width < plot.right() else x - 8 - width
        box = QRectF(left, plot.top(), width, metrics.height() * len(lines) + 8)
        painter.setBrush(style.back)
        painter.setPen(style.line)
        painter.drawRect(box)
        painter.setPen(style.text)
        painter.drawText(box.adjusted(8, 4, -8, -4), Qt.AlignmentFlag.AlignLeft, "\n".join(lines))

    # --- mouse and keyboard ------------------------------------------------------------------------------------

    def _move_cursor(self, index: int | None) -> None:
        data = self._data
        if data is None or not data.ends:
            return
        self._cursor = None if index is None else min(max(index, 0), len(data.ends) - 1)
        self.viewport().update()
        if self._cursor is not None:
            value = data.words(data.values[self._cursor]) + data.so_far(self._cursor)
            parts = [value, *data.marks_in(self._cursor)]
            self.setAccessibleDescription(f"{data.interval(self._cursor)}: {', '.join(parts)}")
        self.cursor_moved.emit(None if self._cursor is None else data.ends[self._cursor])

    def _drill(self) -> None:
        if self._data is not None and self._cursor is not None:
            self.drilled.emit((self._data.starts[self._cursor], self._data.ends[self._cursor]))

    def _follow(self, position: QPointF) -> bool:
        # A point may lie on the edge: it can be hit from a little outside, too.
        if self._data is None or not self._plot().adjusted(-NEAR, -NEAR, NEAR, NEAR).contains(position):
            return False
        self._move_cursor(self._data.hit(self._box.mapSceneToView(self.mapToScene(position.toPoint())).x()))
        return True

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._follow(event.position()):
            self._move_cursor(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() is Qt.MouseButton.LeftButton and self._follow(event.position()):
            self._drill()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._move_cursor(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._data.ends) - 1 if self._data is not None else -1
        here = last + 1 if self._cursor is None else self._cursor
        keys: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Left: lambda: self._move_cursor(here - 1),
            Qt.Key.Key_Right: lambda: self._move_cursor(here + 1),
            Qt.Key.Key_Home: lambda: self._move_cursor(0),
            Qt.Key.Key_End: lambda: self._move_cursor(last),
            Qt.Key.Key_Return: self._drill,
            Qt.Key.Key_Enter: self._drill,
        }
        if event.key() == Qt.Key.Key_Escape and self._cursor is not None:
            self._move_cursor(None)
        elif event.key() in keys:
            keys[event.key()]()
        else:
            event.ignore()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._schedule()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)


def _numbers(values: Sequence[float | None]) -> list[float]:
    return [math.nan if v is None else v for v in values]


def _decimals(ticks: Sequence[float]) -> int:
    return next((d for d in range(4) if all(abs(t - round(t, d)) < 1e-9 for t in ticks)), 4)


def _trace(path: QPainterPath, points: Sequence[Point]) -> None:
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)


def _hatch(painter: QPainter, area: QRectF, colour: QColor) -> None:
    # Labels lie on it: at full strength text 3 could not be read.
    faint = QColor(colour)
    faint.setAlphaF(HATCH)
    painter.save()
    painter.setClipRect(area)
    painter.setPen(faint)
    x = area.left() - area.height()
    while x < area.right():
        painter.drawLine(QPointF(x, area.bottom()), QPointF(x + area.height(), area.top()))
        x += _HATCH_STEP
    painter.restore()
