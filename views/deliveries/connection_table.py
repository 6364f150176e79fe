"""The list of connections: group lines, rows of one line for what works, of two for what needs attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent

from models.deliveries.connections import Breaker, Connection, ConnectionState
from views.deliveries.marks import CHIPPED, chip_width, draw_breaker, draw_chip, draw_mark
from views.deliveries.wording import (
    ATTENTION,
    NONE,
    WORKING,
    Heading,
    age,
    breaker_words,
    group_of,
    key_days,
    key_most,
    moment,
    proof_words,
    seconds_words,
    severity_of,
    target_words,
    trouble,
)
from views.kit.theme import FOCUS, current
from views.kit.widgets.table import PAD, Column, Index, RecordModel, RecordTable

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Col(IntEnum):
    """Columns, from left to right."""

    MARK = 0
    SYSTEM = 1
    STATE = 2
    SUCCESS = 3
    UNDELIVERED = 4
    WAITING = 5
    P95 = 6
    BREAKER = 7
    KEY_AGE = 8
    PROVEN = 9
    ERROR = 10


GIVE_WAY = (Col.P95, Col.KEY_AGE, Col.PROVEN, Col.UNDELIVERED, Col.SUCCESS)
"""Columns that are left out one after the other where there is no room for all."""
TALL = 40


class Cell(NamedTuple):
    """What a cell says: one line, and a quieter one below where the row is tall."""

    words: str
    below: str = ""
    strong: bool = False
    quiet: bool = False


class _Model(RecordModel):
    """Headings are passed over."""

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self.rows[index.row()], Heading):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)


class ConnectionTable(RecordTable):
    """Stays on its connection, whatever moves around it."""

    model_class = _Model
    moved = Signal(str)
    """Carries the id of the connection under the cursor."""

    def __init__(
        self, now: Callable[[], datetime], testing: Callable[[str], bool], parent: QWidget | None = None
    ) -> None:
        """``testing`` says of an id whether a test of it is under way."""
        self._now, self._testing = now, testing
        self._moving = False
        super().__init__(self._columns(), "Connections", parent)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # columns give way instead
        self.horizontalHeader().setMinimumSectionSize(16)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def _columns(self) -> tuple[Column, ...]:
        def column(number: int, title: str, width: int, *, right: bool = False, stretch: bool = False) -> Column:
            return Column(title, lambda row: self._words(row, number), width, right=right, stretch=stretch)

        return (
            column(Col.MARK, "", 28),
            column(Col.SYSTEM, "System", 184, stretch=True),
            column(Col.STATE, "State", 124),
            column(Col.SUCCESS, "Last success, UTC", 120, right=True),
            column(Col.UNDELIVERED, "Undelivered", 84, right=True),
            column(Col.WAITING, "Waiting", 60, right=True),
            column(Col.P95, "p95", 56, right=True),
            column(Col.BREAKER, "Breaker", 138),
            column(Col.KEY_AGE, "Key age", 76, right=True),
            column(Col.PROVEN, "Last proven", 88, right=True),
            column(Col.ERROR, "Last error, and what to do", 220, stretch=True),
        )

    def _words(self, row: Connection | Heading, number: int) -> str:
        if isinstance(row, Heading):
            return f"{row.name}, {row.count}" if number == Col.SYSTEM else ""
        cell = self.cell(row, number)
        return f"{cell.words}, {cell.below}" if cell.below else cell.words

    # --- rows --------------------------------------------------------------------------------------------------

    def renew(self, rows: Sequence[Connection | Heading], wanted: str) -> None:
        """Show these with the cursor on one; it stays at its height on the screen."""
        self._moving = True
        bar, before = self.verticalScrollBar(), self.verticalScrollBar().value()
        same = [_key(row) for row in rows] == [_key(row) for row in self.records.rows]
        if same:
            self.renew_rows(rows)
        else:
            self.set_rows(rows)
        self._heighten()
        place = next((n for n, row in enumerate(rows) if isinstance(row, Connection) and row.id == wanted), None)
        if place is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != place:
            self.setCurrentIndex(self.records.index(place, 0))
        bar.setValue(before)
        if place is not None and not same:
            self.scrollTo(self.records.index(place, 0))
        self._moving = False
        self.viewport().update()

    @property
    def at_cursor(self) -> Connection | None:
        """The connection under the cursor."""
        row, rows = self.currentIndex().row(), self.records.rows
        found = rows[row] if 0 <= row < len(rows) else None
        return found if isinstance(found, Connection) else None

    def step_to(self, wanted: Callable[[Connection], bool]) -> bool:
        """Put the cursor on the first that fits."""
        for number, row in enumerate(self.records.rows):
            if isinstance(row, Connection) and wanted(row):
                self.setCurrentIndex(self.records.index(number, 0))
                return True
        return False

    def _heighten(self) -> None:
        theme = current()
        line = self.verticalHeader().defaultSectionSize()
        tall = max(theme.px(TALL), round(theme.height(10) + theme.height(9)) + 8)
        for number, row in enumerate(self.records.rows):
            high = tall if isinstance(row, Connection) and group_of(row) == ATTENTION else line
            if self.rowHeight(number) != high:
                self.setRowHeight(number, high)

    def restyle(self) -> None:
        super().restyle()
        self._heighten()

    def _current_changed(self, _index: QModelIndex, _before: QModelIndex) -> None:
        found = self.at_cursor
        if not self._moving and found is not None:
            self.moved.emit(found.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_J: Qt.Key.Key_Down, Qt.Key.Key_K: Qt.Key.Key_Up}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            event = QKeyEvent(event.type(), step, event.modifiers())
        super().keyPressEvent(event)

    # --- what cells say ----------------------------------------------------------------------------------------

    def cell(self, connection: Connection, number: int) -> Cell:
        """What a cell of a connection says."""
        now, off = self._now(), connection.state is ConnectionState.OFF
        attention = group_of(connection) == ATTENTION
        loud = attention and connection.state is not ConnectionState.PAUSED
        match number:
            case Col.SYSTEM:
                return Cell(connection.name, target_words(connection.settings) if attention else "", attention)
            case Col.STATE:
                return Cell(str(connection.state), quiet=True)
            case Col.SUCCESS if connection.last_success_at is None:
                return Cell("never", quiet=True)
            case Col.SUCCESS:
                at = connection.last_success_at
                assert at is not None  # noqa: S101 - the case above
                return Cell(age(at, now), moment(at, now), attention)
            case _ if off and number != Col.ERROR:
                return Cell("" if number == Col.MARK else NONE, quiet=True)
            case Col.UNDELIVERED:
                words = age(connection.oldest_waiting_at, now)
                return Cell(words, strong=loud and words != NONE, quiet=words == NONE)
            case Col.WAITING:
                return Cell(f"{connection.waiting:,}", strong=loud and connection.waiting > 0, quiet=not attention)
            case Col.P95:
                return Cell(seconds_words(connection.p95_seconds), quiet=not attention)
            case Col.BREAKER:
                closed = connection.breaker is Breaker.CLOSED
                return Cell(breaker_words(connection, now), strong=not closed, quiet=closed)
            case Col.KEY_AGE if connection.secret is not None:
                most = key_most(connection.secret)
                over = most is not None and key_days(connection.secret, now) > most
                below = f"max {most}" if most is not None and attention else ""
                return Cell(f"{key_days(connection.secret, now)} d", below, over, quiet=not over and not attention)
            case Col.PROVEN:
                if self._testing(connection.id):
                    return Cell("testing…", strong=True)
                words, when = proof_words(connection, now)
                if attention:
                    return Cell(words, when, words == "failed")
                return Cell(when or words, quiet=True) if words != "failed" else Cell(words, strong=True)
            case Col.ERROR:
                words, remedy = trouble(connection, now)
                if off:
                    return Cell(" ".join(filter(None, (words, remedy))), quiet=True)
                return Cell(words, remedy if attention else "", bool(severity_of(connection)), quiet=not attention)
            case _:
                return Cell(NONE if number else "", quiet=True)

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(current().tokens.window))
        selected = {index.row() for index in self.selectionModel().selectedRows()}
        for row in self._visible_rows(self.viewport().rect()):
            record = self.records.rows[row]
            box = QRect(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))
            if isinstance(record, Heading):
                self._draw_heading(painter, record, box)
            else:
                self._draw_row(painter, record, box, chosen=row in selected, hovered=row == self.hovered)

    def _draw_heading(self, painter: QPainter, heading: Heading, box: QRect) -> None:
        theme, tokens = current(), current().tokens
        left, middle = float(PAD), box.center().y()
        painter.setFont(theme.font(9, 600))
        painter.setPen(QColor(tokens.text2))
        place = QRectF(left, box.top(), box.width(), box.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, heading.name)
        left += theme.width(heading.name, 9, 600) + theme.px(6)
        painter.setPen(QColor(tokens.text3))
        painter.setFont(theme.font(9))
        painter.drawText(place.adjusted(left - PAD, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, str(heading.count))
        left += theme.width(str(heading.count), 9) + theme.px(8)
        words = "oldest first within a severity" if heading.name == ATTENTION else ""
        right = box.width() - PAD - (theme.width(words, 9) + theme.px(8) if words else 0)
        painter.fillRect(QRectF(left, middle, max(0.0, right - left), 1), QColor(tokens.line))
        if words:
            painter.drawText(
                place.adjusted(0, 0, -2 * PAD, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words
            )

    def _draw_row(self, painter: QPainter, connection: Connection, box: QRect, *, chosen: bool, hovered: bool) -> None:
        theme, tokens = current(), current().tokens
        under = tokens.selection if chosen else tokens.hover if hovered else tokens.window
        if chosen or hovered:
            painter.fillRect(box, QColor(under))
        else:
            painter.fillRect(QRectF(0, box.bottom(), box.width(), 1), QColor(tokens.hover))
        if chosen and self.hasFocus():
            painter.fillRect(box.left(), box.top(), FOCUS, box.height(), QColor(tokens.accent))
        tall = box.height() > self.verticalHeader().defaultSectionSize()
        for number, column in enumerate(self.records.columns):
            if self.isColumnHidden(number):
                continue
            left, wide = self.columnViewportPosition(number), self.columnWidth(number)
            place = QRectF(left + PAD, box.top(), wide - 2 * PAD, box.height())
            middle = box.top() + box.height() / 2
            if number == Col.MARK:
                draw_mark(painter, connection, QPointF(left + wide / 2 + 2, middle), theme.px(11))
            elif number == Col.STATE and connection.state in CHIPPED:
                high = theme.height(9, 600) + theme.px(4)
                chip = QRectF(place.left(), middle - high / 2, chip_width(connection) + theme.px(4), high)
                draw_chip(painter, connection, chip, under)
            else:
                self._draw_cell(painter, connection, number, column, place, tall=tall, chosen=chosen)

    def _draw_cell(
        self,
        painter: QPainter,
        connection: Connection,
        number: int,
        column: Column,
        box: QRectF,
        *,
        tall: bool,
        chosen: bool,
    ) -> None:
        theme, tokens = current(), current().tokens
        cell = self.cell(connection, number)
        quiet = QColor(tokens.text2 if chosen else tokens.text3)
        ink = quiet if cell.quiet else QColor(tokens.text)
        if number == Col.SYSTEM and connection.state is not ConnectionState.OFF:
            ink = QColor(tokens.text)
        if number == Col.BREAKER and cell.words != NONE:
            arm = draw_breaker(painter, connection.breaker, box.left(), box.center().y(), ink)
            box = box.adjusted(arm + theme.px(4), 0, 0, 0)
        side = Qt.AlignmentFlag.AlignRight if column.right else Qt.AlignmentFlag.AlignLeft
        if number == Col.SUCCESS and not tall and cell.below:
            self._text(painter, cell.below, box.adjusted(0, 0, -theme.px(52), 0), side, (9, 400), quiet)
            self._text(painter, cell.words, box, side, (10, 400), QColor(tokens.text2))
            return
        if tall and cell.below:
            line, small = theme.height(10), theme.height(9)
            top = box.top() + (box.height() - line - small) / 2
            upper = QRectF(box.left(), top, box.width(), line)
            lower = QRectF(box.left(), top + line, box.width(), small)
            self._text(painter, cell.words, upper, side, (10, 600 if cell.strong else 400), ink)
            self._text(painter, cell.below, lower, side, (9, 400), QColor(tokens.text2))
        else:
            self._text(painter, cell.words, box, side, (10, 600 if cell.strong else 400), ink)

    @staticmethod
    def _text(
        painter: QPainter, words: str, box: QRectF, side: Qt.AlignmentFlag, size: tuple[float, int], ink: QColor
    ) -> None:
        theme = current()
        if theme.width(words, *size) > box.width():
            metrics = QFontMetricsF(theme.font(*size))
            words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width())
        painter.setFont(theme.font(*size))
        painter.setPen(ink)
        painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, words)

    # --- widths ------------------------------------------------------------------------------------------------

    def _spread(self) -> None:
        widths = self._widths()
        spare = self._leave_out(widths, GIVE_WAY)
        for number, width in enumerate(widths):
            extra = spare // 8 if number == Col.SYSTEM else spare - spare // 8 if number == Col.ERROR else 0
            self.setColumnWidth(number, width + extra)

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at: all of its words."""
        found: Any = self.records.rows[index.row()] if index.isValid() else None
        if not isinstance(found, Connection):
            return ""
        cell = self.cell(found, index.column())
        return "\n".join(filter(None, (cell.words, cell.below)))


def _key(row: Connection | Heading) -> str:
    return f"{row.name}" if isinstance(row, Heading) else f"{row.id} {group_of(row) == WORKING}"
