"""Reading pages: where they stand, who was called, and what became of each message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.deliveries import receipts
from backend.oncall.pages import queries
from models.deliveries.receipts import UNREACHABLE, Receipt
from models.oncall.pages import PageCall, PageDetail, PagedPerson, PageState, PageSummary

_ALL: dict[str, Any] = {
    "states": None,
    "test": None,
    "subject_kind": None,
    "subject_id": None,
    "page_id": None,
    "started_at": None,
    "after": None,
}
_PAGES_OF_ONE = 200


async def pages(
    connection: Connection,
    *,
    states: Sequence[PageState] | None,
    test: bool | None,
    before: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[PageSummary | Unreadable]:
    """Pages, the newest first, after the one given."""
    wanted = {
        "states": None if states is None else [each.value for each in states],
        "test": test,
        "started_at": before[0],
        "after": before[1],
        "limit": limit,
    }
    return await _summaries(connection, wanted)


async def page(connection: Connection, page_id: UUID) -> PageDetail:
    """One with all that was done; raises ProblemError 404."""
    found = the_one(await _summaries(connection, {"page_id": page_id, "limit": 1}), "There is no such page.")
    return (await _details(connection, [found]))[0]


async def pages_of(connection: Connection, kind: str, subject_id: str) -> tuple[PageDetail, ...]:
    """All about a subject."""
    wanted = {"subject_kind": kind, "subject_id": subject_id, "limit": _PAGES_OF_ONE}
    return await _details(connection, readable(await _summaries(connection, wanted)))


async def some(connection: Connection, page_ids: Sequence[UUID]) -> tuple[PageSummary, ...]:
    """Those with these ids, in their order."""
    return tuple([(await page(connection, each)) for each in page_ids])


async def count_waiting(connection: Connection, person: str) -> int:
    """How many pages wait for somebody's answer."""
    row = await (await connection.execute(queries.count_waiting, {"person": person})).fetchone()
    return 0 if row is None else int(row[0])


async def _summaries(connection: Connection, wanted: dict[str, Any]) -> list[PageSummary | Unreadable]:
    async with connection.cursor(row_factory=lenient_row(PageSummary)) as cursor:
        await cursor.execute(queries.list_pages, _ALL | wanted)
        return await cursor.fetchall()


async def _details(connection: Connection, found: Sequence[PageSummary]) -> tuple[PageDetail, ...]:
    wanted = {"page_ids": [each.id for each in found]}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.calls, wanted)
        calls = await cursor.fetchall()
        await cursor.execute(queries.notices, wanted)
        notices = await cursor.fetchall()
        people = sorted({person for call in calls for person in call["people"]})
        await cursor.execute(queries.names, {"people": people})
        names = {row["person"]: row["name"] for row in await cursor.fetchall()}
    became = await receipts(connection, [row["notice_id"] for row in notices if row["notice_id"] is not None])
    sent: dict[tuple[UUID, int, str | None], tuple[Receipt, ...]] = {
        (row["page_id"], row["number"], row["person"]): (
            (UNREACHABLE,) if row["notice_id"] is None else became.get(row["notice_id"], ())
        )
        for row in notices
    }
    made: defaultdict[str, list[PageCall]] = defaultdict(list)
    for row in calls:
        key = row.pop("page_id")
        paged = tuple(
            PagedPerson(person=person, name=names[person], receipts=sent.get((key, row["number"], person), ()))
            for person in row.pop("people")
        )
        team = sent.get((key, row["number"], None), ())
        made[str(key)].append(PageCall.model_validate({**row, "people": paged, "team_receipts": team}))
    return tuple(PageDetail(**dict(each), calls=tuple(made[each.id])) for each in found)
