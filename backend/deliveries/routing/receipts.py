"""Whether people can be reached, and what became of what was sent to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.deliveries.routing import queries
from models.deliveries.receipts import NoticeReceipts, Receipt


async def reachable(connection: Connection, user_ids: Iterable[str]) -> frozenset[str]:
    """Of some people, those a mail would get to."""
    rows = await (await connection.execute(queries.reachable, {"user_ids": list(user_ids)})).fetchall()
    return frozenset(row[0] for row in rows)


async def receipts(connection: Connection, notice_ids: Iterable[UUID]) -> dict[UUID, tuple[Receipt, ...]]:
    """What became of notices, by each connection they go to."""
    found: defaultdict[UUID, list[Receipt]] = defaultdict(list)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.receipts, {"notice_ids": list(notice_ids)})
        for row in await cursor.fetchall():
            found[row.pop("notice_id")].append(Receipt(**row))
    return {notice_id: tuple(each) for notice_id, each in found.items()}


async def thread_notices(connection: Connection, thread: str, limit: int) -> tuple[NoticeReceipts, ...]:
    """What was told of one thing, the newest first, and what became of each."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.thread_notices, {"thread": thread, "limit": limit})
        rows = await cursor.fetchall()
    became = await receipts(connection, [row["id"] for row in rows])
    return tuple(
        NoticeReceipts(**{**row, "notice_id": str(row["id"])}, receipts=became.get(row["id"], ())) for row in rows
    )
