"""A table over a list that is already sorted and filtered: fixed rows, text prepared once, painted column by column.

Costs the same for a thousand rows and for a million. There is no delegate: a call from Qt into Python for each cell
costs more than drawing its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableView,
    QToolTip,
    QWidget,
)

from views.kit.theme import FOCUS, ROW_DENSE, current
from views.kit.widgets.avatar import draw_avatar
from views.kit.widgets.chip import draw_freshness, freshness_width

Index = QModelIndex | QPersistentModelIndex
PreparedRow = tuple[Any, tuple[str, ...]]

PREPARED_MOST = 4_096
PAD = 8


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it says of a row, and how it is drawn."""

    title: str
    text: Callable[[Any], str]
    width: int = 100
    """Pixels at 100 % font; of a stretching column the least."""
    right: bool = False
    mono: bool = False
    quiet: bool = False
    weight: int = 400
    stretch: bool = False
    chip: bool = False
    """Drawn as a freshness chip when the text begins with ``late`` or ``stale``."""
    fits: bool = False
    """Grows with the widest text that was seen, so that what stretches has the rest."""
    person: Callable[[Any], str] | None = None
    """The id of whose initials the text is: drawn in a circle of that person's colour."""


def font_of(column: Column) -> tuple[float, int]:
    """Points and weight of a column's texts."""
    return (9.5 if column.mono else 10), column.weight


class RecordModel(QAbstractTableModel):
    """Rows of a list it does not own; tell it when the list has grown or is another one."""

    def __init__(self, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.rows: Sequence[Any] = ()
        self._shown = 0
        self._prepared: dict[int, PreparedRow] = {}

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show another list, or the same one after it changed throughout."""
        self.beginResetModel()
        self.rows, self._shown = rows, len(rows)
        self._prepared.clear()
        self.endResetModel()

    def renew(self, rows: Sequence[Any]) -> None:
        """Have as many rows, whose words may have changed; say of which by ``changed``."""
        self.rows = rows
        self._prepared.clear()

    def changed(self, row: int) -> None:
        """A row says something else."""
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(self.columns) - 1))

    def grown(self) -> None:
        """The list has more rows at its end; keeps cursor and scroll position."""
        count = len(self.rows)
        if count > self._shown:
            self.beginInsertRows(QModelIndex(), self._shown, count - 1)
            self._shown = count
            self.endInsertRows()

    def grown_on_top(self, count: int) -> None:
        """The list has so many more rows at its beginning; the cursor stays on its row."""
        if count > 0:
            self._prepared.clear()
            self.beginInsertRows(QModelIndex(), 0, count - 1)
            self._shown += count
            self.endInsertRows()

    def forget_texts(self) -> None:
        """What rows say has changed: prepare it anew when it is looked at."""
        self._prepared.clear()

    def texts(self, row: int) -> tuple[str, ...]:
        """The words of a row, prepared once."""
        return self.prepared(row)[1]

    def prepared(self, row: int) -> PreparedRow:
        """The record of a row and its words."""
        found = self._prepared.get(row)
        if found is None:
            if len(self._prepared) >= PREPARED_MOST:
                self._prepared.clear()
            record = self.rows[row]
            found = self._prepared[row] = (record, tuple(column.text(record) for column in self.columns))
        return found

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else self._shown

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self.texts(index.row())[index.column()]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.columns[section].right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


def row_height() -> int:
    """Pixels of a row."""
    theme = current()
    return max(theme.px(ROW_DENSE), round(QFontMetricsF(theme.font(10)).height()) + 8)


class RecordTable(QTableView):
    """The table. ``activated_row`` follows Enter or a double click; ``near_end`` asks for more rows."""

    activated_row = Signal(object)
    near_end = Signal()

    model_class: type[RecordModel] = RecordModel

    # Qt asks for sizes while the constructor of the base class still runs.
    _whole = False

    def __init__(
        self, columns: Sequence[Column], name: str, parent: QWidget | None = None, *, whole: bool = False
    ) -> None:
        """``whole``: never narrower than its columns, for small tables."""
        super().__init__(parent)
        self._whole = whole
        self.hovered = -1
        """The row under the pointer."""
        self.is_quiet: Callable[[Any], bool] | None = None
        """Whether a record stands back behind the others; ``None``: none does."""
        self.records = self.model_class(columns, self)
        self.setModel(self.records)
        self._fitted: dict[tuple[int, str], tuple[str, float]] = {}
        self._painted: dict[int, PreparedRow] = {}
        """By row, what was painted: only what became something else is painted again."""
        self._widest: dict[int, int] = {}
        """By column, of those that fit: how wide the widest text was, pixels."""
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.viewport().setAutoFillBackground(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setMinimumSectionSize(2 * PAD)
        self.horizontalHeader().sectionResized.connect(self._fitted.clear)
        self.entered.connect(lambda index: self._hover(index.row()))
        self.viewportEntered.connect(lambda: self._hover(-1))
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.doubleClicked.connect(lambda index: self.activated_row.emit(self.records.rows[index.row()]))
        current().changed.connect(self.restyle)
        self.restyle()

    def restyle(self) -> None:
        """Take rows and columns of the theme's font."""
        theme = current()
        high = row_height()
        # The least first: with that of a larger font, rows would stay as high as they were.
        self.verticalHeader().setMinimumSectionSize(high)
        self.verticalHeader().setDefaultSectionSize(high)
        self.horizontalHeader().setFixedHeight(high)
        theme.set_font(self.horizontalHeader(), 9, 600)
        self._widest.clear()
        self._fitted.clear()
        self._spread()

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show a list."""
        self.records.set_rows(rows)

    def renew_rows(self, rows: Sequence[Any]) -> None:
        """Show the same rows in other words: cursor, scroll position and layout stay."""
        if len(rows) != self.records.rowCount():
            self.set_rows(rows)
            return
        self.records.renew(rows)
        for row in self._visible_rows(self.viewport().rect()):
            if self._painted.get(row) != self.records.prepared(row):
                self.records.changed(row)

    # --- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        # Not by the palette: a style sheet that is set again on a parent gives back the one of the last theme.
        painter.fillRect(event.rect(), QColor(current().tokens.window))
        rows = self._visible_rows(event.rect())
        if not rows:
            return
        selection = self.selectionModel()
        selected = {index.row() for index in selection.selectedRows()}
        high = self.verticalHeader().defaultSectionSize()
        tops = {row: self.top_of(row) for row in rows}
        if len(self._painted) >= PREPARED_MOST:
            self._painted.clear()
        self._painted.update((row, self.records.prepared(row)) for row in rows)
        self._grounds(painter, selected, tops, high)
        for number, column in enumerate(self.records.columns):
            left = self.columnViewportPosition(number) + PAD
            width = self.columnWidth(number) - 2 * PAD
            if width > 0 and left < self.viewport().width() and left + width > 0:
                self._column(painter, number, column, QRectF(left, 0, width, high), tops, selected)

    def top_of(self, row: int) -> int:
        """Where a row's words begin, pixels from the top of what is seen."""
        return self.rowViewportPosition(row)

    def _visible_rows(self, box: QRect) -> range:
        first = self.rowAt(box.top())
        if first < 0:
            return range(0)
        last = self.rowAt(box.bottom())
        return range(first, (self.records.rowCount() if last < 0 else last + 1))

    def _ground(self, row: int, selected: set[int]) -> str:
        tokens = current().tokens
        return tokens.selection if row in selected else tokens.hover if row == self.hovered else tokens.window

    def _grounds(self, painter: QPainter, selected: set[int], tops: dict[int, int], high: int) -> None:
        wide = min(self.viewport().width(), self.horizontalHeader().length())
        for row in {*selected, self.hovered} & tops.keys():
            painter.fillRect(0, tops[row], wide, high, QColor(self._ground(row, selected)))
            if row in selected and self.hasFocus():
                # The cursor: where Enter acts.
                painter.fillRect(0, tops[row], FOCUS, high, QColor(current().tokens.accent))

    def _column(
        self,
        painter: QPainter,
        number: int,
        column: Column,
        box: QRectF,
        tops: dict[int, int],
        selected: set[int],
    ) -> None:
        theme, texts, records = current(), self.records.texts, self.records.rows
        font = theme.font(*font_of(column), mono=column.mono)
        metrics = QFontMetricsF(font)
        pen = QColor(theme.tokens.text3 if column.quiet else theme.tokens.text)
        base = (box.height() - metrics.height()) / 2 + metrics.ascent()
        left, wide, right = box.left(), box.width(), column.right
        painter.setFont(font)
        painter.setPen(pen)
        draw, fitted = painter.drawText, self._fitted
        for row, top in tops.items():
            text = texts(row)[number]
            if column.person is not None:
                draw_avatar(painter, box.translated(0, top).adjusted(0, 2, 0, -2), column.person(records[row]), text)
                continue
            if column.chip and text.startswith(("late", "stale")):
                self._chip(painter, text, box.translated(0, top), self._ground(row, selected), right=right)
                painter.setFont(font)
                painter.setPen(pen)
                continue
            shown = fitted.get((number, text)) or self._fit(number, text, wide)
            is_quiet = column.quiet or (self.is_quiet is not None and self.is_quiet(records[row]))
            if is_quiet and (row in selected or not column.quiet):
                painter.setPen(QColor(theme.tokens.text2 if row in selected else theme.tokens.text3))
                draw(QPointF(left + wide - shown[1] if right else left, top + base), shown[0])
                painter.setPen(pen)
            else:
                draw(QPointF(left + wide - shown[1] if right else left, top + base), shown[0])

    def _fit(self, number: int, text: str, width: float) -> tuple[str, float]:
        """The text as there is room for it in a column, and how wide it is; kept until a column has another width."""
        if len(self._fitted) >= PREPARED_MOST * 4:
            self._fitted.clear()
        theme, column = current(), self.records.columns[number]
        wide = theme.width(text, *font_of(column), mono=column.mono)
        if wide > width and column.fits:
            # Not while it is painted: what is painted beside it would stand where it stood before.
            self._widest[number] = max(self._widest.get(number, 0), ceil(wide) + 2 * PAD)
            QTimer.singleShot(0, self, self._spread)
        if wide > width:
            metrics = QFontMetricsF(theme.font(*font_of(column), mono=column.mono))
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            wide = metrics.horizontalAdvance(text)
        self._fitted[number, text] = found = (text, wide)
        return found

    @staticmethod
    def _chip(painter: QPainter, text: str, box: QRectF, under: str, *, right: bool) -> None:
        width = min(box.width(), freshness_width(text))
        high = QFontMetricsF(current().font(9)).height() + 4
        left = box.right() - width if right else box.left()
        draw_freshness(painter, QRectF(left, box.center().y() - high / 2, width, high), text, under)

    # --- keys and sizes ----------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and index.isValid():
            self.activated_row.emit(self.records.rows[index.row()])
            return
        super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.hint(self.indexAt(event.pos())), self.viewport())
            return True
        return super().viewportEvent(event)

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at: its words, where there is no room for all of them."""
        if not index.isValid():
            return ""
        words = self.records.texts(index.row())[index.column()]
        shown, _ = self._fitted.get((index.column(), words), (words, 0.0))
        return words if shown != words else ""

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._spread()

    def _hover(self, row: int) -> None:
        if row != self.hovered:
            self.hovered = row
            self.viewport().update()

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(sum(self._widths()), least.height()) if self._whole else least

    def _widths(self) -> list[int]:
        return [max(usual, self._widest.get(number, 0)) for number, usual in enumerate(self._usual_widths())]

    def _usual_widths(self) -> list[int]:
        """Widths of the columns before anything stands in them."""
        theme = current()
        metrics = QFontMetricsF(theme.font(9, 600))
        return [
            max(theme.px(column.width), round(metrics.horizontalAdvance(column.title)) + 2 * PAD + 4)
            for column in self.records.columns
        ]

    def _leave_out(self, widths: Sequence[int], gives_way: Iterable[int]) -> int:
        """Hide columns, the first that gives way first, until the others have room; how much is to spare then."""
        room, left = self.viewport().width(), dict(enumerate(widths))
        for number in gives_way:
            if sum(left.values()) <= room:
                break
            del left[number]
        for number in range(len(widths)):
            self.setColumnHidden(number, number not in left)
        return max(0, room - sum(left.values()))

    def _spread(self) -> None:
        widths = self._widths()
        room = self.viewport().width() - sum(widths)
        stretching = [n for n, column in enumerate(self.records.columns) if column.stretch]
        for number, width in enumerate(widths):
            extra = max(0, room) // len(stretching) if number in stretching else 0
            self.setColumnWidth(number, width + extra)
        self._fitted.clear()

    def _scrolled(self, value: int) -> None:
        if value >= self.verticalScrollBar().maximum() - 4 * self.height():
            self.near_end.emit()
