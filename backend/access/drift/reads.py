"""Reading where access in outside systems differs."""

from __future__ import annotations

from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row
from models.access import AccessDifference, AccessReport

queries = load_queries(__package__)


async def reports(connection: Connection) -> list[AccessReport | Unreadable]:
    """What was read of each outside system last."""
    async with connection.cursor(row_factory=lenient_row(AccessReport)) as cursor:
        await cursor.execute(queries.reports)
        return await cursor.fetchall()


async def differences(connection: Connection) -> list[AccessDifference | Unreadable]:
    """Where those reports differ from the assignments here."""
    async with connection.cursor(row_factory=lenient_row(AccessDifference)) as cursor:
        await cursor.execute(queries.differences)
        return await cursor.fetchall()
