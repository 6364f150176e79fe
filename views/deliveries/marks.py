"""How the state of a connection and its breaker are drawn: a shape and a word each, no green anywhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from models.deliveries.connections import Breaker, Connection, ConnectionState
from views.deliveries.wording import severity_of
from views.kit.theme import RADIUS, current
from views.kit.widgets.chip import draw_freshness, draw_severity, freshness_width, mark, severity_size

PAD = 6.0
CHIPPED = frozenset(ConnectionState) - {ConnectionState.OK, ConnectionState.OFF}
"""States that are said in a chip; the others are a quiet word."""


def draw_mark(painter: QPainter, connection: Connection, centre: QPointF, size: float) -> None:
    """The shape at the beginning of a row."""
    theme, tokens = current(), current().tokens
    severity = severity_of(connection)
    if severity:
        hue = tokens.status(severity)
        mark(painter, severity, centre, size, hue, filled=_is_filled(connection))
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    quiet = QColor(tokens.text3)
    half, x, y = size / 2, centre.x(), centre.y()
    match connection.state:
        case ConnectionState.OK:
            mark(painter, "good", centre, size * 0.72, tokens.text3, filled=False)
        case ConnectionState.LATE:
            painter.setPen(QPen(QColor(tokens.text2), 1.4 * theme.font_scale))
            painter.drawEllipse(centre, half, half)
            painter.drawPolyline([QPointF(x, y - half * 0.55), centre, QPointF(x + half * 0.45, y)])
        case ConnectionState.PAUSED:
            draw_bars(painter, centre, size * 0.8, QColor(tokens.text2))
        case _:
            painter.setPen(QPen(quiet, 1.4 * theme.font_scale))
            painter.drawEllipse(centre, half * 0.8, half * 0.8)
    painter.restore()


def draw_bars(painter: QPainter, centre: QPointF, size: float, ink: QColor) -> None:
    """The two bars of what is paused."""
    painter.setPen(QPen(ink, max(1.4, size / 6)))
    for across in (-size / 4, size / 4):
        top, bottom = centre.y() - size / 2, centre.y() + size / 2
        painter.drawLine(QPointF(centre.x() + across, top), QPointF(centre.x() + across, bottom))


def chip_width(connection: Connection) -> float:
    """Room the chip of a state needs."""
    words = str(connection.state)
    if severity := severity_of(connection):
        return severity_size(severity, words).width()
    if connection.state is ConnectionState.LATE:
        return freshness_width(words)
    theme = current()
    return 2 * theme.px(PAD) + theme.width(words, 9, 600) + theme.px(14)


def draw_chip(painter: QPainter, connection: Connection, box: QRectF, under: str) -> None:
    """The chip of a state that needs attention."""
    theme, tokens, words = current(), current().tokens, str(connection.state)
    if severity := severity_of(connection):
        draw_severity(painter, box, severity, words, filled=_is_filled(connection))
    elif connection.state is ConnectionState.LATE:
        draw_freshness(painter, box, words, under)
    else:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.control_border), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        left = box.left() + theme.px(PAD)
        draw_bars(painter, QPointF(left + theme.px(4), box.center().y()), theme.height(9) * 0.6, QColor(tokens.text2))
        painter.setFont(theme.font(9, 600))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(box.adjusted(theme.px(PAD + 14), 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, words)
        painter.restore()


def draw_breaker(painter: QPainter, breaker: Breaker, left: float, middle: float, ink: QColor) -> float:
    """A switch: a through line, a lifted arm, or a dashed one. Returns its width."""
    theme = current()
    unit = theme.px(4)
    wide = 5 * unit
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(ink, 1.4 * theme.font_scale))
    near, far = QPointF(left + 1.5 * unit, middle), QPointF(left + 3.5 * unit, middle)
    painter.drawLine(QPointF(left, middle), near)
    painter.drawLine(far, QPointF(left + wide, middle))
    painter.setBrush(ink)
    for point in (near, far):
        painter.drawEllipse(point, unit / 4, unit / 4)
    if breaker is Breaker.HALF_OPEN:
        painter.setPen(QPen(ink, 1.4 * theme.font_scale, Qt.PenStyle.DotLine))
    lifted = 0.0 if breaker is Breaker.CLOSED else unit if breaker is Breaker.OPEN else unit * 0.5
    painter.drawLine(near, QPointF(far.x() - (unit / 4 if lifted else 0), middle - lifted))
    painter.restore()
    return wide


def _is_filled(connection: Connection) -> bool:
    return severity_of(connection) == "P2"


class StateChip(QWidget):
    """The state of a connection, as a widget."""

    def __init__(self) -> None:
        super().__init__()
        self._connection: Connection | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, connection: Connection) -> None:
        """Say how this one does."""
        theme, self._connection = current(), connection
        self.setAccessibleName(f"State: {connection.state}")
        wide = chip_width(connection) if connection.state in CHIPPED else theme.width(connection.state, 10) + 24
        self.setFixedSize(round(wide) + theme.px(8), round(theme.height(9, 600)) + theme.px(10))
        self.update()

    def paintEvent(self, _event: object) -> None:
        connection, tokens = self._connection, current().tokens
        if connection is None:
            return
        painter, box = QPainter(self), QRectF(self.rect())
        if connection.state in CHIPPED:
            draw_chip(painter, connection, box, tokens.window)
            return
        size = current().px(12)
        draw_mark(painter, connection, QPointF(size / 2 + 2, box.center().y()), size)
        painter.setFont(current().font(10))
        painter.setPen(QColor(tokens.text2))
        painter.drawText(box.adjusted(size + 8, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(connection.state))
