"""The queue's rows: score bars, chips and states, drawn column by column over pages that come and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import TYPE_CHECKING, Any, overload

from PySide6.QtCore import QModelIndex, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPixmap, QResizeEvent

from views.kit.theme import current
from views.kit.widgets.table import PAD, Column, RecordTable, font_of
from views.risk.triage.paint_helpers import countries, rules
from views.risk.triage.queue_cells import (
    CellStyle,
    Draw,
    draw_countries,
    draw_mark,
    draw_rules,
    draw_score,
    draw_sla,
    draw_state,
    draw_who,
    ink_of,
)
from views.risk.triage.wording import NEAR, StateLabel, amount, chip, hours, state_of, time_left, who

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.risk.queue import Risk
    from models.risk.queue import RiskQueueEntry

MARK, SCORE, ORDER, AMOUNT, CARD, RULES, AGE, SLA, WHO, STATE = range(10)
GIVE_WAY = (AGE, WHO, CARD, AMOUNT)
"""Columns that are left out one after the other where there is no room for all, after those in which nothing stands."""
MAY_BE_EMPTY = (STATE, WHO)
SCORE_BARE = 52
"""Width of a score without its bar, where even that is not enough."""
_WIDTHS = {MARK: 28, SCORE: 104, ORDER: 92, AMOUNT: 96, CARD: 88, RULES: 200, AGE: 60, SLA: 84, WHO: 52, STATE: 150}
STATE_WIDE, RULES_LEAST = 168, 120
STAMPS_MOST = 2_000
"""Pictures of cells that are kept: a few kilobytes each."""


class Rows(Sequence[Any]):
    """The loaded part of the queue; ``None`` where a page was let go."""

    def __init__(self, risk: Risk) -> None:
        self._list = risk.list

    def __len__(self) -> int:
        return self._list.count

    @overload
    def __getitem__(self, index: int) -> RiskQueueEntry | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._list.entry(row) for row in range(*index.indices(len(self)))]
        return self._list.entry(index)


class QueueTable(RecordTable):
    """The rows of a queue, with a cursor that stays on its entry whatever moves around it."""

    looked_at = Signal(int, int)
    """First and last row that are seen."""
    link_pressed = Signal(object)
    """Carries the entry whose *Compare* or *Retry* was pressed."""
    cursor_moved = Signal(object)
    """Carries the entry under the cursor, or ``None``."""
    renewed = Signal()
    """The rows of the list as it is now are shown."""

    # Qt asks for sizes while the constructor of the base class still runs.
    _risk: Risk

    def __init__(
        self,
        risk: Risk,
        now: Callable[[], datetime],
        me: Callable[[], str | None],
        linked: Callable[[], bool],
        parent: QWidget | None = None,
    ) -> None:
        self._risk, self._now, self._me, self._linked = risk, now, me, linked
        self.chosen: set[str] = set()
        """Entries chosen for a decision about several."""
        self._stamps: dict[tuple[Any, ...], QPixmap] = {}
        self._anchor: str | None = None
        self._moving = False
        self._reporting = ""
        self._empty: tuple[int, ...] = ()
        """Columns in which nothing stands."""
        super().__init__(self._columns(), "Risk queue", parent)
        self.horizontalHeader().setMinimumSectionSize(16)  # the style's own is wider than the column of marks
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # columns give way instead
        self.rows = Rows(risk)
        self.set_rows(self.rows)
        self.verticalScrollBar().valueChanged.connect(self._look)
        self.selectionModel().currentRowChanged.connect(self._current_changed)

    def _columns(self) -> tuple[Column, ...]:
        def of(text: Callable[[RiskQueueEntry], str], unknown: str = "") -> Callable[[Any], str]:
            return lambda entry: unknown if entry is None else text(entry)

        risk = self._risk
        return (
            Column("", of(lambda e: self.state_label(e).mark), _WIDTHS[MARK]),
            Column("Score", of(lambda e: str(e.score), "…"), _WIDTHS[SCORE]),
            Column("Order", of(lambda e: e.order_id, "…"), _WIDTHS[ORDER], mono=True, fits=True),
            Column("Amount", of(lambda e: amount(e, risk.currency)), _WIDTHS[AMOUNT], right=True, weight=600),
            Column("Card, IP", of(countries), _WIDTHS[CARD]),
            Column("Rules that fired", of(rules), _WIDTHS[RULES], stretch=True),
            Column("Age", of(lambda e: hours(self._now() - e.created_at)), _WIDTHS[AGE], right=True),
            Column("SLA left", of(lambda e: time_left(e.due_at - self._now())), _WIDTHS[SLA], right=True),
            Column("Who", of(lambda e: who(e, self._me())), _WIDTHS[WHO]),
            Column("State", of(self._state_words), _WIDTHS[STATE]),
        )

    def _state_words(self, entry: RiskQueueEntry) -> str:
        label = self.state_label(entry)
        return f"{label.words} {label.link}".strip()

    def state_label(self, entry: RiskQueueEntry) -> StateLabel:
        """What the row says at its end."""
        pending = self._risk.pending(entry.entry_id)
        return state_of(entry, pending, self._me(), self._now(), linked=self._linked())

    # --- rows --------------------------------------------------------------------------------------------------

    @property
    def at_cursor(self) -> RiskQueueEntry | None:
        """The entry under the cursor."""
        # By its id: the list may have moved on already, the rows that are seen have not.
        row = None if self._anchor is None else self._risk.list.row_of(self._anchor)
        return None if row is None else self._risk.list.entry(row)

    def renew(self) -> None:
        """Show the list as it is now; the cursor stays on its entry, at the same height."""
        row = self.currentIndex().row()
        anchor = self._anchor
        found = self._risk.list.row_of(anchor) if anchor is not None else None
        offset = self.rowViewportPosition(row) if row >= 0 else 0
        count = len(self.rows)
        if self._reporting != self._risk.currency:
            self._reporting = self._risk.currency
            self._name_amounts()
        if self._empty != self._empty_columns():
            self._spread()
        if count == self.records.rowCount() and (found == row or (found is None and row < 0)):
            self.renew_rows(self.rows)
            self.renewed.emit()
            return
        self._moving = True
        bar = self.verticalScrollBar()
        before = bar.value()
        self.set_rows(self.rows)
        place = found if found is not None else min(max(row, 0), count - 1)
        if count and (row >= 0 or anchor is not None):
            self.setCurrentIndex(self.records.index(place, 0))
            high = self.verticalHeader().defaultSectionSize()
            bar.setValue(place * high - offset if row >= 0 else before)
        else:
            bar.setValue(before)
        self._moving = False
        self._tell_cursor()
        self._look()
        self.renewed.emit()

    def _name_amounts(self) -> None:
        columns = list(self.records.columns)
        title = f"Amount, {self._reporting}" if self._reporting else "Amount"
        columns[AMOUNT] = Column(title, columns[AMOUNT].text, _WIDTHS[AMOUNT], right=True, weight=600)
        self.records.columns = tuple(columns)
        self.records.headerDataChanged.emit(Qt.Orientation.Horizontal, AMOUNT, AMOUNT)

    def go_to(self, row: int) -> bool:
        """Put the cursor on a row; False where there is none."""
        if not 0 <= row < self.records.rowCount():
            return False
        index = self.records.index(row, 0)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        return True

    def step(self, by: int) -> bool:
        """Move the cursor; False at the end."""
        row = self.currentIndex().row()
        return self.go_to(0 if row < 0 else row + by)

    def step_to_open(self) -> bool:
        """Move to the next row, down and then from the top, on which nothing of mine is on its way.

        Where the row under the cursor has left the list, the one that came up in its place is the next.
        """
        before = self._anchor
        self.renew()
        entry = self.at_cursor
        if entry is not None and entry.entry_id != before and not self._risk.decided(entry.entry_id):
            return True
        count, begin = self.records.rowCount(), self.currentIndex().row()
        for row in (*range(begin + 1, count), *range(max(0, begin))):
            entry = self._risk.list.entry(row)
            if entry is None or not self._risk.decided(entry.entry_id):
                return self.go_to(row)
        return False

    def forget_cursor(self) -> None:
        """Another list is shown: the cursor begins at its top."""
        self._anchor = None
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())

    def _current_changed(self, _index: QModelIndex, _before: QModelIndex) -> None:
        if not self._moving:
            self._tell_cursor()

    def _tell_cursor(self) -> None:
        index = self.currentIndex()
        entry = self._risk.list.entry(index.row()) if index.isValid() else None
        self._anchor = None if entry is None else entry.entry_id
        self.cursor_moved.emit(entry)

    def toggle(self) -> None:
        """Choose the row under the cursor, or no longer."""
        entry = self.at_cursor
        if entry is not None:
            self.chosen ^= {entry.entry_id}
            self.viewport().update()

    def _look(self) -> None:
        if self.isVisible():
            first = max(0, self.rowAt(0))
            last = self.rowAt(self.viewport().height() - 1)
            high = max(1, self.verticalHeader().defaultSectionSize())
            self.looked_at.emit(first, last if last >= 0 else first + self.viewport().height() // high)

    @property
    def visible_rows(self) -> tuple[int, int]:
        """Numbers of the first and the last whole row that are seen, from 1; 0, 0 for none."""
        count = self.records.rowCount()
        if not count:
            return 0, 0
        high = max(1, self.verticalHeader().defaultSectionSize())
        first = max(0, self.rowAt(0))
        return first + 1, min(count, first + max(1, self.viewport().height() // high))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._look()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._look()

    # --- widths ------------------------------------------------------------------------------------------------

    def restyle(self) -> None:
        self._stamps.clear()
        super().restyle()

    def _spread(self) -> None:
        widths, room = self._widths(), self.viewport().width()
        left_out: list[int] = []
        usual = (
            self._usual_widths()
        )  # not those that grew with what stands in them: columns would come and go with that
        self._empty = self._empty_columns()
        for number in (*self._empty, *(n for n in GIVE_WAY if n not in self._empty)):
            if sum(w for n, w in enumerate(usual) if n not in left_out) <= room:
                break
            left_out.append(number)
        over = sum(w for n, w in enumerate(widths) if n not in left_out) - room
        widths[RULES] -= min(max(0, over), widths[RULES] - current().px(RULES_LEAST))
        if sum(w for n, w in enumerate(widths) if n not in left_out) > room:
            widths[SCORE] = current().px(SCORE_BARE)
        if sum(w for n, w in enumerate(widths) if n not in left_out) > room:
            left_out.append(RULES)
        for number in range(len(widths)):
            self.setColumnHidden(number, number in left_out)
        spare = max(0, room - sum(w for n, w in enumerate(widths) if n not in left_out))
        more = min(spare // 3, current().px(STATE_WIDE - _WIDTHS[STATE]))
        widths[STATE] += more
        widths[STATE if RULES in left_out else RULES] += spare - more
        for number, width in enumerate(widths):
            self.setColumnWidth(number, width)
        self._fitted.clear()

    def _empty_columns(self) -> tuple[int, ...]:
        loaded = list(self._risk.list.loaded())
        says = {STATE: self._state_words, WHO: lambda entry: who(entry, self._me())}
        return tuple(number for number in MAY_BE_EMPTY if not any(map(says[number], loaded)))

    # --- drawing -----------------------------------------------------------------------------------------------

    def _column(
        self, painter: QPainter, number: int, column: Column, box: QRectF, tops: dict[int, int], selected: set[int]
    ) -> None:
        painted: dict[int, tuple[Callable[[RiskQueueEntry], Any], Draw]] = {
            MARK: (self._mark_of, draw_mark),
            SCORE: (lambda entry: entry.score, draw_score),
            CARD: (lambda entry: (entry.card_country, entry.ip_country), draw_countries),
            RULES: (lambda entry: entry.triggered_rules, draw_rules),
            SLA: (self._sla_of, draw_sla),
            WHO: (lambda entry: who(entry, self._me()) or None, draw_who),
            STATE: (self._state_of, draw_state),
        }
        if number not in painted:
            self._draw_text(painter, number, column, box, tops, selected)
            return
        says, draw = painted[number]
        for row, top in tops.items():
            entry = self.records.prepared(row)[0]
            label = None if entry is None else says(entry)
            if entry is not None and label is not None:
                self._stamp(
                    painter,
                    number,
                    box.translated(0, top),
                    label,
                    CellStyle(row in selected, self._is_decided(entry)),
                    draw,
                )

    def _stamp(self, painter: QPainter, number: int, box: QRectF, label: Any, style: CellStyle, draw: Draw) -> None:
        """Draw a cell; what looks the same is drawn once and kept as a picture."""
        ratio = self.devicePixelRatioF()
        key = (number, label, style, box.width(), box.height(), ratio)
        found = self._stamps.get(key)
        if found is None:
            if len(self._stamps) >= STAMPS_MOST:
                self._stamps.clear()
            place = QRectF(PAD - 1, 0, box.width(), box.height())
            found = self._stamps[key] = QPixmap(
                ceil((place.width() + 2 * PAD - 2) * ratio), ceil(place.height() * ratio)
            )
            found.setDevicePixelRatio(ratio)
            found.fill(Qt.GlobalColor.transparent)
            with QPainter(found) as inside:
                draw(inside, place, label, style)
        painter.drawPixmap(QPointF(box.left() - PAD + 1, box.top()), found)

    def _is_decided(self, entry: RiskQueueEntry) -> bool:
        return self._risk.decided(entry.entry_id)

    def _draw_text(
        self, painter: QPainter, number: int, column: Column, box: QRectF, tops: dict[int, int], selected: set[int]
    ) -> None:
        theme = current()
        font = theme.font(*font_of(column), mono=column.mono)
        metrics = QFontMetricsF(font)
        base = (box.height() - metrics.height()) / 2 + metrics.ascent()
        painter.setFont(font)
        for row, top in tops.items():
            entry, texts = self.records.prepared(row)
            text = texts[number]
            shown = self._fitted.get((number, text)) or self._fit(number, text, box.width())
            style = CellStyle(row in selected, entry is None or self._is_decided(entry))
            painter.setPen(ink_of(style))
            left = box.right() - shown[1] if column.right else box.left()
            painter.drawText(QPointF(left, top + base), shown[0])

    def _mark_of(self, entry: RiskQueueEntry) -> str | None:
        mark = self.state_label(entry).mark
        if mark in {"sent", "conflict", "failed"}:
            return mark
        return None if not self.chosen else "on" if entry.entry_id in self.chosen else "off"

    def _sla_of(self, entry: RiskQueueEntry) -> tuple[str, str]:
        """The time left, and the severity of being near its end."""
        left = entry.due_at - self._now()
        near = left < NEAR and not self._is_decided(entry)
        return time_left(left), ("P2" if left.total_seconds() < 0 else "P3") if near else ""

    def _state_of(self, entry: RiskQueueEntry) -> StateLabel | None:
        label = self.state_label(entry)
        return label if label.words or label.link else None

    # --- people ------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == STATE and event.button() is Qt.MouseButton.LeftButton:
            entry = self._risk.list.entry(index.row())
            if entry is not None and self.state_label(entry).link:
                self.link_pressed.emit(entry)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self.go_to(0 if event.key() == Qt.Key.Key_Home else self.records.rowCount() - 1)
            return
        super().keyPressEvent(event)

    def hint(self, index: QModelIndex) -> str:
        """What a cell says when pointed at."""
        entry = self._risk.list.entry(index.row()) if index.isValid() else None
        if entry is None:
            return ""
        match index.column():
            case 5:
                return "\n".join(chip(rule) for rule in entry.triggered_rules)
            case 6:
                return f"In the queue since {entry.created_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            case 7:
                return f"To be decided until {entry.due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
            case 8:
                return entry.assigned_to_name or ""
            case 9:
                pending = self._risk.pending(entry.entry_id)
                return (
                    pending.detail if pending is not None and pending.detail else self.records.texts(index.row())[STATE]
                )
            case _:
                return self.records.texts(index.row())[index.column()]
