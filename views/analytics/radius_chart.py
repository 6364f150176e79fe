"""Past events by day, with how many of them would not fit: a chart of the blast radius."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent

from views.kit.charts.data import nice_ticks
from views.kit.charts.painted import PaintedChart
from views.kit.painting import RIGHT, draw_words
from views.kit.theme import current, mixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.analytics.changes import Hit

SHARE = 0.72


class RadiusChart(PaintedChart):
    """Bars of all events, filled as far as they would not fit; a crosshair by pointer or keys."""

    margins, height_px = (48, 18, 92, 22), 132

    def __init__(self) -> None:
        super().__init__("Events by day that would not fit")
        self.days: Sequence[Hit] = ()
        self._cursor: int | None = None

    def show_days(self, days: Sequence[Hit]) -> None:
        """Draw these."""
        if days != self.days:
            self.days, self._cursor = days, None
            self._describe()
            self.update()

    def _describe(self) -> None:
        if self._cursor is not None:
            self.setAccessibleDescription(self._words(self.days[self._cursor]))
            return
        self.setAccessibleDescription("; ".join(map(self._words, self.days)))

    @staticmethod
    def _words(hit: Hit) -> str:
        day = date.fromisoformat(hit.name)
        return f"{day.day} {day:%b}: {hit.failing:,} of {hit.events:,} would not fit"

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        if self.days:
            self._draw(painter)
        else:
            box = QRectF(self.rect())
            draw_words(painter, "no events of these days", box, (9, 400), tokens.text2, Qt.AlignmentFlag.AlignHCenter)
        painter.setFont(theme.font(9))
        self.draw_focus(painter)

    def _draw(self, painter: QPainter) -> None:
        theme, tokens, plot = current(), current().tokens, self.plot()
        metrics = QFontMetricsF(theme.font(9))
        ticks = nice_ticks(max((each.events for each in self.days), default=0) or 1)
        step = plot.width() / len(self.days)

        def y(value: float) -> float:
            return plot.bottom() - value / ticks[-1] * plot.height()

        for tick in ticks:
            painter.fillRect(
                QRectF(plot.left(), round(y(tick)), plot.width(), 1), mixed(tokens.line, tokens.window, 0.55)
            )
            if tick == round(tick):
                box = QRectF(0, y(tick) - metrics.height() / 2, plot.left() - theme.px(8), metrics.height())
                draw_words(painter, f"{tick:,.0f}", box, (9, 400), tokens.text3, RIGHT)
        edge = -1e9
        for number, hit in enumerate(self.days):
            left, gap = plot.left() + number * step, max(1.0, step * 0.15)
            width = max(2.0, step - 2 * gap)
            whole = QRectF(left + gap, y(hit.events), width, plot.bottom() - y(hit.events))
            painter.fillRect(whole, mixed(tokens.series(2), tokens.window, 0.35))
            part = QRectF(left + gap, y(hit.failing), width, plot.bottom() - y(hit.failing))
            painter.fillRect(part, mixed(tokens.series(1), tokens.window, SHARE))
            day = date.fromisoformat(hit.name)
            words = f"{day.day} {day:%b}"
            wide = metrics.horizontalAdvance(words)
            at = left + step / 2 - wide / 2
            if at > edge:
                painter.setFont(theme.font(9))
                painter.setPen(QColor(tokens.text3))
                painter.drawText(QPointF(at, plot.bottom() + metrics.height()), words)
                edge = at + wide + theme.px(8)
        self._name(painter, plot)
        if self._cursor is not None:
            x = plot.left() + (self._cursor + 0.5) * step
            painter.fillRect(QRectF(round(x), plot.top(), 1, plot.height()), QColor(tokens.text))
            words = self._words(self.days[self._cursor])
            at = min(
                max(0.0, x - metrics.horizontalAdvance(words) / 2), self.width() - metrics.horizontalAdvance(words)
            )
            draw_words(painter, words, QRectF(at, 0, self.width(), plot.top()), (9, 400), tokens.text)

    def _name(self, painter: QPainter, plot: QRectF) -> None:
        theme, tokens = current(), current().tokens
        names = (
            ("fit", mixed(tokens.series(2), tokens.window, 0.35)),
            ("would not", mixed(tokens.series(1), tokens.window, SHARE)),
        )
        for number, (words, hue) in enumerate(names):
            top = plot.top() + number * theme.px(18)
            painter.fillRect(QRectF(plot.right() + theme.px(8), top + theme.px(4), theme.px(8), theme.px(8)), hue)
            box = QRectF(plot.right() + theme.px(20), top, theme.px(72), theme.px(16))
            draw_words(painter, words, box, (9, 400), tokens.text2)
        draw_words(
            painter,
            "days, UTC",
            QRectF(plot.right() + theme.px(8), plot.bottom(), theme.px(84), theme.px(18)),
            (9, 400),
            tokens.text3,
        )

    def _move(self, index: int | None) -> None:
        if self.days:
            self._cursor = None if index is None else min(max(index, 0), len(self.days) - 1)
            self._describe()
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        plot = self.plot()
        inside = plot.contains(event.position())
        share = (event.position().x() - plot.left()) / max(1.0, plot.width())
        self._move(int(share * len(self.days)) if inside else None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self.days:
            super().keyPressEvent(event)
            return
        start = len(self.days) if step < 0 else -1
        self._move((start if self._cursor is None else self._cursor) + step)
