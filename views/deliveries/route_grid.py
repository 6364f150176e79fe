"""Who hears of what, as a grid: teams by connections by severities; a dot goes at once, a ring once a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from models.alerts import Severity
from models.deliveries.connections import Connection, ConnectionKind, ConnectionState
from models.deliveries.routing import RouteMode, RouteRequest, Team
from views.deliveries.wording import KINDS, STOPPED
from views.kit.theme import current, mixed
from views.kit.widgets.chip import mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from models.deliveries.routing import RouteGap, RouteMap

CELL, ROW, NAME, HEAD = 20, 24, 84, 38
"""Pixels at 100 % font: of a cell, a row, the names of teams, and of the head."""
LEAST_CELL, LEAST_ROW = 15, 17
"""Where there is less room, it scrolls."""
MOST_CELL = 44
"""Where there is more, columns are as wide as that: then their names are whole, and rows still hold together."""
TEAMS, SEVERITIES = tuple(Team), tuple(Severity)
ORDER = (
    ConnectionKind.PAGERDUTY,
    ConnectionKind.SLACK,
    ConnectionKind.DISCORD,
    ConnectionKind.SENDGRID,
    ConnectionKind.SMTP,
    ConnectionKind.WEBHOOK,
)
NEXT = {None: RouteMode.AT_ONCE, RouteMode.AT_ONCE: RouteMode.DAILY, RouteMode.DAILY: None}
MODE_WORDS = {None: "not sent", RouteMode.AT_ONCE: "at once", RouteMode.DAILY: "daily at 08:00 UTC"}
SILENT = STOPPED | {ConnectionState.PAUSED, ConnectionState.OFF}


class Cell(NamedTuple):
    """A place in the grid."""

    team: Team
    connection: str
    severity: Severity


def columns_of(
    connections: Iterable[Connection], routes: RouteMap | None, *, offered: bool = False
) -> list[Connection]:
    """The connections that people can be told by: pagers first; one that is off only where a route names it.

    ``offered`` shows those too that nothing goes to yet.
    """
    named = {route.connection_id for route in routes.routes} if routes is not None else set()
    usual = frozenset(ORDER) - {ConnectionKind.WEBHOOK}
    found = [
        each
        for each in connections
        if each.settings.kind in ORDER
        and (each.id in named or offered or (each.settings.kind in usual and each.state is not ConnectionState.OFF))
    ]
    return sorted(found, key=lambda each: (ORDER.index(each.settings.kind), each.name.casefold()))


class RouteGrid(QWidget):
    """The grid; where it may be edited, Space and a click go from cell to cell's next mode."""

    edited = Signal()
    moved = Signal(int, int)
    """Carries the middle of the cell that has the cursor now, pixels."""

    def __init__(self, *, editable: bool = False) -> None:
        super().__init__()
        self.columns: list[Connection] = []
        self.modes: dict[Cell, RouteMode] = {}
        self._gaps: tuple[RouteGap, ...] = ()
        self._editable = editable
        self._cursor = (0, 0)
        self._cell_wide, self._row_high = CELL, ROW
        self.setAccessibleName("Who hears of what")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        current().changed.connect(self.updateGeometry)

    def show_routes(self, columns: Sequence[Connection], routes: RouteMap | None) -> None:
        """Draw these."""
        self.columns = list(columns)
        found = routes.routes if routes is not None else ()
        self.modes = {Cell(each.team, each.connection_id, each.severity): each.mode for each in found}
        self._gaps = routes.gaps if routes is not None else ()
        self._clamp()
        self.updateGeometry()
        self.adjustSize()
        self.update()

    @property
    def requests(self) -> list[RouteRequest]:
        """The map as it stands in the grid."""
        return [
            RouteRequest(team=cell.team, severity=cell.severity, connection_id=cell.connection, mode=mode)
            for cell, mode in sorted(self.modes.items(), key=lambda item: tuple(map(str, item[0])))
        ]

    # --- sizes -------------------------------------------------------------------------------------------------

    def fit(self, room: QSize) -> None:
        """Take no more room than there is, as far as cells can be told apart."""
        scale, many = current().font_scale, max(1, len(self.columns)) * len(SEVERITIES)
        wide = int((room.width() / scale - NAME - 4) / many)
        high = int((room.height() / scale - HEAD - 2) / len(TEAMS))
        self._cell_wide = min(MOST_CELL, max(LEAST_CELL, wide))
        self._row_high = min(ROW, max(LEAST_ROW, high))
        self.updateGeometry()
        self.adjustSize()
        self.update()

    @property
    def least_height(self) -> int:
        """Pixels at which all teams can be told apart."""
        return current().px(HEAD + len(TEAMS) * LEAST_ROW + 2)

    @property
    def _wide(self) -> int:
        return len(SEVERITIES) * self._cell_wide

    def sizeHint(self) -> QSize:
        px = current().px
        return QSize(px(NAME + len(self.columns) * self._wide + 4), px(HEAD + len(TEAMS) * self._row_high + 2))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _box(self, row: int, column: int) -> QRectF:
        px = current().px
        wide, high = px(self._cell_wide), px(self._row_high)
        return QRectF(px(NAME) + column * wide, px(HEAD) + row * high, wide, high)

    def _cell(self, row: int, column: int) -> Cell:
        return Cell(TEAMS[row], self.columns[column // len(SEVERITIES)].id, SEVERITIES[column % len(SEVERITIES)])

    def _at(self, point: QPointF) -> tuple[int, int] | None:
        px = current().px
        row = int((point.y() - px(HEAD)) // px(self._row_high))
        column = int((point.x() - px(NAME)) // px(self._cell_wide))
        inside = 0 <= row < len(TEAMS) and 0 <= column < len(self.columns) * len(SEVERITIES)
        return (row, column) if inside else None

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, tokens, painter = current(), current().tokens, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, connection in enumerate(self.columns):
            self._draw_head(painter, number, connection)
        bottom = self._box(len(TEAMS), 0).top()
        for row, team in enumerate(TEAMS):
            top = self._box(row, 0).top()
            painter.fillRect(QRectF(0, top, self.width(), 1), mixed(tokens.line, tokens.window, 0.6))
            painter.setFont(theme.font(10))
            painter.setPen(QColor(tokens.text))
            place = QRectF(theme.px(4), top, theme.px(NAME), theme.px(self._row_high))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, str(team).capitalize())
            for column in range(len(self.columns) * len(SEVERITIES)):
                self._draw_cell(painter, row, column)
        for number in range(1, len(self.columns)):
            left = self._box(0, number * len(SEVERITIES)).left()
            painter.fillRect(QRectF(left, theme.px(4), 1, bottom - theme.px(4)), QColor(tokens.line))
        self._draw_gaps(painter)
        if self.hasFocus() and self.columns:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.accent), 2))
            painter.drawRoundedRect(self._box(*self._cursor).adjusted(1, 1, -1, -1), 3, 3)

    def _draw_head(self, painter: QPainter, number: int, connection: Connection) -> None:
        theme, tokens = current(), current().tokens
        first = self._box(0, number * len(SEVERITIES))
        wide, left = len(SEVERITIES) * first.width(), first.left()
        if connection.state in SILENT:
            below = QRectF(left, first.top(), wide, len(TEAMS) * first.height())
            painter.fillRect(below, theme.hatch(tokens.window))
        painter.setFont(theme.font(9, 600))
        painter.setPen(QColor(tokens.text3 if connection.state in SILENT else tokens.text))
        words = painter.fontMetrics().elidedText(
            self._short_name(connection), Qt.TextElideMode.ElideRight, int(wide) - 6
        )
        painter.drawText(QRectF(left + 3, theme.px(2), wide - 6, theme.px(17)), Qt.AlignmentFlag.AlignCenter, words)
        for place, severity in enumerate(SEVERITIES):
            centre = QPointF(left + (place + 0.5) * first.width(), theme.px(28))
            mark(painter, severity, centre, theme.px(7), tokens.status(severity), filled=True)

    def _short_name(self, connection: Connection) -> str:
        """The kind, where there is only one of it."""
        kinds = [each.settings.kind for each in self.columns]
        alone = kinds.count(connection.settings.kind) == 1
        return KINDS[connection.settings.kind] if alone else connection.name

    def _draw_cell(self, painter: QPainter, row: int, column: int) -> None:
        theme, tokens = current(), current().tokens
        connection = self.columns[column // len(SEVERITIES)]
        ink = QColor(tokens.text3 if connection.state in SILENT else tokens.text)
        centre, mode = self._box(row, column).center(), self.modes.get(self._cell(row, column))
        if mode is RouteMode.AT_ONCE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawEllipse(centre, theme.px(3), theme.px(3))
        elif mode is RouteMode.DAILY:
            painter.setPen(QPen(ink, 1.3 * theme.font_scale))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, theme.px(3), theme.px(3))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.text3))
            painter.drawEllipse(centre, 0.8, 0.8)

    def _draw_gaps(self, painter: QPainter) -> None:
        tokens = current().tokens
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.p3), 1.5))
        for gap in self._gaps:
            number = self._column_of(gap)
            if number is None:
                continue
            row, places = TEAMS.index(gap.team), sorted(SEVERITIES.index(each) for each in gap.severities)
            for first, last in _runs(places):
                begin = self._box(row, number * len(SEVERITIES) + first)
                box = begin.united(self._box(row, number * len(SEVERITIES) + last))
                painter.drawRoundedRect(box.adjusted(1.5, 3.5, -1.5, -3.5), 3, 3)

    def _column_of(self, gap: RouteGap) -> int | None:
        """Where the hole is drawn: where the team is told of it in vain, or else where it is told most."""
        if not self.columns:
            return None

        def told(number: int) -> tuple[int, int]:
            cells = [Cell(gap.team, self.columns[number].id, each) for each in SEVERITIES]
            vain = sum(cell in self.modes for cell in cells if cell.severity in gap.severities)
            return vain, sum(cell in self.modes for cell in cells)

        return max(range(len(self.columns)), key=told)

    # --- people ------------------------------------------------------------------------------------------------

    def words(self, row: int, column: int) -> str:
        """A cell as a sentence."""
        cell, connection = self._cell(row, column), self.columns[column // len(SEVERITIES)]
        silent = f", which is {connection.state}" if connection.state in SILENT else ""
        return (
            f"{cell.team.capitalize()} {cell.severity} by {connection.name}{silent}: {MODE_WORDS[self.modes.get(cell)]}"
        )

    def _clamp(self) -> None:
        row, column = self._cursor
        most = max(0, len(self.columns) * len(SEVERITIES) - 1)
        self._cursor = min(max(row, 0), len(TEAMS) - 1), min(max(column, 0), most)
        if self.columns:
            self.setAccessibleDescription(self.words(*self._cursor))

    def _turn(self) -> None:
        if self._editable and self.columns:
            cell = self._cell(*self._cursor)
            mode = NEXT[self.modes.get(cell)]
            if mode is None:
                del self.modes[cell]
            else:
                self.modes[cell] = mode
            self._clamp()
            self.edited.emit()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            self._cursor = self._cursor[0] + step[0], self._cursor[1] + step[1]
            self._clamp()
            middle = self._box(*self._cursor).center()
            self.moved.emit(round(middle.x()), round(middle.y()))
            self.update()
        elif event.key() == Qt.Key.Key_Space and self._editable:
            self._turn()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        found = self._at(event.position())
        if found is not None:
            self._cursor = found
            self._clamp()
            self._turn()
            self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            found = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.words(*found) if found is not None else "", self)
            return True
        return super().event(event)


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """Neighbours together: ``[1, 2, 4]`` is ``[(1, 2), (4, 4)]``."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
