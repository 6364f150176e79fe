"""The risk queue as the console reads it: pages in the order that was asked for, loaded around what is looked at.

Pages are keyed by their cursors, so what was scrolled past is let go and asked for again. A row with a decision on its
way stays where it is until the server has answered, whatever the server lists meanwhile.
"""

from __future__ import annotations

import bisect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.core.errors import OperationsError
from app.core.signals import Signal
from app.risk.filters import QueueFilter, Sort, Tab

if TYPE_CHECKING:
    from app.core.tasks import Tasks
    from models.core.paging import Page
    from models.risk.queue import RiskQueueEntry

PAGE_ROWS = 200
PAGES_KEPT = 20
DUE_SOON = timedelta(hours=1)

Ask = Callable[[QueueFilter, str | None, int], Awaitable["Page[RiskQueueEntry]"]]
"""From filter, cursor and limit, a page."""


@dataclass(slots=True)
class _Block:
    """A page: how it is asked for, and what it holds; ``None`` when it was let go."""

    cursor: str | None
    entries: list[RiskQueueEntry] | None
    length: int
    after: str | None
    kept: bool = False
    """Of an earlier run, without personal data: whatever is heard takes its place."""


class QueueList:
    """Rows of the queue."""

    changed = Signal()
    """The rows, their number or the state of loading is another."""

    def __init__(
        self,
        ask: Ask,
        tasks: Tasks,
        now: Callable[[], datetime],
        me: Callable[[], str | None],
        *,
        on_page: Callable[[QueueFilter, Page[RiskQueueEntry]], None] = lambda _filter, _page: None,
        recall: Callable[[QueueFilter], Awaitable[Page[RiskQueueEntry] | None]] | None = None,
    ) -> None:
        """``on_page`` is told the first page of a filter as it comes.

        ``recall`` gives what an earlier run kept of one, shown until the first answer.
        """
        self.filter = QueueFilter()
        self.complete = False
        """Loaded to its end."""
        self.known = False
        """Whether anything has been heard of this filter."""
        self.error: OperationsError | None = None
        self.loading = 0
        self.pinned: Callable[[str], bool] = lambda _entry_id: False
        """Whether an entry has something on its way and stays."""
        self.kept_as_of: datetime | None = None
        """When the rows were true, while they are those of an earlier run."""
        self._ask, self._tasks, self._now, self._me = ask, tasks, now, me
        self._on_page, self._recall = on_page, recall
        self._blocks: list[_Block] = []
        self._starts: list[int] = []
        self._places: dict[str, int] = {}
        """Row by id, of what is loaded; made when it is asked for."""
        self._used: list[int] = []
        """Blocks by when they were looked at, the latest last."""
        self._eyes = (0, 0)
        self._turn = 0
        self._under_way: set[int] = set()
        self._again: set[int] = set()
        """Blocks that became out of date while they were being loaded."""

    # --- rows --------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Rows found so far."""
        return self._starts[-1] + self._blocks[-1].length if self._blocks else 0

    @property
    def pages(self) -> int:
        """Pages in memory."""
        return sum(block.entries is not None for block in self._blocks)

    def entry(self, row: int) -> RiskQueueEntry | None:
        """The entry of a row; ``None`` while it is not loaded."""
        if not 0 <= row < self.count:
            return None
        number = bisect.bisect_right(self._starts, row) - 1
        entries, place = self._blocks[number].entries, row - self._starts[number]
        return entries[place] if entries is not None and place < len(entries) else None

    def row_of(self, entry_id: str) -> int | None:
        """The row of an entry, if it is loaded."""
        if not self._places:
            for start, block in zip(self._starts, self._blocks, strict=True):
                for place, entry in enumerate(block.entries or ()):
                    self._places[entry.entry_id] = start + place
        return self._places.get(entry_id)

    def loaded(self) -> Iterable[RiskQueueEntry]:
        """What is in memory, in order."""
        for block in self._blocks:
            yield from block.entries or ()

    # --- what operators do -------------------------------------------------------------------------------------

    def show(self, chosen: QueueFilter) -> None:
        """Show another tab, order or filter."""
        if chosen == self.filter and self.known:
            return
        self.filter = chosen
        self._turn += 1
        self._blocks, self._used, self._under_way, self._again = [], [], set(), set()
        self.complete = self.known = False
        self.kept_as_of = None
        self.loading, self.error, self._eyes = 0, None, (0, 0)
        self._count()
        self.changed.emit()
        self.look_at(0, 0)

    def look_at(self, first: int, last: int) -> None:
        """These rows are seen: load them, and the page behind the last one when it comes near."""
        self._eyes = (first, last)
        if self.error is not None:
            return
        seen = self._visible_rows()
        for number in seen:
            if number in self._used:
                self._used.remove(number)
            self._used.append(number)
            if self._blocks[number].entries is None:
                self._load(number)
        if not self.complete and last >= self.count - PAGE_ROWS // 2:
            self._load(len(self._blocks))

    def refresh(self) -> None:
        """Ask again for what is seen; the rest is let go and asked for when it is."""
        self.error = None
        if not self._blocks:
            self.look_at(0, 0)
            return
        for number in self._visible_rows() or range(1):
            if number in self._under_way:
                self._again.add(number)
            else:
                self._load(number)

    def again(self) -> None:
        """Try again after an error."""
        self.error = None
        self.look_at(*self._eyes)

    def put(self, entry: RiskQueueEntry) -> None:
        """An entry as it is now, told by an answer: in its row, or out of the list it does not belong to any more."""
        row = self.row_of(entry.entry_id)
        if row is None:
            return
        number = bisect.bisect_right(self._starts, row) - 1
        block = self._blocks[number]
        assert block.entries is not None  # noqa: S101 - row_of finds only what is loaded
        place = row - self._starts[number]
        if self.belongs(entry) or self.pinned(entry.entry_id):
            if entry.version < block.entries[place].version:
                return
            block.entries[place] = entry
        else:
            del block.entries[place]
            block.length -= 1
            self._count()
        self.changed.emit()

    def belongs(self, entry: RiskQueueEntry) -> bool:
        """Whether an entry is one of this tab's, whatever else is filtered."""
        now = self._now()
        snoozed = entry.snoozed_until is not None and entry.snoozed_until > now
        match self.filter.tab:
            case Tab.OPEN:
                return entry.status == "open" and not snoozed
            case Tab.MINE:
                return entry.status != "reviewed" and entry.assigned_to == self._me()
            case Tab.ESCALATED:
                return entry.status == "escalated"
            case Tab.DUE:
                return entry.status != "reviewed" and entry.due_at - now <= DUE_SOON
            case Tab.SNOOZED:
                return entry.status != "reviewed" and snoozed

    # --- how ---------------------------------------------------------------------------------------------------

    def _visible_rows(self) -> range:
        if not self._blocks:
            return range(0)
        first, last = (min(max(0, row), max(0, self.count - 1)) for row in self._eyes)
        begin = bisect.bisect_right(self._starts, first) - 1
        return range(begin, bisect.bisect_right(self._starts, last))

    def _load(self, number: int) -> None:
        if number not in self._under_way:
            self._under_way.add(number)
            self.loading += 1
            self._tasks.start(self._fetch(number, self._turn), name="load the risk queue")
            if not self._blocks and self._recall is not None:
                self._tasks.start(self._show_kept(self._recall, self._turn), name="read the risk queue as it was")

    async def _show_kept(
        self, recall: Callable[[QueueFilter], Awaitable[Page[RiskQueueEntry] | None]], turn: int
    ) -> None:
        page = await recall(self.filter)
        if page is not None and turn == self._turn and not self._blocks:
            self._take(0, None, list(page.items), page.next_cursor)
            self._blocks[0].kept, self.kept_as_of = True, page.as_of
            self.changed.emit()

    async def _fetch(self, number: int, turn: int) -> None:
        cursor = self._blocks[number].cursor if number < len(self._blocks) else self._next_cursor()
        try:
            page = await self._ask(self.filter, cursor, PAGE_ROWS)
        except OperationsError as error:
            if turn == self._turn:
                self.error = error
                self._end(number)
                self.changed.emit()
            return
        if turn != self._turn:
            return
        self.known, self.error = True, None
        self._end(number)
        # Another answer may have moved what this one was asked for.
        fits = number == len(self._blocks) if number >= len(self._blocks) else self._blocks[number].cursor == cursor
        if fits:
            self._take(number, cursor, list(page.items), page.next_cursor)
        if cursor is None:
            self._on_page(self.filter, page)
        self.changed.emit()
        if number in self._again and number < len(self._blocks):
            self._again.discard(number)
            self._load(number)
        self.look_at(*self._eyes)

    def _end(self, number: int) -> None:
        self._under_way.discard(number)
        self.loading -= 1

    def _next_cursor(self) -> str | None:
        return self._blocks[-1].after if self._blocks else None

    def _take(self, number: int, cursor: str | None, fresh: list[RiskQueueEntry], after: str | None) -> None:
        known = {entry.entry_id for entry in fresh}
        if number < len(self._blocks):
            block = self._blocks[number]
            held = {e.entry_id: e for e in block.entries or ()}
            if not block.kept:
                # An answer that was on its way while an entry changed must not bring the earlier one back.
                fresh = [max(held.get(e.entry_id, e), e, key=lambda each: each.version) for e in fresh]
            block.kept, self.kept_as_of = False, None
            for entry in held.values():
                if entry.entry_id not in known and self.pinned(entry.entry_id):
                    bisect.insort(fresh, entry, key=self._key)
            moved = block.after != after
            block.entries, block.length, block.after = fresh, len(fresh), after
            if moved and number + 1 < len(self._blocks):
                if after is None:
                    del self._blocks[number + 1 :]
                else:
                    follower = self._blocks[number + 1]
                    follower.cursor, follower.entries = after, None
        else:
            self._blocks.append(_Block(cursor, fresh, len(fresh), after))
            self._used.append(number)
        # The same entry may have moved over from another page between two answers.
        for other in self._blocks:
            if other.entries is not None and other is not self._blocks[number]:
                kept = [e for e in other.entries if e.entry_id not in known]
                other.entries, other.length = kept, len(kept)
        self.complete = self._blocks[-1].after is None
        self._used = [n for n in self._used if n < len(self._blocks)]
        while self.pages > PAGES_KEPT and len(self._used) > 1:
            self._blocks[self._used.pop(0)].entries = None
        self._count()

    def _key(self, entry: RiskQueueEntry) -> Any:
        value: float
        match self.filter.sort:
            case Sort.SCORE:
                value = entry.score
            case Sort.DUE:
                value = entry.due_at.timestamp()
            case Sort.AGE:
                value = -entry.created_at.timestamp()
            case Sort.AMOUNT:
                value = entry.reporting_minor or 0
        return -value if self.filter.descending else value

    def _count(self) -> None:
        self._starts, total = [], 0
        for block in self._blocks:
            self._starts.append(total)
            total += block.length
        self._places = {}
