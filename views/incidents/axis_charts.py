"""A chart below the lanes, on their axis: title with the newest value, line or bars, limit, the crosshair's value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from views.kit.charts.data import apart, nice_ticks
from views.kit.theme import current, mixed

if TYPE_CHECKING:
    from views.incidents.axis_data import Curve

HEAD, GAP = 34, 8


class Places(Protocol):
    """Where instants stand."""

    @property
    def now_at(self) -> float:
        """The console's clock."""

    @property
    def cursor_at(self) -> float | None:
        """The instant under the crosshair."""

    def x_of(self, at: float) -> float:
        """Where an instant stands."""

    def width(self) -> int:
        """Of all of it."""


def draw_chart(painter: QPainter, curve: Curve, box: QRectF, places: Places, now_x: float) -> None:
    """Draw it into a box, whose sides are those of the lanes."""
    theme, tokens = current(), current().tokens
    _head(painter, curve, box)
    plot = box.adjusted(0, theme.px(HEAD), 0, -theme.px(GAP))
    painter.setFont(theme.font(9))
    metrics = QFontMetricsF(painter.font())
    known = [value for value in curve.values if value is not None]
    if not known:
        painter.setPen(QColor(tokens.text3))
        painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, "no data")
        return
    most = max(1, min(4, int(plot.height() / (metrics.height() * 1.6))))
    marks = nice_ticks(max([*known, curve.limit or 0.0]), most)
    top = marks[-1]

    def y_of(value: float) -> float:
        return plot.bottom() - value / top * plot.height()

    for tick in marks:
        painter.setPen(mixed(tokens.line, tokens.window, 0.5))
        painter.drawLine(QPointF(plot.left(), y_of(tick)), QPointF(plot.right(), y_of(tick)))
        painter.setPen(QColor(tokens.text3))
        words = f"{tick:,.0f}" if tick == round(tick) else f"{tick:,.1f}"
        side = QRectF(0, y_of(tick) - metrics.height() / 2, plot.left() - theme.px(8), metrics.height())
        painter.drawText(side, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
    painter.save()
    painter.setClipRect(plot.adjusted(0, -3, 0, 1))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    hue = tokens.series(curve.series)
    if curve.bars:
        _bars(painter, curve, places, y_of(0), hue, plot.height() / top)
    else:
        for stretch in _stretches(curve):
            painter.setPen(QPen(QColor(hue), 2))
            painter.drawPolyline(QPolygonF([QPointF(places.x_of(at), y_of(value)) for at, value in stretch]))
    painter.restore()
    if curve.limit is not None:
        painter.setPen(QPen(QColor(tokens.text2), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(plot.left(), y_of(curve.limit)), QPointF(now_x, y_of(curve.limit)))
    _ends(painter, curve, plot, y_of(curve.newest or 0), y_of(curve.limit) if curve.limit is not None else None, places)
    _value(painter, curve, plot, places)


def _head(painter: QPainter, curve: Curve, box: QRectF) -> None:
    theme, tokens = current(), current().tokens
    left = theme.px(12)
    line = QRectF(left, box.top() + theme.px(4), box.right() - left, theme.px(HEAD - 14))
    for words, weight, colour in (
        (curve.title, 600, tokens.text),
        (curve.words(curve.newest), 600, tokens.text),
        ("" if curve.limit is None else f"limit {curve.words(curve.limit)}", 400, tokens.text2),
    ):
        painter.setFont(theme.font(9, weight))
        painter.setPen(QColor(colour))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, words)
        line.setLeft(line.left() + QFontMetricsF(painter.font()).horizontalAdvance(words) + theme.px(12))


def _stretches(curve: Curve) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = []
    running: list[tuple[float, float]] = []
    for at, value in zip(curve.ends, curve.values, strict=True):
        if value is None:
            found.append(running)
            running = []
        else:
            running.append((at, value))
    return [stretch for stretch in (*found, running) if stretch]


def _bars(painter: QPainter, curve: Curve, places: Places, base: float, hue: str, scale: float) -> None:
    tokens = current().tokens
    for at, value in zip(curve.ends, curve.values, strict=True):
        if not value:
            continue
        left, right = places.x_of(at - curve.step), places.x_of(at)
        whole = at <= places.now_at  # one that is still filling is hollow
        painter.setPen(QPen(QColor(hue), 1))
        painter.setBrush(mixed(hue, tokens.window, 0.45) if whole else Qt.BrushStyle.NoBrush)
        painter.drawRect(QRectF(left + 1, base - value * scale, max(1.0, right - left - 2), value * scale))


def _ends(painter: QPainter, curve: Curve, plot: QRectF, newest: float, limit: float | None, places: Places) -> None:
    """What the line and the limit are, right of them."""
    theme, tokens = current(), current().tokens
    labels = [
        (
            newest,
            f"{curve.name} {curve.words(curve.newest)}",
            tokens.text if curve.bars else tokens.series(curve.series),
        )
    ]
    if limit is not None:
        labels.append((limit, f"limit {curve.words(curve.limit)}", tokens.text2))
    labels.sort()
    painter.setFont(theme.font(9))
    metrics = QFontMetricsF(painter.font())
    free = apart([y for y, *_ in labels], metrics.height(), plot.top(), plot.bottom())
    left = plot.right() + theme.px(8)
    for y, (_, words, colour) in zip(free, labels, strict=True):
        painter.setPen(QColor(colour))
        room = QRectF(left, y - metrics.height() / 2, places.width() - left - 4, metrics.height())
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)


def _value(painter: QPainter, curve: Curve, plot: QRectF, places: Places) -> None:
    """The value under the crosshair, beside its line."""
    at = places.cursor_at
    if at is None or not plot.left() <= places.x_of(at) <= plot.right():
        return
    theme, tokens = current(), current().tokens
    painter.setFont(theme.font(9, 600))
    words = curve.words(curve.at(at))
    wide = QFontMetricsF(painter.font()).horizontalAdvance(words) + theme.px(10)
    x = places.x_of(at)
    left = x - wide - theme.px(4) if x - wide - theme.px(4) > plot.left() else x + theme.px(4)
    box = QRectF(left, plot.top() + 2, wide, theme.px(18))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.raised))
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(QColor(tokens.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
