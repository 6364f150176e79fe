"""The dashboard's pages of the wall display: three figures and a chart each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from app.core.freshness import Quality, age_words
from models.figures import FigureName
from views.dashboard import series
from views.kit.charts.data import apart
from views.kit.theme import current
from views.kit.wall import LEFT, RIGHT, draw_fitted, wall_font
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from app.console import Console
    from app.core.figure_set import Figure
    from models.dashboard import OperationsDashboard
    from views.kit.charts.data import ChartData

Place = Callable[[float, float], QPointF]
"""Where an instant and a value are on the screen."""


PAGES: tuple[tuple[tuple[str, str, str], str, Callable[[OperationsDashboard], ChartData]], ...] = (
    (("revenue.daily", "orders.total", "downloads.failureRate"), "Download failure rate", series.failure_rate),
    (("revenue.weekly", "revenue.monthly", "orders.refunded"), "Revenue", series.revenue),
    (("orders.pending", "downloads.total", "community.discordMembers"), "Orders", series.orders),
)
"""Figures, and the chart below them."""


def figure_page(console: Console, number: int) -> FigurePage:
    """One of the pages."""
    figures, title, read = PAGES[number]
    return FigurePage(console, figures, title, read)


class FigurePage:
    """Three figures and the chart below them."""

    def __init__(
        self,
        console: Console,
        figures: tuple[str, str, str],
        title: str,
        read: Callable[[OperationsDashboard], ChartData],
    ) -> None:
        """``read`` takes the chart called ``title`` out of a dashboard."""
        self._console, self._figures, self._title, self._read = console, figures, title, read
        self._unit = 1.0
        self._watch = console.dashboard().watch()
        console.time.changed.connect(self._rewatch)

    @property
    def wanted(self) -> bool:
        """It is always shown."""
        return True

    @property
    def title(self) -> str:
        """The environment's name says it."""
        return ""

    @property
    def age(self) -> float | None:
        """Seconds since the figures were received."""
        figures, elapsed = self._console.figures, self._console.figures_elapsed()
        if figures is None or elapsed is not None:
            return elapsed
        return max(0.0, self._console.clock.now().timestamp() - figures.received_at)

    @property
    def quality(self) -> Quality:
        """Of the figures."""
        return self._console.quality()

    def close(self) -> None:
        """Stop asking."""
        self._console.time.changed.disconnect(self._rewatch)
        self._watch.close()

    def _rewatch(self) -> None:
        self._watch.close()
        self._watch = self._console.dashboard().watch()

    def draw(self, painter: QPainter, box: QRectF, unit: float) -> None:
        """Figures beside each other, the chart below them."""
        self._unit, gap = unit, unit * 0.45
        tall = min(unit * 6.7, box.height() * 0.55)
        wide = (box.width() - 2 * gap) / 3
        shown = {f.name: f for f in self._console.figures.figures} if self._console.figures else {}
        for number, name in enumerate(self._figures):
            self._tile(painter, QRectF(box.left() + number * (wide + gap), box.top(), wide, tall), shown.get(name))
        top = box.top() + tall + gap
        self._chart(painter, QRectF(box.left(), top, box.width(), box.bottom() - top))

    def _stale(self) -> bool:
        return self._console.quality() in {Quality.STALE, Quality.DISCONNECTED}

    def _tile(self, painter: QPainter, box: QRectF, figure: Figure | None) -> None:
        theme, unit = current(), self._unit
        tokens = theme.tokens
        stale = self._stale()
        broken = figure is not None and figure.state in {"breached", "acknowledged", "waiting"}
        painter.setBrush(theme.hatch(tokens.tile) if stale else QColor(tokens.tile))
        painter.setPen(QPen(QColor(tokens.tile_line), 2))
        if figure is not None and broken:
            painter.setPen(QPen(QColor(tokens.status(figure.severity)), unit * 0.1))
        painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), unit * 0.1, unit * 0.1)
        if figure is None:
            return
        inner = box.adjusted(unit * 0.6, unit * 0.35, -unit * 0.6, -unit * 0.35)
        line = unit * 1.5
        head = QRectF(inner.left(), inner.top(), inner.width(), line)
        foot = QRectF(inner.left(), inner.bottom() - line, inner.width(), line)
        figures = self._console.figures
        age = (
            figures.age(figure, self._console.clock.now().timestamp(), self._console.figures_elapsed())
            if figures
            else None
        )
        words = "never" if age is None else age_words(age)
        plain, strong = wall_font(unit, 400), wall_font(unit, 600)
        needed = QFontMetricsF(plain).horizontalAdvance(figure.title) + QFontMetricsF(strong).horizontalAdvance(words)
        # A name is never cut for an age: where there is no room for both, the age stands below.
        below = needed + unit * 0.4 > head.width()
        beside = foot if below else head
        painter.setFont(wall_font(unit, 600 if figure.late else 400))
        painter.setPen(QColor(tokens.text if figure.late else tokens.text2))
        painter.drawText(beside, RIGHT, words)
        taken = QFontMetricsF(strong).horizontalAdvance(words) + unit * 0.4
        draw_fitted(painter, head.adjusted(0, 0, 0 if below else -taken, 0), figure.title, plain, tokens.text2)
        middle = QRectF(inner.left(), head.bottom(), inner.width(), foot.top() - head.bottom())
        self._value(painter, middle, figure, stale=stale)
        self._foot(painter, foot.adjusted(0, 0, -taken if below else 0, 0), figure)

    def _foot(self, painter: QPainter, foot: QRectF, figure: Figure) -> None:
        """The limit that is broken, in a chip: filled, or in outline once somebody has it. Else change and limit."""
        tokens, unit = current().tokens, self._unit
        strong = wall_font(unit, 600)
        if not figure.breach:
            words = figure.change or figure.note
            draw_fitted(painter, foot, words, strong, tokens.text2)
            room = foot.width() - QFontMetricsF(strong).horizontalAdvance(words) - unit * 0.6
            if figure.limit and QFontMetricsF(wall_font(unit)).horizontalAdvance(figure.limit) <= room:
                painter.setFont(wall_font(unit))
                painter.setPen(QColor(tokens.text3))
                painter.drawText(foot, RIGHT, figure.limit)
            return
        filled, hue = figure.state == "breached", tokens.status(figure.severity)
        painter.setPen(Qt.PenStyle.NoPen if filled else QPen(QColor(hue), unit * 0.08))
        painter.setBrush(QColor(hue) if filled else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(foot, unit * 0.1, unit * 0.1)
        ink = tokens.ink_on(hue) if filled else hue
        centre = QPointF(foot.left() + unit * 0.75, foot.center().y())
        mark(painter, figure.severity, centre, unit * 0.7, ink, filled=filled)
        ink = ink if filled else tokens.text
        draw_fitted(painter, foot.adjusted(unit * 1.4, 0, -unit * 0.2, 0), figure.breach, strong, ink)

    def _value(self, painter: QPainter, box: QRectF, figure: Figure, *, stale: bool) -> None:
        tokens, unit = current().tokens, self._unit
        if not figure.value:
            draw_fitted(painter, box, "no data", wall_font(unit, 600), tokens.text2)
            return
        font = wall_font(unit * 2.2, 600)
        for size in (2.2, 1.9, 1.6, 1.3, 1.0):
            font = wall_font(unit * size, 600)
            if (
                QFontMetricsF(font).horizontalAdvance(figure.value) <= box.width()
                and QFontMetricsF(font).height() <= box.height() * 1.25
            ):
                break
        painter.setFont(font)
        painter.setPen(QColor(tokens.text3 if stale else tokens.text))
        painter.drawText(box, LEFT, figure.value)
        metrics = QFontMetricsF(font)
        width = metrics.horizontalAdvance(figure.value) + unit * 0.3
        small = wall_font(unit)
        if width + QFontMetricsF(small).horizontalAdvance(figure.unit) <= box.width():
            painter.setFont(small)
            painter.setPen(QColor(tokens.text2))
            base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(box.left() + width, base), figure.unit)

    def _chart(self, painter: QPainter, box: QRectF) -> None:
        sample = self._console.dashboard().sample
        tokens, unit = current().tokens, self._unit
        painter.setPen(QPen(QColor(tokens.tile_line), 2))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), unit * 0.1, unit * 0.1)
        if sample is None or box.height() < unit * 4:
            return
        from views.kit.charts.data import nice_ticks, time_ticks

        data: ChartData = self._read(sample.value)
        head = QRectF(box.left() + unit * 0.6, box.top() + unit * 0.25, box.width() - unit * 1.2, unit * 1.5)
        draw_fitted(
            painter, head, f"{self._title}, {sample.value.range} d, {data.unit}", wall_font(unit, 400), tokens.text2
        )
        plot = QRectF(
            box.left() + unit * 3.7,
            head.bottom() + unit * 0.8,
            box.width() - unit * 11.4,
            box.bottom() - head.bottom() - unit * 2.6,
        )
        known = [v for v in data.values if v is not None]
        if not known:
            draw_fitted(painter, plot, "no data", wall_font(unit, 600), tokens.text2)
            return
        top = nice_ticks(max([*known, data.limit.value if data.limit else 0.0]))[-1]
        start, end = data.starts[0], data.ends[-1]

        def place(at: float, value: float) -> QPointF:
            x = plot.left() + (at - start) / (end - start) * plot.width()
            return QPointF(x, plot.bottom() - value / top * plot.height())

        painter.setPen(QPen(QColor(tokens.text3), 2))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setFont(wall_font(unit))
        painter.setPen(QColor(tokens.text3))
        for tick in (0.0, top):
            y = place(start, tick).y()
            beside = QRectF(plot.left() - unit * 3.2, y - unit * 0.75, unit * 2.9, unit * 1.5)
            painter.drawText(beside, RIGHT, f"{tick:,.0f}" if tick == round(tick) else f"{tick:,.1f}")
        days = [tick for tick in time_ticks(start, end) if tick[1] != "12:00"]
        step = max(1, math.ceil(len(days) * unit * 4.6 / plot.width()))
        for at, label in days[::step]:
            x = place(at, 0).x()
            painter.drawText(
                QRectF(x - unit * 2.4, plot.bottom() + unit * 0.15, unit * 4.8, unit * 1.5),
                Qt.AlignmentFlag.AlignCenter,
                label,
            )
        self._limit(painter, plot, data, place)
        self._line(painter, data, place)
        self._labels(painter, plot, data, place)

    def _limit(self, painter: QPainter, plot: QRectF, data: ChartData, place: Place) -> None:
        if data.limit is None:
            return
        tokens, unit = current().tokens, self._unit
        y = place(data.ends[-1], data.limit.value).y()
        painter.setPen(QPen(QColor(tokens.text2), max(2.0, unit * 0.03), Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))

    def _line(self, painter: QPainter, data: ChartData, place: Place) -> None:
        from views.kit.charts.data import breaches

        tokens, unit = current().tokens, self._unit
        path, drawing = QPainterPath(), False
        for end, value in zip(data.ends, data.whole, strict=True):
            if value is None:
                drawing = False
                continue
            point = place(end, value)
            path.lineTo(point) if drawing else path.moveTo(point)
            drawing = True
        painter.setBrush(Qt.BrushStyle.NoBrush)
        colour = tokens.text3 if self._stale() else tokens.series(1)
        painter.setPen(QPen(QColor(colour), unit * 0.08))
        painter.drawPath(path)
        if data.limit is None:
            return
        sample = self._console.dashboard().sample
        threshold = sample.value.thresholds.get(FigureName.DOWNLOADS_FAILURE_RATE) if sample else None
        hue = tokens.status(str(threshold.severity) if threshold else "P2")
        painter.setPen(QPen(QColor(hue), unit * 0.1))
        for points in breaches(data.ends, data.values, data.limit):
            painter.drawPolyline([place(at, value) for at, value in points])

    def _labels(self, painter: QPainter, plot: QRectF, data: ChartData, place: Place) -> None:
        """The newest whole step and the limit, at the right of where they are drawn."""
        tokens, unit = current().tokens, self._unit
        labels: list[tuple[float, str, int, str]] = []
        if data.limit is not None:
            y = place(data.ends[-1], data.limit.value).y()
            labels.append((y, data.limit.label, 400, tokens.text3))
        if (value := data.values[data.newest]) is not None:
            y = place(data.ends[data.newest], value).y()
            labels.append((y, data.named(value, data.name), 600, tokens.text))
        if data.alarming is not None:
            y = place(data.ends[-1], data.alarming).y()
            labels.append((y, f"{data.words(data.alarming)} {data.so_far_words.partition(',')[0]}", 600, tokens.text))
        labels.sort()
        free = apart([y for y, *_ in labels], unit * 1.4, plot.top(), plot.bottom())
        for y, (_, words, weight, ink) in zip(free, labels, strict=True):
            box = QRectF(plot.right() + unit * 0.5, y - unit * 0.75, unit * 7.0, unit * 1.5)
            draw_fitted(painter, box, words, wall_font(unit, weight), ink)
