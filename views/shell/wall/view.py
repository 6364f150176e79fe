"""The wall display: one alert, three figures, one chart a page; type sized by screen and viewing distance.

Capital letters are at least 0.00465 x the viewing distance high. No write action, no focus, no chrome.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from app.alerts.domain import Alerts
from app.core.figure_set import Figure
from app.core.freshness import Quality, age_words, long_age_words
from app.core.link import LinkState
from views.kit import fonts
from views.kit.theme import current
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from app.console import Console
    from models.alerts import Alert
    from views.kit.charts.data import ChartData

CAPITAL_PER_DISTANCE = 0.00465
CAPITAL_PER_SIZE = 0.727
"""Height of a capital letter of Inter as a share of its pixel size."""
PAGE_SECONDS = 15
MM_PER_INCH = 25.4
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class WallPage:
    """Three figures and the chart below them."""

    figures: tuple[str, str, str]
    chart: str
    title: str
    series: int = 1


PAGES = (
    WallPage(("revenue.daily", "orders.total", "downloads.failureRate"), "failure_rate", "Download failure rate"),
    WallPage(("revenue.weekly", "revenue.monthly", "orders.refunded"), "revenue", "Revenue"),
    WallPage(("orders.pending", "downloads.total", "community.discordMembers"), "orders", "Orders"),
)


def smallest_type(height_px: int, width_px: int, diagonal_inches: float, distance_metres: float) -> float:
    """Pixel size of the smallest type, so that it is read from that far; what the screen can hold at most."""
    ratio = width_px / max(1, height_px)
    height_mm = diagonal_inches * MM_PER_INCH / math.hypot(ratio, 1)
    wanted = distance_metres * 1000 * CAPITAL_PER_DISTANCE / CAPITAL_PER_SIZE * height_px / height_mm
    return min(max(wanted, height_px / 60), height_px / 20, width_px / 34)


class WallView(QWidget):
    """Rotates through its pages; Space pauses, arrows turn pages, Esc or F11 leaves."""

    def __init__(self, console: Console) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("opsconsole wall")
        self.setAccessibleName("Wall display")
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._console = console
        self.page = 0
        self.paused = False
        self._turned = 0
        self._watch = console.dashboard().watch()
        self._alerts = console.of(Alerts).list().watch()
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        console.figures_changed.connect(self.repaint_soon)
        console.time.changed.connect(self._rewatch)

    def repaint_soon(self) -> None:
        """Figures have arrived."""
        self.update()

    def turn(self, step: int) -> None:
        """Another page."""
        self.page = (self.page + step) % len(PAGES)
        self._turned = 0
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_F11:
                self.close()
            case Qt.Key.Key_Space:
                self.paused = not self.paused
                self.update()
            case Qt.Key.Key_Right:
                self.turn(1)
            case Qt.Key.Key_Left:
                self.turn(-1)
            case _:
                super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._second.stop()
        self._watch.close()
        self._alerts.close()
        super().closeEvent(event)

    def _rewatch(self) -> None:
        self._watch.close()
        self._alerts.close()
        self._watch, self._alerts = self._console.dashboard().watch(), self._console.of(Alerts).list().watch()
        self.update()

    def _tick(self) -> None:
        self._turned += 1
        if not self.paused and self._turned >= PAGE_SECONDS:
            self.turn(1)
        self.update()

    # --- drawing -----------------------------------------------------------------------------------------------

    def _font(self, units: float, weight: int = 400) -> QFont:
        font = QFont(fonts.make(10, weight))
        font.setPixelSize(max(1, round(self._unit * units)))
        return font

    def paintEvent(self, _event: QPaintEvent) -> None:
        settings = self._console.settings
        self._unit = smallest_type(
            self.height(), self.width(), settings.screen_diagonal_inches, settings.viewing_distance_metres
        )
        unit = self._unit
        tokens = current().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(tokens.base))
        edge, gap = unit * 0.45, unit * 0.45
        head = QRectF(0, 0, self.width(), unit * 2.1)
        self._head(painter, head)
        room = QRectF(
            edge, head.bottom() + gap, self.width() - 2 * edge, self.height() - head.bottom() - gap - unit * 1.5
        )
        top = room.top()
        alert = self._worst()
        if alert is not None:
            bar = QRectF(room.left(), top, room.width(), unit * 2.8)
            self._alert(painter, bar, alert)
            top = bar.bottom() + gap
        page = PAGES[self.page]
        tall = min(unit * 6.7, (room.bottom() - top) * 0.55)
        wide = (room.width() - 2 * gap) / 3
        shown = {f.name: f for f in self._console.figures.figures} if self._console.figures else {}
        for number, name in enumerate(page.figures):
            box = QRectF(room.left() + number * (wide + gap), top, wide, tall)
            self._tile(painter, box, shown.get(name))
        top += tall + gap
        self._chart(painter, QRectF(room.left(), top, room.width(), room.bottom() - top), page)
        self._dots(painter)

    def _stale(self) -> bool:
        return self._console.quality() in {Quality.STALE, Quality.DISCONNECTED}

    def _head(self, painter: QPainter, box: QRectF) -> None:
        tokens, unit, console = current().tokens, self._unit, self._console
        painter.save()
        painter.setClipRect(QRectF(0, 0, unit * 0.95, box.height()))
        painter.setPen(QPen(QColor(tokens.text2), unit * 0.1))
        step = unit * 0.28
        for n in range(round((box.height() + unit) / step) + 1):
            x = -box.height() + n * step
            painter.drawLine(QPointF(x, box.height()), QPointF(x + box.height(), 0))
        painter.restore()
        painter.fillRect(QRectF(0, box.bottom() - 2, box.width(), 2), QColor(tokens.line))
        inner = box.adjusted(unit * 1.45, 0, -unit * 1.3, 0)
        clock = f"{console.clock.now():%H:%M:%S}"
        right = inner.right()
        for text, weight, colour, space in ((" UTC", 400, tokens.text2, 0.0), (clock, 600, tokens.text, 0.8)):
            font = self._font(1, weight)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            width = QFontMetricsF(font).horizontalAdvance(text)
            painter.drawText(QRectF(right - width, box.top(), width, box.height()), RIGHT, text)
            right -= width + unit * space
        words, inverse = self._link_words()
        font = self._font(1, 600 if inverse else 400)
        width = QFontMetricsF(font).horizontalAdvance(words) + (unit * 0.8 if inverse else 0)
        place = QRectF(right - width, box.top() + box.height() * 0.14, width, box.height() * 0.72)
        if inverse:
            painter.fillRect(place, QColor(tokens.text2))
        painter.setFont(font)
        painter.setPen(QColor(tokens.base if inverse else tokens.text2))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
        room = place.left() - inner.left() - unit * 0.5
        font = self._font(1, 600)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text))
        name = QFontMetricsF(font).elidedText(console.environment or "opsconsole", Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(inner.left(), box.top(), room, box.height()), LEFT, name)

    def _link_words(self) -> tuple[str, bool]:
        console = self._console
        if console.time.as_of is not None:
            return f"As of {console.time.as_of:%Y-%m-%d %H:%M} UTC", True
        figures = console.figures
        elapsed = console.figures_elapsed()
        if figures is None:
            return "No data yet", True
        age = elapsed if elapsed is not None else max(0.0, console.clock.now().timestamp() - figures.received_at)
        if console.link.state is LinkState.DOWN:
            return f"Link lost · {long_age_words(age)} old", True
        if self._stale():
            return f"Stale · {long_age_words(age)} old", True
        return "Link up", False

    def _worst(self) -> Alert | None:
        sample = self._console.of(Alerts).list().sample
        waiting = [a for a in sample.value if a.state == "active" and a.shelved_until is None] if sample else []
        return min(waiting, key=lambda a: (a.severity, a.raised_at), default=None)

    def _alert(self, painter: QPainter, box: QRectF, alert: Alert) -> None:
        tokens, unit = current().tokens, self._unit
        hue = tokens.status(str(alert.severity))
        painter.setPen(QPen(QColor(hue), unit * 0.1))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), unit * 0.1, unit * 0.1)
        chip = QRectF(box.left() + unit * 0.6, box.center().y() - unit * 0.8, unit * 3.3, unit * 1.6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(hue))
        painter.drawRoundedRect(chip, unit * 0.1, unit * 0.1)
        ink = tokens.ink_on(hue)
        mark(
            painter,
            str(alert.severity),
            QPointF(chip.left() + unit * 0.75, chip.center().y()),
            unit * 0.8,
            ink,
            filled=True,
        )
        painter.setFont(self._font(1, 600))
        painter.setPen(QColor(ink))
        painter.drawText(chip.adjusted(unit * 1.35, 0, 0, 0), LEFT, str(alert.severity))
        age = age_words((self._console.shown_at - alert.raised_at).total_seconds())
        right = box.adjusted(0, 0, -unit * 0.8, 0)
        painter.setFont(self._font(1))
        painter.setPen(QColor(tokens.text))
        painter.drawText(right, RIGHT, age)
        room = right.right() - QFontMetricsF(self._font(1)).horizontalAdvance(age) - chip.right() - unit
        font = self._font(1.15, 600)
        painter.setFont(font)
        title = QFontMetricsF(font).elidedText(alert.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(chip.right() + unit * 0.6, box.top(), room, box.height()), LEFT, title)

    def _tile(self, painter: QPainter, box: QRectF, figure: Figure | None) -> None:
        theme, unit = current(), self._unit
        tokens = theme.tokens
        stale = self._stale()
        broken = figure is not None and figure.state in {"breached", "acknowledged"}
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
        painter.setFont(self._font(1, 600 if figure.late else 400))
        painter.setPen(QColor(tokens.text if figure.late else tokens.text2))
        painter.drawText(head, RIGHT, words)
        room = head.width() - QFontMetricsF(self._font(1, 600)).horizontalAdvance(words) - unit * 0.4
        self._fitted(painter, QRectF(head.left(), head.top(), room, head.height()), figure.title, tokens.text2, 400)
        middle = QRectF(inner.left(), head.bottom(), inner.width(), foot.top() - head.bottom())
        self._value(painter, middle, figure, stale=stale)
        if figure.breach and figure.state == "breached":
            hue = tokens.status(figure.severity)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(hue))
            painter.drawRoundedRect(foot, unit * 0.1, unit * 0.1)
            ink = tokens.ink_on(hue)
            mark(
                painter,
                figure.severity,
                QPointF(foot.left() + unit * 0.75, foot.center().y()),
                unit * 0.7,
                ink,
                filled=True,
            )
            self._fitted(painter, foot.adjusted(unit * 1.4, 0, -unit * 0.2, 0), figure.breach, ink, 600)
        else:
            self._fitted(painter, foot, figure.breach or figure.change or figure.note, tokens.text2, 600)

    def _fitted(self, painter: QPainter, box: QRectF, text: str, colour: str, weight: int) -> None:
        font = self._font(1, weight)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(box, LEFT, QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width()))

    def _value(self, painter: QPainter, box: QRectF, figure: Figure, *, stale: bool) -> None:
        tokens, unit = current().tokens, self._unit
        if not figure.value:
            self._fitted(painter, box, "no data", tokens.text2, 600)
            return
        font = self._font(2.2, 600)
        for size in (2.2, 1.9, 1.6, 1.3, 1.0):
            font = self._font(size, 600)
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
        small = self._font(1)
        if width + QFontMetricsF(small).horizontalAdvance(figure.unit) <= box.width():
            painter.setFont(small)
            painter.setPen(QColor(tokens.text2))
            base = box.center().y() + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(box.left() + width, base), figure.unit)

    def _chart(self, painter: QPainter, box: QRectF, page: WallPage) -> None:
        sample = self._console.dashboard().sample
        tokens, unit = current().tokens, self._unit
        painter.setPen(QPen(QColor(tokens.tile_line), 2))
        painter.setBrush(QColor(tokens.tile))
        painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), unit * 0.1, unit * 0.1)
        if sample is None or box.height() < unit * 4:
            return
        from views.dashboard import series
        from views.kit.charts.data import nice_ticks, time_ticks

        data: ChartData = getattr(series, page.chart)(sample.value)
        head = QRectF(box.left() + unit * 0.6, box.top() + unit * 0.25, box.width() - unit * 1.2, unit * 1.5)
        self._fitted(painter, head, f"{page.title}, {sample.value.range} d, {data.unit}", tokens.text2, 400)
        plot = QRectF(
            box.left() + unit * 2.7,
            head.bottom() + unit * 0.2,
            box.width() - unit * 9.4,
            box.bottom() - head.bottom() - unit * 2.0,
        )
        known = [v for v in data.values if v is not None]
        if not known:
            self._fitted(painter, plot, "no data", tokens.text2, 600)
            return
        top = nice_ticks(max([*known, data.limit.value if data.limit else 0.0]))[-1]
        start, end = data.starts[0], data.ends[-1]

        def place(at: float, value: float) -> QPointF:
            x = plot.left() + (at - start) / (end - start) * plot.width()
            return QPointF(x, plot.bottom() - value / top * plot.height())

        painter.setPen(QPen(QColor(tokens.text3), 2))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setFont(self._font(1))
        painter.setPen(QColor(tokens.text3))
        painter.drawText(
            QRectF(plot.left() - unit * 2.2, plot.bottom() - unit * 0.75, unit * 1.9, unit * 1.5), RIGHT, "0"
        )
        days = [tick for tick in time_ticks(start, end) if tick[1] != "12:00"]
        step = max(1, math.ceil(len(days) * unit * 4.6 / plot.width()))
        for at, label in days[::step]:
            x = place(at, 0).x()
            painter.drawText(
                QRectF(x - unit * 2.4, plot.bottom() + unit * 0.15, unit * 4.8, unit * 1.5),
                Qt.AlignmentFlag.AlignCenter,
                label,
            )
        ends = self._limit(painter, plot, data, place)
        self._line(painter, data, place, page)
        self._newest(painter, plot, data, place, ends)

    def _limit(self, painter: QPainter, plot: QRectF, data: ChartData, place: object) -> float | None:
        if data.limit is None:
            return None
        tokens, unit = current().tokens, self._unit
        y = place(data.ends[-1], data.limit.value).y()  # type: ignore[operator]
        painter.setPen(QPen(QColor(tokens.text2), max(2.0, unit * 0.03), Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setFont(self._font(1))
        painter.setPen(QColor(tokens.text3))
        painter.drawText(
            QRectF(plot.right() + unit * 0.5, y - unit * 0.75, unit * 6.2, unit * 1.5), LEFT, data.limit.label
        )
        return float(y)

    def _line(self, painter: QPainter, data: ChartData, place: object, page: WallPage) -> None:
        from views.kit.charts.data import breaches

        tokens, unit = current().tokens, self._unit
        path, drawing = QPainterPath(), False
        for end, value in zip(data.ends, data.values, strict=True):
            if value is None:
                drawing = False
                continue
            point = place(end, value)  # type: ignore[operator]
            path.lineTo(point) if drawing else path.moveTo(point)
            drawing = True
        painter.setBrush(Qt.BrushStyle.NoBrush)
        colour = tokens.text3 if self._stale() else tokens.series(page.series)
        painter.setPen(QPen(QColor(colour), unit * 0.08))
        painter.drawPath(path)
        if data.limit is None:
            return
        sample = self._console.dashboard().sample
        threshold = sample.value.thresholds.get("downloads.failureRate") if sample else None  # type: ignore[call-overload]
        hue = tokens.status(str(threshold.severity) if threshold else "P2")
        painter.setPen(QPen(QColor(hue), unit * 0.1))
        for points in breaches(data.ends, data.values, data.limit):
            self._polyline(painter, [place(at, value) for at, value in points])  # type: ignore[operator]

    @staticmethod
    def _polyline(painter: QPainter, points: Sequence[QPointF]) -> None:
        painter.drawPolyline(list(points))

    def _newest(self, painter: QPainter, plot: QRectF, data: ChartData, place: object, limit_y: float | None) -> None:
        value = data.values[data.newest]
        if value is None:
            return
        tokens, unit = current().tokens, self._unit
        y = place(data.ends[data.newest], value).y()  # type: ignore[operator]
        if limit_y is not None and abs(y - limit_y) < unit * 1.3:
            y = limit_y - unit * 1.4 if y <= limit_y else limit_y + unit * 1.4
        y = min(max(y, plot.top()), plot.bottom())
        painter.setFont(self._font(1, 600))
        painter.setPen(QColor(tokens.text))
        painter.drawText(
            QRectF(plot.right() + unit * 0.5, y - unit * 0.75, unit * 6.2, unit * 1.5), LEFT, data.words(value)
        )

    def _dots(self, painter: QPainter) -> None:
        tokens, unit = current().tokens, self._unit
        x = self.width() / 2 - (len(PAGES) - 1) * unit * 0.4
        y = self.height() - unit * 0.75
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(len(PAGES)):
            painter.setBrush(QColor(tokens.text if number == self.page else tokens.line))
            painter.drawEllipse(QPointF(x + number * unit * 0.8, y), unit * 0.18, unit * 0.18)
        if self.paused:
            painter.setFont(self._font(1))
            painter.setPen(QColor(tokens.text2))
            painter.drawText(QRectF(0, y - unit * 0.8, self.width() - unit, unit * 1.6), RIGHT, "paused")
