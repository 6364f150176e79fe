"""Reading launches."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.launch.launches import queries
from models.launch import Launch, LaunchState

_ANY = {"launch_id": None, "state": None, "rehearsals": None, "zero_at": None, "last_id": None, "limit": 1}


async def launch(connection: Connection, launch_id: UUID | str) -> Launch:
    """A launch; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(Launch)) as cursor:
        await cursor.execute(queries.launches, {**_ANY, "launch_id": launch_id})
        return the_one(await cursor.fetchall(), "There is no such launch.")


async def launches(
    connection: Connection,
    *,
    state: LaunchState | None,
    rehearsals: bool | None,
    before: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Launch | Unreadable]:
    """Launches, the latest T-0 first."""
    wanted = {"state": state, "rehearsals": rehearsals, "zero_at": before[0], "last_id": before[1], "limit": limit}
    async with connection.cursor(row_factory=lenient_row(Launch)) as cursor:
        await cursor.execute(queries.launches, {**_ANY, **wanted})
        return await cursor.fetchall()
