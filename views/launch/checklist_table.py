"""The checklist as a table: groups that fold, an item a row, and one item opened in its place."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QModelIndex, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.launch.countdown import offset_words
from models.launch.checklist import ItemStatus, LaunchChecklistItem
from views.kit.painting import LEFT, RIGHT, draw_ring, draw_words
from views.kit.theme import FOCUS, ROW, current
from views.kit.widgets.chip import draw_severity, mark, severity_size
from views.kit.widgets.table import PAD, Column, RecordTable
from views.launch.wording import due_words, is_signed, signed_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime


class Col(IntEnum):
    """Columns, from left to right."""

    MARK = 0
    NUMBER = 1
    ITEM = 2
    OWNER = 3
    DUE = 4
    AT = 5
    EVIDENCE = 6
    PLAN = 7
    SIGNED = 8


GIVE_WAY = (Col.PLAN, Col.OWNER, Col.EVIDENCE)
"""Columns that are left out first where there is no room."""


class Group(NamedTuple):
    """A heading over the items of a category."""

    name: str
    signed: int
    total: int
    late: int
    folded: bool


class Opened(NamedTuple):
    """The room below an item in which more of it is told."""

    item: LaunchChecklistItem


class EvidenceWords(NamedTuple):
    """What proves an item, and how old that is."""

    words: str
    age: str
    missing: bool
    """There is none, or it is not within its limits."""


Row = Group | LaunchChecklistItem | Opened


def rows_of(items: Sequence[LaunchChecklistItem], folded: Callable[[str, bool], bool], opened: str) -> list[Row]:
    """Items below their categories, in the order of the list.

    Args:
        items: What is shown.
        folded: Of a category, and whether all of it is signed, whether its items are hidden.
        opened: Key of the item that is opened in its place.
    """
    groups: dict[str, list[LaunchChecklistItem]] = {}
    for item in items:
        groups.setdefault(item.category, []).append(item)
    found: list[Row] = []
    for name, members in groups.items():
        signed = sum(is_signed(item) for item in members)
        late = sum(item.late_seconds is not None for item in members)
        hidden = folded(name, signed == len(members))
        found.append(Group(name, signed, len(members), late, hidden))
        for item in () if hidden else members:
            found.append(item)
            if item.key == opened:
                found.append(Opened(item))
    return found


class ChecklistTable(RecordTable):
    """Rows of groups and items; ``moved`` follows the cursor, ``folding`` a group that is opened or closed."""

    moved = Signal(object)
    """Carries the key of the item at the cursor."""
    folding = Signal(object)
    """Carries the name of a group."""
    opening = Signal(object)
    """Carries the key of an item that is to be opened in its place, or closed."""

    def __init__(
        self, evidence_of: Callable[[LaunchChecklistItem], EvidenceWords], now: Callable[[], datetime]
    ) -> None:
        self._evidence_of, self._now = evidence_of, now
        self._moving = False
        self._details: QWidget | None = None
        self._details_of = ""
        super().__init__(self._columns(), "Checklist")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # columns give way instead
        self.horizontalHeader().setMinimumSectionSize(16)
        self.selectionModel().currentRowChanged.connect(self._current_changed)
        self.activated_row.connect(self._activate)
        self.clicked.connect(self._clicked)

    def _columns(self) -> tuple[Column, ...]:
        def column(number: int, title: str, width: int, *, right: bool = False, stretch: bool = False) -> Column:
            return Column(title, lambda row: self._words(row, number), width, right=right, stretch=stretch)

        return (
            column(Col.MARK, "", 28),
            column(Col.NUMBER, "", 32, right=True),
            column(Col.ITEM, "Item", 270, stretch=True),
            column(Col.OWNER, "Owner", 126),
            column(Col.DUE, "Due", 76),
            column(Col.AT, "UTC", 104, right=True),
            column(Col.EVIDENCE, "Evidence and age", 170, stretch=True),
            column(Col.PLAN, "Contingency", 118),
            column(Col.SIGNED, "Signed", 108, right=True),
        )

    def _words(self, row: Row, number: int) -> str:
        if isinstance(row, Group):
            late = f", {row.late} late" if row.late else ""
            return f"{row.name}: {row.signed} of {row.total} signed{late}" if number == Col.ITEM else ""
        if isinstance(row, Opened):
            return ""
        match number:
            case Col.MARK:
                return "signed" if is_signed(row) else "late" if row.late_seconds is not None else "not due"
            case Col.NUMBER:
                return str(row.number)
            case Col.ITEM:
                return row.description
            case Col.OWNER:
                return row.owner_name
            case Col.DUE:
                return offset_words(row.due)
            case Col.AT:
                return due_words(row, self._now())
            case Col.EVIDENCE:
                found = self._evidence_of(row)
                return f"{found.words}, {found.age}" if found.age else found.words
            case Col.PLAN:
                return row.contingency.title if row.contingency is not None else ""
            case _:
                return signed_words(row)

    # --- rows ------------------------------------------------------------------------------------------------------

    def renew(self, rows: Sequence[Row], wanted: str, details: Callable[[LaunchChecklistItem], QWidget]) -> None:
        """Show these with the cursor on an item; ``details`` makes what is shown below an opened one."""
        self._moving = True
        bar, before = self.verticalScrollBar(), self.verticalScrollBar().value()
        same = [_key(row) for row in rows] == [_key(row) for row in self.records.rows]
        at = _key(self.records.rows[self.currentIndex().row()]) if self.currentIndex().isValid() else ""
        if same:
            self.renew_rows(rows)
        else:
            self.set_rows(rows)
            self.clearSpans()
        self._heighten()
        self._place_details(rows, details, same=same)
        keys = [_key(row) for row in rows]
        place = keys.index(at) if at.startswith("[") and at in keys else None
        if place is None:
            place = keys.index(wanted) if wanted in keys else None
        if place is None:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif self.currentIndex().row() != place:
            self.setCurrentIndex(self.records.index(place, 0))
        bar.setValue(before)
        self._moving = False
        self.viewport().update()

    def _place_details(
        self, rows: Sequence[Row], details: Callable[[LaunchChecklistItem], QWidget], *, same: bool
    ) -> None:
        found = next(((n, row.item) for n, row in enumerate(rows) if isinstance(row, Opened)), None)
        if found is None:
            self._details, self._details_of = None, ""
            return
        number, item = found
        if same and self._details is not None and self._details_of == item.key:
            return
        self.setSpan(number, 0, 1, len(self.records.columns))
        self._details, self._details_of = details(item), item.key
        self.setIndexWidget(self.records.index(number, 0), self._details)
        self.setRowHeight(number, self._details_high())

    def _details_high(self) -> int:
        layout = self._details.layout() if self._details is not None else None
        needed = layout.totalHeightForWidth(self.viewport().width()) if layout is not None else 0
        return max(current().px(4 * ROW), needed)

    @property
    def details(self) -> QWidget | None:
        """What is shown below the opened item."""
        return self._details

    @property
    def at_cursor(self) -> Row | None:
        """The row at the cursor."""
        row, rows = self.currentIndex().row(), self.records.rows
        return rows[row] if 0 <= row < len(rows) else None

    def go_to(self, key: str) -> bool:
        """Put the cursor on an item and bring it into sight; whether it is shown."""
        for number, row in enumerate(self.records.rows):
            if isinstance(row, LaunchChecklistItem) and row.key == key:
                self.setCurrentIndex(self.records.index(number, 0))
                self.scrollTo(self.records.index(number, 0))
                return True
        return False

    def _heighten(self) -> None:
        theme = current()
        high = max(theme.px(ROW), round(theme.height(10)) + 8)
        for number, row in enumerate(self.records.rows):
            wanted = high
            if isinstance(row, Opened):
                wanted = self._details_high()
            if self.rowHeight(number) != wanted:
                self.setRowHeight(number, wanted)

    def restyle(self) -> None:
        super().restyle()
        self._heighten()

    def _current_changed(self, index: QModelIndex, before: QModelIndex) -> None:
        if self._moving:
            return
        found = self.at_cursor
        if isinstance(found, Opened):  # no row of its own: the cursor goes on
            step = 1 if index.row() > before.row() else -1
            beyond = index.row() + step
            if 0 <= beyond < len(self.records.rows):
                self.setCurrentIndex(self.records.index(beyond, 0))
            return
        self.moved.emit(found.key if isinstance(found, LaunchChecklistItem) else "")

    def _activate(self, row: object) -> None:
        if isinstance(row, Group):
            self.folding.emit(row.name)
        elif isinstance(row, LaunchChecklistItem):
            self.opening.emit(row.key)

    def _clicked(self, index: QModelIndex) -> None:
        row = self.records.rows[index.row()]
        if isinstance(row, Group):
            self.folding.emit(row.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        step = {Qt.Key.Key_J: Qt.Key.Key_Down, Qt.Key.Key_K: Qt.Key.Key_Up}.get(Qt.Key(event.key()))
        row = self.at_cursor
        if step is not None and plain:
            event = QKeyEvent(event.type(), step, event.modifiers())
        elif event.key() in {Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right} and isinstance(row, Group):
            wanted = {Qt.Key.Key_Left: True, Qt.Key.Key_Right: False}.get(Qt.Key(event.key()), not row.folded)
            if wanted != row.folded:
                self.folding.emit(row.name)
            return
        super().keyPressEvent(event)

    # --- drawing ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, tokens = QPainter(self.viewport()), current().tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(tokens.window))
        selected = {index.row() for index in self.selectionModel().selectedRows()}
        for row in self._visible_rows(self.viewport().rect()):
            record: Row = self.records.rows[row]
            box = QRect(0, self.rowViewportPosition(row), self.viewport().width(), self.rowHeight(row))
            if isinstance(record, Group):
                self._draw_group(painter, record, box, chosen=row in selected)
            elif isinstance(record, LaunchChecklistItem):
                self._draw_item(painter, record, box, chosen=row in selected, hovered=row == self.hovered)

    def _draw_group(self, painter: QPainter, group: Group, box: QRect, *, chosen: bool) -> None:
        theme, tokens = current(), current().tokens
        painter.fillRect(box.adjusted(0, 1, 0, 0), QColor(tokens.selection if chosen else tokens.raised))
        if chosen and self.hasFocus():
            painter.fillRect(box.left(), box.top(), FOCUS, box.height(), QColor(tokens.accent))
        x, y, arm = float(theme.px(15)), box.center().y() + 0.5, theme.px(3)
        painter.setPen(QPen(QColor(tokens.text2), 1.5))
        if group.folded:
            painter.drawPolyline(
                [QPointF(x - arm / 2, y - arm), QPointF(x + arm / 2, y), QPointF(x - arm / 2, y + arm)]
            )
        else:
            painter.drawPolyline(
                [QPointF(x - arm, y - arm / 2), QPointF(x, y + arm / 2), QPointF(x + arm, y - arm / 2)]
            )
        left = float(self.columnViewportPosition(Col.NUMBER) + theme.px(12))
        place = QRectF(left, box.top(), box.width() - left - PAD, box.height())
        taken = draw_words(painter, group.name, place, (10, 600))
        words = f"{group.signed} of {group.total} signed"
        draw_words(painter, words, place.adjusted(taken + theme.px(12), 0, 0, 0), (9, 400), tokens.text2)
        if group.late:
            self._late_chip(painter, f"{group.late} late", box)

    @staticmethod
    def _late_chip(painter: QPainter, words: str, box: QRect) -> None:
        size = severity_size("P2", words)
        left = box.right() - PAD - size.width()
        top = box.top() + (box.height() - size.height()) / 2
        draw_severity(painter, QRectF(left, top, size.width(), size.height()), "P2", words)

    def _draw_item(
        self, painter: QPainter, item: LaunchChecklistItem, box: QRect, *, chosen: bool, hovered: bool
    ) -> None:
        tokens = current().tokens
        if chosen or hovered:
            painter.fillRect(box, QColor(tokens.selection if chosen else tokens.hover))
        else:
            painter.fillRect(QRectF(box.left(), box.bottom(), box.width(), 1), QColor(tokens.hover))
        late = item.late_seconds is not None
        if late and item.blocking:
            painter.fillRect(box.left(), box.top(), FOCUS + 1, box.height(), QColor(tokens.p2))
        if chosen and self.hasFocus():
            painter.fillRect(box.left(), box.top(), FOCUS, box.height(), QColor(tokens.accent))
        quiet = tokens.text if chosen else tokens.text2
        strong = 600 if late else 400
        for number in Col:
            if self.isColumnHidden(number):
                continue
            left, wide = self.columnViewportPosition(number), self.columnWidth(number)
            place = QRectF(left + PAD, box.top(), wide - 2 * PAD, box.height())
            words = self._words(item, number)
            match number:
                case Col.MARK:
                    self._draw_mark(painter, item, QPointF(left + wide / 2, box.center().y() + 0.5))
                case Col.NUMBER:
                    draw_words(painter, words, place, (9, 400), quiet, RIGHT)
                case Col.ITEM:
                    draw_words(painter, words, place, (10, strong))
                case Col.EVIDENCE:
                    self._draw_evidence(painter, item, place, chosen=chosen)
                case Col.SIGNED if late:
                    self._late_chip(painter, words, box)
                case Col.SIGNED:
                    signed = item.status is not ItemStatus.PENDING
                    draw_words(painter, words, place, (9.5 if signed else 9, 400), quiet, RIGHT)
                case Col.AT:
                    draw_words(painter, words, place, (10, strong), tokens.text if late else quiet, RIGHT)
                case Col.DUE:
                    draw_words(painter, words, place, (10, strong), tokens.text if late else quiet)
                case _:
                    draw_words(painter, words, place, (10, 400), quiet)

    @staticmethod
    def _draw_mark(painter: QPainter, item: LaunchChecklistItem, centre: QPointF) -> None:
        theme, tokens = current(), current().tokens
        if item.status is ItemStatus.WAIVED:
            draw_words(painter, "w", QRectF(centre.x() - 6, centre.y() - 9, 14, 18), (9, 600), tokens.text2, LEFT)
        elif item.status is ItemStatus.APPROVED:
            mark(painter, "good", centre, theme.px(9), tokens.text2, filled=False)
        elif item.late_seconds is not None:
            mark(painter, "P2", centre, theme.px(11), tokens.p2, filled=item.blocking)
        else:
            draw_ring(painter, centre, theme.px(8), tokens.text2)

    def _draw_evidence(self, painter: QPainter, item: LaunchChecklistItem, box: QRectF, *, chosen: bool) -> None:
        tokens, found = current().tokens, self._evidence_of(item)
        taken = current().width(found.age, 9) if found.age else 0.0
        ink = tokens.text if chosen else tokens.text2 if found.missing or not item.evidence else tokens.accent
        draw_words(painter, found.words, box.adjusted(0, 0, -taken - PAD, 0), (10, 400), ink)
        draw_words(painter, found.age, box, (9, 400), tokens.text if chosen else tokens.text2, RIGHT)

    # --- widths ----------------------------------------------------------------------------------------------------

    def _spread(self) -> None:
        widths = self._widths()
        spare = self._leave_out(widths, GIVE_WAY)
        whole = self.isColumnHidden(Col.EVIDENCE)
        shares = {Col.ITEM: 1.0 if whole else 0.6, Col.EVIDENCE: 0.25, Col.PLAN: 0.15}
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width + round(spare * shares.get(Col(number), 0.0)))
        self._heighten()

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at: all of its words."""
        found: Any = self.records.rows[index.row()] if index.isValid() else None
        return self._words(found, index.column()) if isinstance(found, LaunchChecklistItem) else ""


def _key(row: Row) -> str:
    if isinstance(row, Group):
        return f"[{row.name}"
    return f"{row.item.key} opened" if isinstance(row, Opened) else row.key
