"""The tables of the workspace: rows of one line or two, headings between them, a cursor that stays on its row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from PySide6.QtCore import QModelIndex, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent

from views.kit.painting import LEFT, RIGHT, draw_words
from views.kit.theme import FOCUS, current
from views.kit.widgets.avatar import draw_avatar
from views.kit.widgets.table import PAD, Column, Index, RecordModel, RecordTable

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

NONE = "\N{EN DASH}"
TALL, AVATAR = 40, 22
"""Pixels at 100 % font of a row of two lines, and of a person."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that says what is below it."""

    name: str
    more: str = ""


class Cell(NamedTuple):
    """What a cell says: one line, and a quieter one below it."""

    words: str
    below: str = ""
    strong: bool = False
    quiet: bool = False
    mono: bool = False
    person: str = ""
    """The id of whose initials the words are."""


class Field(NamedTuple):
    """A column: what stands above it, how wide it is at 100 % font, and whether figures stand in it."""

    title: str
    width: int
    right: bool = False
    stretch: bool = False


class _Model(RecordModel):
    """Headings are passed over."""

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self.rows[index.row()], Heading):
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)


class CellTable(RecordTable):
    """A table whose cells are painted by what they say of a record; columns give way where there is no room."""

    model_class = _Model
    moved = Signal(object)
    """Carries the record under the cursor, or ``None``."""

    fields: ClassVar[tuple[Field, ...]]
    gives_way: ClassVar[tuple[int, ...]] = ()
    """Columns that are left out one after the other where there is no room for all."""
    tall: ClassVar[bool] = False
    """Rows have two lines."""

    _ready = False

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        self._moving = False

        def column(number: int, field: Field) -> Column:
            words = partial(self._spoken, number)
            return Column(field.title, words, field.width, right=field.right, stretch=field.stretch)

        columns = [column(number, field) for number, field in enumerate(self.fields)]
        super().__init__(columns, name, parent)
        self._ready = True
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.horizontalHeader().setMinimumSectionSize(16)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    # --- for tables ----------------------------------------------------------------------------------------------

    def cell(self, record: Any, number: int) -> Cell:
        """What a cell says; tables override it."""
        raise NotImplementedError

    def key(self, record: Any) -> Hashable:
        """What tells a record from the others; tables override it."""
        raise NotImplementedError

    def draw(self, painter: QPainter, record: Any, number: int, box: QRectF, ink: str) -> bool:  # noqa: ARG002
        """Draw a cell that is no words; false leaves it to its words."""
        return False

    # --- rows ----------------------------------------------------------------------------------------------------

    def renew(self, rows: Sequence[Any], wanted: Hashable = None) -> None:
        """Show these with the cursor on one, or where it was; else on the first. Scrolling stays."""
        self._moving = True
        bar, before, was = self.verticalScrollBar(), self.verticalScrollBar().value(), self.at_cursor
        keys = [self._key(row) for row in rows]
        same = keys == [self._key(row) for row in self.records.rows]
        if same:
            self.renew_rows(rows)
        else:
            self.set_rows(rows)
        self._heighten()
        wanted = self.key(was) if wanted is None and was is not None else wanted
        places = [n for n, row in enumerate(rows) if not isinstance(row, Heading)]
        place = next((n for n in places if keys[n] == wanted), places[0] if places else None)
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
        now = self.at_cursor
        if (None if was is None else self.key(was)) != (None if now is None else self.key(now)):
            self.moved.emit(now)

    def put_cursor(self, wanted: Callable[[Any], bool]) -> bool:
        """Put the cursor on the first record that fits."""
        for number, row in enumerate(self.records.rows):
            if not isinstance(row, Heading) and wanted(row):
                self.setCurrentIndex(self.records.index(number, 0))
                return True
        return False

    @property
    def at_cursor(self) -> Any:
        """The record under the cursor, or ``None``."""
        row, rows = self.currentIndex().row(), self.records.rows
        found = rows[row] if 0 <= row < len(rows) else None
        return None if isinstance(found, Heading) else found

    def tick(self) -> None:
        """Ages go on."""
        self.records.forget_texts()
        self.viewport().update()

    def _key(self, row: Any) -> Hashable:
        return row.name if isinstance(row, Heading) else self.key(row)

    def _spoken(self, number: int, row: Any) -> str:
        if isinstance(row, Heading):
            return f"{row.name}, {row.more}" if number == self._widest_field else ""
        cell = self.cell(row, number)
        return f"{cell.words}, {cell.below}" if cell.below else cell.words

    @property
    def _widest_field(self) -> int:
        return max(range(len(self.fields)), key=lambda number: self.fields[number].width)

    def _heighten(self) -> None:
        theme, line = current(), self.verticalHeader().defaultSectionSize()
        tall = max(theme.px(TALL), round(theme.height(10) + theme.height(9)) + 8) if self.tall else line
        for number, row in enumerate(self.records.rows):
            high = line if isinstance(row, Heading) else tall
            if self.rowHeight(number) != high:
                self.setRowHeight(number, high)

    def restyle(self) -> None:
        super().restyle()
        if self._ready:
            self._heighten()

    def _current_changed(self, _index: QModelIndex, _before: QModelIndex) -> None:
        if not self._moving:
            self.moved.emit(self.at_cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_J: Qt.Key.Key_Down, Qt.Key.Key_K: Qt.Key.Key_Up}.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            event = QKeyEvent(event.type(), step, event.modifiers())
        super().keyPressEvent(event)

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at: all of its words."""
        found = self.records.rows[index.row()] if index.isValid() else None
        if found is None or isinstance(found, Heading):
            return ""
        cell = self.cell(found, index.column())
        return "\n".join(filter(None, (cell.words, cell.below)))

    # --- drawing -------------------------------------------------------------------------------------------------

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
        painter.fillRect(box, QColor(tokens.raised))
        place = QRectF(box).adjusted(PAD + theme.px(4), 0, -PAD, 0)
        wide = draw_words(painter, heading.name, place, (10, 600))
        rest = place.adjusted(wide + theme.px(8), 0, 0, 0)
        draw_words(painter, heading.more, rest, (9, 400), tokens.text2)

    def _draw_row(self, painter: QPainter, record: Any, box: QRect, *, chosen: bool, hovered: bool) -> None:
        tokens = current().tokens
        under = tokens.selection if chosen else tokens.hover if hovered else tokens.window
        painter.fillRect(box, QColor(under))
        if not chosen and not hovered:
            painter.fillRect(QRectF(0, box.bottom(), box.width(), 1), QColor(tokens.hover))
        if chosen:
            edge = tokens.accent if self.hasFocus() else tokens.control_border
            painter.fillRect(box.left(), box.top(), FOCUS, box.height(), QColor(edge))
        for number, field in enumerate(self.fields):
            if self.isColumnHidden(number):
                continue
            left, wide = self.columnViewportPosition(number), self.columnWidth(number)
            place = QRectF(left + PAD, box.top(), wide - 2 * PAD, box.height())
            painter.save()
            if not self.draw(painter, record, number, place, tokens.text if chosen else tokens.text2):
                self._draw_cell(
                    painter, self.cell(record, number), place, RIGHT if field.right else LEFT, chosen=chosen
                )
            painter.restore()

    @staticmethod
    def _draw_cell(painter: QPainter, cell: Cell, box: QRectF, side: Qt.AlignmentFlag, *, chosen: bool) -> None:
        theme, tokens = current(), current().tokens
        if cell.person:
            size = min(box.height() - 4, theme.px(AVATAR))
            draw_avatar(painter, QRectF(box.left(), box.center().y() - size / 2, size, size), cell.person, cell.words)
            return
        quiet = tokens.text2 if chosen else tokens.text3
        ink, weight = quiet if cell.quiet else tokens.text, 600 if cell.strong else 400
        points = 9.5 if cell.mono else 10.0
        if not cell.below:
            draw_words(painter, cell.words, box, (points, weight), ink, side, mono=cell.mono)
            return
        line, small = theme.height(10), theme.height(9)
        top = box.top() + (box.height() - line - small) / 2
        upper = QRectF(box.left(), top, box.width(), line)
        draw_words(painter, cell.words, upper, (points, weight), ink, side, mono=cell.mono)
        lower = QRectF(box.left(), top + line, box.width(), small)
        draw_words(painter, cell.below, lower, (9, 400), tokens.text2, side)

    # --- widths --------------------------------------------------------------------------------------------------

    def _spread(self) -> None:
        if not self._ready:
            return
        widths = self._widths()
        spare = self._leave_out(widths, self.gives_way)
        stretching = [n for n, field in enumerate(self.fields) if field.stretch and not self.isColumnHidden(n)]
        for number, width in enumerate(widths):
            extra = spare // len(stretching) if number in stretching else 0
            self.setColumnWidth(number, width + extra)
