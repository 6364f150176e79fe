"""The queue's pages: a hundred thousand rows in bounded memory, and rows that stay while something is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.core.errors import Unreachable
from app.core.tasks import Tasks
from app.risk.cases import AT_ONCE, KEPT, CaseCache
from app.risk.filters import QueueFilter, Sort, Tab
from app.risk.pages import PAGES_KEPT, QueueList
from models.core.paging import Page
from models.core.personal import NOT_KEPT_OFFLINE
from models.risk.case import RiskCase
from models.risk.queue import EntryStatus, EntryVerdict, RiskQueueEntry
from models.risk.rules import Action

NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)


def entry(number: int, **more: Any) -> RiskQueueEntry:
    """The lower the number, the higher the score."""
    fields: dict[str, Any] = {
        "entry_id": f"e{number}",
        "order_id": f"CS-{number}",
        "score": max(0, 100 - number // 1000),
        "action": Action.REVIEW,
        "triggered_rules": ("velocity-card",),
        "status": EntryStatus.OPEN,
        "placed_at": NOW,
        "currency": "EUR",
        "amount": 100 + number,
        "reporting_minor": 100 + number,
        "created_at": NOW - timedelta(seconds=number),
        "due_at": NOW + timedelta(hours=2),
        "version": 1,
        "notes": (),
    }
    return RiskQueueEntry.model_construct(**(fields | more))


class Server:
    """Pages of a list, by cursors that say behind which number they go on."""

    def __init__(self, count: int) -> None:
        self.numbers = list(range(count))
        self.changed: dict[int, RiskQueueEntry] = {}
        self.asked: list[tuple[QueueFilter, str | None]] = []
        self.fails: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def page(self, chosen: QueueFilter, cursor: str | None, limit: int) -> Page[RiskQueueEntry]:
        self.asked.append((chosen, cursor))
        if self.fails is not None:
            raise self.fails
        behind = int(cursor) if cursor else -1
        found = [n for n in self.numbers if n > behind][: limit + 1]
        items = tuple(self.changed.get(n) or entry(n) for n in found[:limit])
        after = str(found[limit - 1]) if len(found) > limit else None
        if self.gate is not None:
            await self.gate.wait()
        return Page[RiskQueueEntry].model_construct(items=items, next_cursor=after, as_of=NOW)


async def settled(rows: QueueList) -> None:
    for _ in range(200):
        await asyncio.sleep(0)
        if not rows.loading:
            return
    raise AssertionError("still loading")


def made(server: Server) -> QueueList:
    return QueueList(server.page, Tasks(), lambda: NOW, lambda: "ada")


async def test_a_hundred_thousand_rows_stay_in_bounded_memory() -> None:
    server = Server(100_000)
    rows = made(server)
    rows.look_at(0, 40)
    await settled(rows)
    seen = 0
    while not rows.complete:
        rows.look_at(rows.count - 40, rows.count - 1)
        await settled(rows)
        seen = max(seen, rows.pages)
    assert rows.count == 100_000
    assert seen <= PAGES_KEPT
    assert rows.entry(0) is None, "what was scrolled past is let go"
    rows.look_at(0, 40)
    await settled(rows)
    first = rows.entry(0)
    assert first is not None
    assert first.entry_id == "e0"
    assert rows.row_of("e99999") == 99_999
    assert rows.entry(100_000) is None


async def test_refreshing_asks_only_for_what_is_seen() -> None:
    server = Server(1_000)
    rows = made(server)
    for last in (0, 150, 350):
        rows.look_at(last, last + 40)
        await settled(rows)
    server.asked.clear()
    rows.look_at(210, 250)
    rows.refresh()
    await settled(rows)
    assert [cursor for _, cursor in server.asked] == ["199"]


async def test_what_left_the_list_makes_room_without_gaps_or_doubles() -> None:
    server = Server(1_000)
    rows = made(server)
    for last in (0, 150, 350):
        rows.look_at(last, last + 40)
        await settled(rows)
    for gone in (3, 4, 250):
        server.numbers.remove(gone)
    for begin in (0, 180, 380):
        rows.look_at(begin, begin + 40)
        rows.refresh()
        await settled(rows)
    found = [rows.entry(row) for row in range(rows.count)]
    ids = [each.entry_id for each in found if each is not None]
    assert len(ids) == len(set(ids))
    assert ids == [f"e{n}" for n in server.numbers[: len(ids)]]


async def test_a_row_with_something_on_its_way_stays_in_its_place() -> None:
    server = Server(20)
    rows = made(server)
    rows.pinned = lambda entry_id: entry_id == "e5"
    rows.look_at(0, 20)
    await settled(rows)
    server.numbers.remove(5)
    server.numbers.remove(6)
    rows.refresh()
    await settled(rows)
    assert rows.row_of("e5") is not None
    assert rows.row_of("e6") is None
    rows.pinned = lambda _: False
    rows.refresh()
    await settled(rows)
    assert rows.row_of("e5") is None


async def test_an_answer_that_was_on_its_way_does_not_bring_the_earlier_entry_back() -> None:
    server = Server(5)
    rows = made(server)
    rows.look_at(0, 5)
    await settled(rows)
    server.gate = asyncio.Event()
    rows.refresh()
    await asyncio.sleep(0)
    rows.put(entry(2, version=2, assigned_to="ada"))
    server.gate.set()
    await settled(rows)
    found = rows.entry(2)
    assert found is not None
    assert (found.version, found.assigned_to) == (2, "ada")


@pytest.mark.parametrize(
    ("tab", "changes", "stays"),
    [
        (Tab.OPEN, {"status": EntryStatus.REVIEWED, "verdict": EntryVerdict.APPROVED}, False),
        (Tab.OPEN, {"assigned_to": "bob"}, True),
        (Tab.OPEN, {"snoozed_until": NOW + timedelta(hours=1)}, False),
        (Tab.OPEN, {"snoozed_until": NOW - timedelta(hours=1)}, True),
        (Tab.OPEN, {"status": EntryStatus.ESCALATED}, False),
        (Tab.MINE, {"assigned_to": "ada"}, True),
        (Tab.MINE, {"assigned_to": None}, False),
        (Tab.ESCALATED, {"status": EntryStatus.ESCALATED}, True),
        (Tab.DUE, {"due_at": NOW + timedelta(minutes=59)}, True),
        (Tab.DUE, {"due_at": NOW + timedelta(minutes=61)}, False),
        (Tab.SNOOZED, {"snoozed_until": NOW + timedelta(hours=1)}, True),
        (Tab.SNOOZED, {"snoozed_until": NOW - timedelta(hours=1)}, False),
    ],
)
async def test_what_does_not_belong_any_more_leaves(tab: Tab, changes: dict[str, Any], stays: bool) -> None:
    rows = made(Server(5))
    rows.show(QueueFilter(tab))
    await settled(rows)
    rows.put(entry(2, version=2, **changes))
    assert (rows.row_of("e2") is not None) is stays
    assert rows.count == (5 if stays else 4)


async def test_an_answer_to_the_filter_before_is_dropped() -> None:
    server = Server(5)
    server.gate = asyncio.Event()
    rows = made(server)
    rows.look_at(0, 5)
    await asyncio.sleep(0)
    server.numbers = [9]
    other = replace(rows.filter, sort=Sort.DUE)
    rows.show(other)
    server.gate.set()
    await settled(rows)
    assert [each.entry_id for each in rows.loaded()] == ["e9"]
    assert server.asked[-1][0] == other


async def test_an_error_is_kept_until_somebody_tries_again() -> None:
    server = Server(5)
    server.fails = Unreachable("away")
    rows = made(server)
    rows.look_at(0, 5)
    await settled(rows)
    assert str(rows.error) == "away"
    assert not rows.known
    rows.look_at(0, 5)
    assert len(server.asked) == 1
    server.fails = None
    rows.again()
    await settled(rows)
    assert rows.count == 5


# --- cases -----------------------------------------------------------------------------------------------------------


class Cases:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.open: dict[str, asyncio.Future[Any]] = {}

    async def ask(self, entry_id: str) -> Any:
        self.asked.append(entry_id)
        future = self.open[entry_id] = asyncio.get_running_loop().create_future()
        return await future

    def answer(self, entry_id: str, version: int = 1) -> None:
        made_case = type("Case", (), {"entry": entry(0, entry_id=entry_id, version=version)})()
        self.open.pop(entry_id).set_result(made_case)


async def test_the_case_that_is_read_comes_before_its_neighbours() -> None:
    server = Cases()
    heard: list[str] = []
    cases = CaseCache(server.ask, Tasks())
    cases.changed.connect(heard.append)
    cases.want(["a", "b", "c"])
    await asyncio.sleep(0)
    assert server.asked == ["a", "b"]
    assert AT_ONCE == 2
    cases.want(["d", "e"])  # the cursor has moved: c is no longer wanted
    server.answer("a")
    await asyncio.sleep(0.01)
    assert server.asked == ["a", "b", "d"]
    assert heard == ["a"]
    cases.want(["a"])
    assert cases.get("a") is not None


async def test_a_case_is_asked_for_again_when_its_entry_has_changed() -> None:
    server = Cases()
    cases = CaseCache(server.ask, Tasks())
    cases.want(["a"])
    await asyncio.sleep(0)
    server.answer("a", version=3)
    await asyncio.sleep(0.01)
    cases.note_entry(entry(0, entry_id="a", version=3))
    cases.want(["a"])
    await asyncio.sleep(0)
    assert server.asked == ["a"]
    cases.note_entry(entry(0, entry_id="a", version=4))
    cases.want(["a"])
    await asyncio.sleep(0)
    assert server.asked == ["a", "a"]
    assert cases.get("a") is not None, "shown as it was meanwhile"
    server.answer("a", version=4)
    await asyncio.sleep(0.01)
    cases.outdate("a")
    cases.want(["a"])
    await asyncio.sleep(0)
    assert len(server.asked) == 3


async def test_only_the_last_cases_are_kept() -> None:
    async def ask(entry_id: str) -> Any:
        if entry_id == "bad":
            raise Unreachable("away")
        return type("Case", (), {"entry": entry(0, entry_id=entry_id)})()

    cases = CaseCache(ask, Tasks())
    wanted: Callable[[int], str] = "e{}".format
    for number in range(KEPT + 10):
        cases.want([wanted(number)])
        await asyncio.sleep(0.001)
    assert len(cases) == KEPT
    assert cases.get("e0") is None
    cases.want(["bad"])
    await asyncio.sleep(0.001)
    assert str(cases.errors["bad"]) == "away"
    cases.clear()
    assert len(cases) == 0


# --- of an earlier run -----------------------------------------------------------------------------------------------


async def test_what_an_earlier_run_kept_is_there_until_the_first_answer_takes_its_place() -> None:
    server = Server(20)
    left_out = tuple(entry(number, customer_id=NOT_KEPT_OFFLINE) for number in range(5))

    async def recall(_chosen: QueueFilter) -> Page[RiskQueueEntry]:
        return Page[RiskQueueEntry].model_construct(items=left_out, next_cursor=None, as_of=NOW)

    heard: list[QueueFilter] = []
    rows = QueueList(
        server.page, Tasks(), lambda: NOW, lambda: "ada", on_page=lambda f, _page: heard.append(f), recall=recall
    )
    server.fails = Unreachable("away")
    rows.look_at(0, 20)
    await settled(rows)
    async with asyncio.timeout(5):
        while not rows.count:
            await asyncio.sleep(0)
    assert (rows.count, rows.known, rows.kept_as_of) == (5, False, NOW)
    assert str(rows.error) == "away"
    assert heard == []
    server.fails = None
    rows.refresh()
    await settled(rows)
    assert (rows.count, rows.known, rows.kept_as_of) == (20, True, None)
    assert [each.customer_id for each in rows.loaded()] == [None] * 20, "of the same version, and whole"
    assert heard == [QueueFilter()]


async def test_a_case_of_an_earlier_run_is_read_while_nobody_can_be_asked() -> None:
    asked = list[str]()

    async def away(_entry_id: str) -> Any:
        raise Unreachable("away")

    async def recall(entry_id: str) -> Any:
        asked.append(entry_id)
        return None if entry_id == "e2" else RiskCase.model_construct(entry=entry(1))

    cases = CaseCache(away, Tasks(), recall=recall)
    cases.want(["e1", "e2"])
    async with asyncio.timeout(5):
        while len(cases.errors) < 2 or cases._under_way:
            await asyncio.sleep(0)
    assert cases.get("e1") is not None
    assert cases.get("e2") is None
    assert sorted(asked) == ["e1", "e2"]
    cases.outdate("e1")
    assert str(cases.errors["e1"]) == "away", "its age is said with it, also while it is asked for again"
