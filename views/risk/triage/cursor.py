"""The cursor of Triage: the entry under it is read, and its neighbours are fetched before they are asked for."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.core.errors import OperationsError
from app.core.outbox import State
from app.risk.queue import Risk

if TYPE_CHECKING:
    from app.console import Console
    from models.risk.queue import RiskQueueEntry
    from views.risk.triage.case_panel import CasePanel
    from views.risk.triage.queue_panel import QueuePanel

AHEAD, BEHIND = 3, 1
"""Neighbours of the case that are fetched before they are asked for."""
RUSH_MS = 60
"""While the cursor runs, cases that are not known yet are asked for once it rests so long."""


class Cursor(QObject):
    """Between queue and case: what is under the cursor is what is read."""

    choice_wanted = Signal(object)
    """Carries the entry of a row that was opened, where something of it waits for a choice."""

    opened = Signal()
    """A case is to be read: Enter, or a double click."""

    def __init__(self, console: Console, queue: QueuePanel, case: CasePanel) -> None:
        super().__init__(queue.widget)
        self._console, self._risk = console, console.of(Risk)
        self.queue, self.case = queue, case
        self._asked: str | None = None
        """An entry that is read although its row is not loaded."""
        self._resting = QTimer(self, singleShot=True, interval=RUSH_MS)
        self._resting.timeout.connect(self._fetch)
        queue.table.cursor_moved.connect(self._cursor_moved)
        queue.table.activated_row.connect(self._open)
        case.order_asked.connect(self.read)
        queue.counts.changed.connect(self._counted)
        self._risk.entry_changed.connect(self._entry_changed)
        self._risk.returned.connect(self._returned)
        self._risk.list.changed.connect(self._list_changed)
        queue.table.renewed.connect(self._rows_shown)

    def _cursor_moved(self, entry: RiskQueueEntry | None) -> None:
        if entry is None:
            if self._asked is None and not self._risk.list.count:
                self.case.show_entry(None)
            return
        self._asked = None
        self.case.show_entry(entry)
        if self._risk.cases.get(entry.entry_id) is not None:
            self._fetch()
        else:
            self._resting.start()

    def _fetch(self) -> None:
        """The case that is read first, then those that will be."""
        entry, table = self.case.entry, self.queue.table
        if entry is None or not self.case.available:
            return
        row = table.currentIndex().row()
        rows = [*range(row + 1, row + 1 + AHEAD), *range(row - BEHIND, row)] if row >= 0 else []
        beside = [each for each in map(self._risk.list.entry, rows) if each is not None]
        for each in (entry, *beside):
            self._risk.cases.note_entry(each)
        self._risk.cases.want([entry.entry_id, *(each.entry_id for each in beside)])

    def _counted(self) -> None:
        """Something has changed somewhere: the case that is read is asked for again, its neighbours by their rows."""
        entry = self.case.entry
        if entry is not None and self.case.widget.isVisible():
            self._risk.cases.outdate(entry.entry_id)
            self._fetch()

    def _list_changed(self) -> None:
        entry = self.case.entry
        if entry is not None:
            row = self._risk.list.row_of(entry.entry_id)
            known = None if row is None else self._risk.list.entry(row)
            if known is not None and known.version > entry.version:
                self.case.show_entry(known)
            self._fetch()

    def _rows_shown(self) -> None:
        """Begin at the top of a list that is shown for the first time."""
        if self.case.entry is None and self.queue.table.currentIndex().row() < 0:
            self.queue.table.go_to(0)

    def _entry_changed(self, entry: RiskQueueEntry) -> None:
        if self.case.entry is not None and self.case.entry.entry_id == entry.entry_id:
            self.case.show_entry(entry)
            self._risk.cases.want([entry.entry_id])

    def read(self, entry_id: str) -> None:
        """Read an entry, wherever its row is."""
        row = self._risk.list.row_of(entry_id)
        if row is not None:
            self.queue.table.go_to(row)
            return
        self._console.tasks.start(report_errors(self._console, self._read(entry_id)), name="read a case")

    async def _read(self, entry_id: str) -> None:
        case = self._risk.cases.get(entry_id) or await self._risk.case(entry_id)
        self._asked = entry_id
        self.case.show_entry(case.entry)
        self._risk.cases.want([entry_id])

    def _open(self, entry: RiskQueueEntry | None) -> None:
        if entry is None:
            return
        pending = self._risk.pending(entry.entry_id)
        if pending is not None and pending.state is not State.WAITING:
            self.choice_wanted.emit(entry)
        else:
            self.case.show_entry(entry)
            self.opened.emit()
            self.case.area.setFocus(Qt.FocusReason.OtherFocusReason)

    def _returned(self, entry_id: str) -> None:
        row = self._risk.list.row_of(entry_id)
        if row is not None:
            self.queue.table.go_to(row)


async def report_errors(console: Console, work: Awaitable[Any]) -> None:
    """Do it, and say what the server refused."""
    try:
        await work
    except OperationsError as error:
        console.messages.post(str(error), "error")
