"""The audit log as the console reads it: what is looked for, and the pages around what is looked at.

The log only grows and its positions are dense, so a million entries need no list: row ``r`` is position ``top - r``,
and only the pages near the operator's eyes are kept.
"""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING

from app.core.errors import BadAnswer, OperationsError
from app.core.search import UnclosedQuoteError, search_terms
from app.core.signals import Signal

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient
    from app.core.tasks import Tasks
    from models.audit import AuditLogEntry, AuditPage

PAGE_ROWS = 200
PAGES_KEPT = 40
AT_ONCE = 2
"""Pages asked for at the same time."""
TEXT_MOST, ID_MOST = 2000, 200

KEYS = {
    "actor": "actor",
    "action": "action",
    "resource": "resource_type",
    "id": "resource_id",
    "correlation": "correlation_id",
}
"""What can be typed before a colon, and the field of a Search it fills."""
_NAMES = {
    "resource_type": "resourceType",
    "resource_id": "resourceId",
    "correlation_id": "correlationId",
    "since": "from",
    "until": "to",
}
UNDERSTOOD = (
    "Understood are actor:ID, action:rbac.role, resource:alert, id:ID, correlation:ID and words to look for; "
    'what has spaces or a colon goes in quotes: actor:"system:worker".'
)


class SearchError(ValueError):
    """What was typed is not understood; the words say what is."""


@dataclass(frozen=True, slots=True)
class Search:
    """Which entries; empty fields do not matter."""

    actor: str = ""
    action: str = ""
    resource_type: str = ""
    resource_id: str = ""
    correlation_id: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Before this instant."""

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Search()

    @property
    def query(self) -> dict[str, str]:
        """As parameters of ``GET /api/operations/audit``."""
        found = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if value:
                text = value.isoformat() if isinstance(value, datetime) else value
                found[_NAMES.get(each.name, each.name)] = text
        return found


def parse(typed: str, since: datetime | None = None, until: datetime | None = None) -> Search:
    """What an operator typed, within a time. Raises SearchError."""
    found: dict[str, str] = {}
    words: list[str] = []
    try:
        terms = list(search_terms(typed))
    except UnclosedQuoteError:
        raise SearchError(f"A quote is not closed. {UNDERSTOOD}") from None
    for key, value in terms:
        if not key:
            words.append(value)
            continue
        name = KEYS.get(key.lower())
        if name is None:
            raise SearchError(f"“{key}:” is not understood. {UNDERSTOOD}")
        if not value:
            raise SearchError(f"After “{key}:” stands what to look for. {UNDERSTOOD}")
        if name in found:
            raise SearchError(f"“{key}:” stands there twice; an entry has only one.")
        if len(value) > ID_MOST:
            raise SearchError(f"“{key}:” is longer than any id: at most {ID_MOST} characters.")
        found[name] = value
    text = " ".join(word for word in words if word)
    if len(text) > TEXT_MOST:
        raise SearchError(f"At most {TEXT_MOST} characters can be looked for; these are {len(text)}.")
    return Search(**found, text=text, since=since, until=until)


@dataclass(frozen=True, slots=True)
class _Span:
    """A page of a filtered list: where it begins, and how many entries it has."""

    first: int
    length: int


class AuditLog:
    """Rows of the log, newest first, loaded around what is looked at; what was scrolled past is let go."""

    changed = Signal()
    """Rows were loaded, or loading failed."""
    reset = Signal()
    """The rows are others."""
    grown = Signal(int)
    """So many rows more, on top."""

    def __init__(self, client: Callable[[], OperationsClient], tasks: Tasks) -> None:
        self.search = Search()
        self.top = 0
        """Position of the newest row that is shown (with filters: that was looked at)."""
        self.newest = 0
        """Newest position of the log."""
        self.waiting = 0
        """Newer entries that are not shown yet."""
        self.waiting_more = False
        """There are more than that."""
        self.known = False
        """Whether anything has been heard of the list."""
        self.kept = False
        """The rows are the newest of an earlier run, without personal data; whatever is heard takes their place."""
        self.complete = False
        """A filtered list is loaded to its end."""
        self.error: OperationsError | None = None
        self.loading = 0
        """Requests under way."""
        self._client, self._tasks = client, tasks
        self._pages: OrderedDict[int, tuple[AuditLogEntry, ...]] = OrderedDict()
        """By number (everything) or by first position (filtered), the least lately looked at first."""
        self._spans: list[_Span] = []
        self._starts: list[int] = []
        self._cursor: str | None = None
        self._newest_page: tuple[AuditLogEntry, ...] = ()
        self._wanted: list[int] = []
        self._under_way: set[int] = set()
        self._eyes = (0, 0)
        self._turn = 0

    # --- rows --------------------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Rows there are; with filters, those found so far."""
        if self.search.everything:
            return self.top
        return self._starts[-1] + self._spans[-1].length if self._spans else 0

    def entry(self, row: int) -> AuditLogEntry | None:
        """The entry of a row; ``None`` while it is not loaded."""
        if not 0 <= row < self.count:
            return None
        if self.search.everything:
            position = self.top - row
            page = self._pages.get(_page_of(position))
            place = page[0].position - position if page else -1
        else:
            number = bisect.bisect_right(self._starts, row) - 1
            page = self._pages.get(self._spans[number].first)
            place = row - self._starts[number]
        return page[place] if page and 0 <= place < len(page) else None

    def row_of(self, position: int) -> int | None:
        """The row of a position, if it is shown and, with filters, loaded."""
        if self.search.everything:
            return self.top - position if 0 < position <= self.top else None
        for start, span in zip(self._starts, self._spans, strict=True):
            for place, entry in enumerate(self._pages.get(span.first, ())):
                if entry.position == position:
                    return start + place
        return None

    def loaded(self) -> list[AuditLogEntry]:
        """What is in memory, newest first."""
        return sorted((e for page in self._pages.values() for e in page), key=lambda e: -e.position)

    @property
    def pages(self) -> int:
        """How many pages are kept."""
        return len(self._pages)

    # --- what operators do -------------------------------------------------------------------------------------

    def filter(self, search: Search) -> None:
        """Show only these entries, or everything again."""
        if search == self.search:
            return
        self.search = search
        if self.kept:
            self.newest = 0
        self._begin()
        self.top = self.newest if search.everything else 0
        self.known = search.everything and self.newest > 0
        self.reset.emit()
        self.look_at(0, 0)

    def look_at(self, first: int, last: int) -> None:
        """These rows are seen: load them and a little around; what was wanted before and not asked for is dropped."""
        self._eyes = (first, last)
        if not self.kept:
            self._wanted = self._missing(first, last)
            self._pump()

    def again(self) -> None:
        """Try again after an error."""
        self.error = None
        self.look_at(*self._eyes)

    def accept(self) -> None:
        """Show the newer entries that wait."""
        if self.search.everything:
            if (more := self.newest - self.top) > 0:
                self.top = self.newest
                self._note_waiting(0)
                self.grown.emit(more)
                self.look_at(*self._eyes)
            return
        fresh = self._fresh()
        if self.waiting_more or not self.known:
            self._begin()
            self.reset.emit()
            self.look_at(0, 0)
        elif fresh:
            self._spans.insert(0, _Span(fresh[0].position, len(fresh)))
            self._count_starts()
            self._keep(fresh[0].position, fresh)
            self.top = max(self.top, fresh[0].position)
            self._note_waiting(0)
            self.grown.emit(len(fresh))

    def hear(self, search: Search, page: AuditPage) -> None:
        """The newest entries that fit a search, and how long the log is."""
        shrunk = page.total < self.newest or self.kept
        self.newest = page.total
        if search != self.search:
            return
        self._newest_page = page.items
        if search.everything and (shrunk or not self.known):
            self._begin()
            self.top, self.known = self.newest, True
            self._take_up(page.items)
            self.reset.emit()
        elif search.everything:
            self._merge(page.items)
            self._note_waiting(self.newest - self.top)
        elif self.known:
            fresh = self._fresh()
            self._note_waiting(len(fresh), more=len(fresh) == len(page.items) and page.next_cursor is not None)
        self.error = None  # the server answers again: what failed is tried again
        self.changed.emit()
        self.look_at(*self._eyes)

    def recall(self, page: AuditPage) -> None:
        """The newest entries as an earlier run kept them, until something is heard."""
        if self.search.everything and not self.known:
            self._begin()
            self.newest = self.top = page.total
            self.known = self.kept = True
            self._take_up(page.items)
            self.reset.emit()
            self.changed.emit()

    # --- how ---------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._turn += 1
        self._pages.clear()
        self._spans, self._starts, self._cursor, self.complete = [], [], None, False
        self._wanted, self._under_way, self.loading, self.error = [], set(), 0, None
        self._newest_page = ()
        self._eyes = (0, 0)
        self.known = self.kept = False
        self._note_waiting(0)

    def _note_waiting(self, count: int, *, more: bool = False) -> None:
        self.waiting, self.waiting_more = max(0, count), more

    def _fresh(self) -> tuple[AuditLogEntry, ...]:
        return tuple(entry for entry in self._newest_page if entry.position > self.top)

    def _missing(self, first: int, last: int) -> list[int]:
        """Pages to load, the ones that are seen first."""
        if self.search.everything:
            if not self.top:
                return []
            seen = range(_page_of(self.top - min(last, self.top - 1)), _page_of(max(1, self.top - first)) + 1)
            beside = (seen.start - 1, seen.stop)
            wanted = [*reversed(seen), *(n for n in beside if 0 <= n <= _page_of(self.top))]
            for number in reversed(wanted):
                if number in self._pages:
                    self._pages.move_to_end(number)
            return [n for n in wanted if not self._whole(n)]
        wanted = []
        for start, span in zip(self._starts, self._spans, strict=True):
            if start <= last and first < start + span.length:
                if span.first in self._pages:
                    self._pages.move_to_end(span.first)
                else:
                    wanted.append(span.first)
        if not self.complete and last >= self.count - PAGE_ROWS // 2:
            wanted.append(0)  # the page behind the last one
        return wanted

    def _whole(self, number: int) -> bool:
        page = self._pages.get(number)
        high = min((number + 1) * PAGE_ROWS, self.top)
        return bool(page) and page[0].position >= high and page[-1].position == number * PAGE_ROWS + 1  # type: ignore[index]

    def _pump(self) -> None:
        while self._wanted and len(self._under_way) < AT_ONCE and self.error is None:
            number = self._wanted.pop(0)
            if number not in self._under_way:
                self._under_way.add(number)
                self.loading += 1
                self._tasks.start(self._load(number, self._turn), name="load audit entries")

    async def _load(self, number: int, turn: int) -> None:
        if turn != self._turn:
            return  # somebody looks for something else, and nothing was asked yet
        try:
            await (self._load_whole(number, turn) if self.search.everything else self._load_filtered(number, turn))
        except OperationsError as error:
            if turn == self._turn:
                self.error = error
        if turn != self._turn:
            return
        self.loading -= 1
        self._under_way.discard(number)
        self.changed.emit()
        self.look_at(*self._eyes)

    async def _load_whole(self, number: int, turn: int) -> None:
        from app.audit import requests

        low, high = number * PAGE_ROWS + 1, min((number + 1) * PAGE_ROWS, self.newest)
        page = await requests.page(self._client(), at=high, limit=high - low + 1)
        if turn != self._turn:
            return
        if [entry.position for entry in page.items] != [*range(high, low - 1, -1)]:
            raise BadAnswer(f"Between the positions {low} and {high} of the audit log entries are missing.")
        self._keep(number, page.items)

    async def _load_filtered(self, first: int, turn: int) -> None:
        from app.audit import requests

        if first:  # a page that was there before and had to make room
            span = next(span for span in self._spans if span.first == first)
            page = await requests.page(self._client(), **self.search.query, at=first, limit=span.length)
            if turn == self._turn:
                if len(page.items) != span.length:
                    raise BadAnswer("Entries of this list are no longer in the audit log.")
                self._keep(first, page.items)
            return
        while True:
            page = await requests.page(self._client(), **self.search.query, cursor=self._cursor, limit=PAGE_ROWS)
            if turn != self._turn:
                return
            if not self.known:
                self.known, self.top = True, max(page.total, page.items[0].position if page.items else 0)
            self.newest = max(self.newest, page.total)
            self._cursor, self.complete = page.next_cursor, page.next_cursor is None
            if page.items:
                self._spans.append(_Span(page.items[0].position, len(page.items)))
                self._count_starts()
                self._keep(page.items[0].position, page.items)
            # With words to look for, a page may be empty and the list go on all the same.
            if page.items or self.complete:
                return
            self.changed.emit()

    def _count_starts(self) -> None:
        self._starts, total = [], 0
        for span in self._spans:
            self._starts.append(total)
            total += span.length

    def _keep(self, number: int, entries: Sequence[AuditLogEntry]) -> None:
        self._pages[number] = tuple(entries)
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)

    def _take_up(self, entries: Sequence[AuditLogEntry]) -> None:
        """The newest entries are there before their pages are loaded, or where they cannot be."""
        for number in sorted({_page_of(entry.position) for entry in entries}):
            self._keep(number, [entry for entry in entries if _page_of(entry.position) == number])

    def _merge(self, entries: Sequence[AuditLogEntry]) -> None:
        """Put new entries on top of the pages they belong to."""
        for entry in reversed(entries):
            number = _page_of(entry.position)
            page = self._pages.get(number)
            if page is not None and page[0].position == entry.position - 1:
                self._pages[number] = (entry, *page)
            elif page is None and entry.position == number * PAGE_ROWS + 1:
                self._keep(number, (entry,))


def _page_of(position: int) -> int:
    return (position - 1) // PAGE_ROWS
