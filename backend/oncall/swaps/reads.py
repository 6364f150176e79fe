"""Reading swap requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.oncall.swaps import queries
from models.oncall.schedules import Swap, SwapState


async def swaps(
    connection: Connection,
    *,
    states: Sequence[SwapState] | None = None,
    swap_id: UUID | None = None,
    before: tuple[datetime | None, UUID | None] = (None, None),
    limit: int = 1,
) -> list[Swap | Unreadable]:
    """Swap requests, the newest first, after the one given."""
    wanted = {
        "states": None if states is None else [each.value for each in states],
        "swap_id": swap_id,
        "before_at": before[0],
        "before_id": before[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Swap)) as cursor:
        await cursor.execute(queries.list_swaps, wanted)
        return await cursor.fetchall()


async def swap(connection: Connection, swap_id: UUID) -> Swap:
    """One; raises ProblemError 404."""
    return the_one(await swaps(connection, swap_id=swap_id), "There is no such swap request.")


async def count_open(connection: Connection, person: str) -> int:
    """How many requests somebody could take."""
    row = await (await connection.execute(queries.count_open, {"person": person})).fetchone()
    return 0 if row is None else int(row[0])
