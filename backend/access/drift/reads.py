"""Reading where access in outside systems differs."""

from __future__ import annotations

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from models.access import AccessDifference, AccessReport

queries = load_queries(__package__)


async def reports(connection: Connection) -> list[AccessReport]:
    """What was read of each outside system last."""
    async with connection.cursor(row_factory=class_row(AccessReport)) as cursor:
        await cursor.execute(queries.reports)
        return await cursor.fetchall()


async def differences(connection: Connection) -> list[AccessDifference]:
    """Where those reports differ from the assignments here."""
    async with connection.cursor(row_factory=class_row(AccessDifference)) as cursor:
        await cursor.execute(queries.differences)
        return await cursor.fetchall()
