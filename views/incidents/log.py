"""The readable timeline: one line an entry, oldest on top, by kinds; older pages come when somebody scrolls up."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPointF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QVBoxLayout, QWidget

from views.incidents.glyphs import draw_glyph
from views.incidents.wording import FILTERS, KINDS, STORY, actor_letters, entry_instant, entry_text, entry_words
from views.kit.theme import current
from views.kit.widgets.flow import Flow
from views.kit.widgets.pill import Look, Pill
from views.kit.widgets.table import Column, RecordTable

if TYPE_CHECKING:
    from datetime import datetime

    from app.incidents.timeline import Timeline
    from models.incidents.timeline import TimelineEntry
    from views.incidents.desk import Desk

GLYPH = 13
PAGE = 200
TOP_ROWS = 12
"""So many rows from the top, older entries are asked for."""


def _order(entry: TimelineEntry) -> tuple[datetime, int]:
    return entry_instant(entry), entry.position


class EntryTable(RecordTable):
    """Lines with the shape of their kind."""

    def __init__(self) -> None:
        super().__init__(
            (
                Column("UTC", lambda entry: f"{entry_instant(entry):%H:%M:%S}", 62, quiet=True, fits=True),
                Column("", lambda _entry: "", 26),
                Column("What happened", entry_text, 160, stretch=True),
                Column("", actor_letters, 40, right=True, quiet=True),
            ),
            "Log",
        )
        self.horizontalHeader().hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        rows, theme = self._visible_rows(event.rect()), current()
        if not rows:
            return
        painter = QPainter(self.viewport())
        high = self.verticalHeader().defaultSectionSize()
        x = self.columnViewportPosition(1) + self.columnWidth(1) / 2
        for row in rows:
            draw_glyph(painter, self.records.rows[row], QPointF(x, self.top_of(row) + high / 2), theme.px(GLYPH))

    def hint(self, index: QModelIndex) -> str:
        """All that an entry says."""
        return entry_words(self.records.rows[index.row()]) if index.isValid() else ""


class Log(QWidget):
    """The list with its filters."""

    chosen_changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._timeline: Timeline | None = None
        self._at_end = True
        self._quiet = False
        self.filters: dict[str, Pill] = {}
        for name in FILTERS:
            pill = self.filters[name] = Pill(name, Look.OUTLINE, name=f"Show {name.lower()}")
            pill.clicked.connect(lambda _=False, n=name: self.show_only(n))
        self.shown = STORY
        """What is shown, by the name of its filter."""
        self._rows: list[TimelineEntry] = []
        """As things happened: what was noted later stands where it belongs."""
        self._known: dict[int, TimelineEntry] = {}
        """By position, what stands in the rows."""
        self.table = EntryTable()
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.state = QLabel()
        self.state.setWordWrap(True)
        self.state.setContentsMargins(12, 4, 12, 4)
        self.state.setAccessibleName("State of the log")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Flow(*self.filters.values()))
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        self.table.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.table.selectionModel().currentRowChanged.connect(self._moved)
        desk.cursor_moved.connect(self._follow_cursor)
        desk.entry_chosen.connect(self.choose)
        current().changed.connect(self._show_filters)
        self._show_filters()

    @property
    def timeline(self) -> Timeline | None:
        """What is shown."""
        return self._timeline

    @property
    def chosen(self) -> TimelineEntry | None:
        """The entry under the keyboard."""
        row = self.table.currentIndex().row()
        rows = self.table.records.rows
        return rows[row] if 0 <= row < len(rows) else None

    # --- what is shown -----------------------------------------------------------------------------------------------

    def show_only(self, name: str) -> None:
        """Show what a filter lets through."""
        self.shown = name
        self._show_filters()
        self.shown_changed.emit()

    shown_changed = Signal()

    def show_timeline(self, timeline: Timeline | None) -> None:
        """Show another one."""
        if timeline is self._timeline:
            return
        if self._timeline is not None:
            self._timeline.reset.disconnect(self._reset)
            self._timeline.grown.disconnect(self._grown)
            self._timeline.grown_on_top.disconnect(self._grown_on_top)
        self._timeline = timeline
        if timeline is not None:
            timeline.reset.connect(self._reset)
            timeline.grown.connect(self._grown)
            timeline.grown_on_top.connect(self._grown_on_top)
        self._reset()

    def say(self, words: str) -> None:
        """What there is to say of the whole list; nothing hides it."""
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def _reset(self) -> None:
        self._at_end = True
        self._rows = sorted(self._timeline.entries if self._timeline is not None else (), key=_order)
        self._known = {entry.position: entry for entry in self._rows}
        self.table.set_rows(self._rows)
        self.table.scrollToBottom()
        self.chosen_changed.emit()

    def _grown(self) -> None:
        if self._timeline is None:
            return
        chosen, before = self.chosen, len(self._rows)
        others = self._put(self._timeline.entries[-2 * PAGE :])
        records = self.table.records
        if others:
            self._show_rows(chosen)
        elif len(self._rows) > before:
            records.grown()
        self.table.viewport().update()
        if self._at_end:
            self.table.scrollToBottom()
        self.chosen_changed.emit()

    def _put(self, entries: list[TimelineEntry]) -> bool:
        """Put entries where they belong; whether rows that were there have moved or say something else."""
        moved = False
        for entry in entries:
            known = self._known.get(entry.position)
            if known is entry or known == entry:
                continue
            if known is not None:
                del self._rows[bisect_left(self._rows, _order(known), key=_order)]
            moved |= known is not None or bool(self._rows and _order(entry) < _order(self._rows[-1]))
            insort(self._rows, entry, key=_order)
            self._known[entry.position] = entry
        return moved

    def _show_rows(self, chosen: TimelineEntry | None) -> None:
        """Show rows of which some have moved: what is looked at stays where it is."""
        bar = self.table.verticalScrollBar()
        below, self._quiet = bar.maximum() - bar.value(), True
        self.table.set_rows(self._rows)
        self.table.updateGeometries()
        bar.setValue(bar.maximum() - below)
        if chosen is not None:
            row = next((n for n, each in enumerate(self._rows) if each.position == chosen.position), -1)
            self.table.selectRow(row) if row >= 0 else self.table.clearSelection()
        self._quiet = False

    def _grown_on_top(self, count: int) -> None:
        if self._timeline is not None:
            chosen = self.chosen
            self._put(self._timeline.entries[:count])
            self._show_rows(chosen)

    def _scrolled(self, value: int) -> None:
        bar, high = self.table.verticalScrollBar(), self.table.verticalHeader().defaultSectionSize()
        self._at_end = value >= bar.maximum() - high
        if not self._quiet and self._timeline is not None and value < TOP_ROWS * high:
            self._timeline.want_older()

    def _show_filters(self) -> None:
        for name, pill in self.filters.items():
            pill.set(name, Look.SELECTED if name == self.shown else Look.OUTLINE)

    # --- the chosen entry --------------------------------------------------------------------------------------------

    def _moved(self, *_: Any) -> None:
        entry = self.chosen
        if entry is not None and not self._quiet:
            self._desk.set_cursor(entry_instant(entry).timestamp())
            self.table.setAccessibleDescription(f"{KINDS[entry.kind]}: {entry_words(entry)}")
        self.chosen_changed.emit()

    def choose(self, entry: TimelineEntry) -> None:
        """Put the cursor on an entry, where it is listed."""
        rows = self.table.records.rows
        row = next((n for n, each in enumerate(rows) if each.position == entry.position), None)
        if row is not None and row != self.table.currentIndex().row():
            self._quiet = True
            self.table.selectRow(row)
            self.table.scrollTo(self.table.records.index(row, 0), QAbstractItemView.ScrollHint.EnsureVisible)
            self._quiet = False
            self.chosen_changed.emit()

    def _follow_cursor(self, at: object) -> None:
        if at is None and not self.table.hasFocus():
            self._quiet = True
            self.table.clearSelection()
            self._quiet = False

    def step(self, by: int) -> None:
        """The entry below, or above."""
        rows = len(self.table.records.rows)
        if rows:
            here = self.table.currentIndex().row()
            row = rows - 1 if here < 0 else min(max(here + by, 0), rows - 1)
            self.table.selectRow(row)
            self.table.scrollTo(self.table.records.index(row, 0))

    def least_width(self) -> int:
        """So wide it can be read."""
        return current().px(300) + round(QFontMetricsF(current().font(10)).averageCharWidth())
