"""Reading snoozes."""

from __future__ import annotations

from uuid import UUID

from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row
from models.risk.suppression import Snooze

queries = load_queries(__package__)


async def snoozes(
    connection: Connection, *, active: bool, before: UUID | None, limit: int
) -> list[Snooze | Unreadable]:
    """Rules that are quiet for somebody, newest first."""
    async with connection.cursor(row_factory=lenient_row(Snooze)) as cursor:
        await cursor.execute(queries.snoozes, {"active": active, "before": before, "limit": limit})
        return await cursor.fetchall()
