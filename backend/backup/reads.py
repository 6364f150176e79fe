"""Reading which backups were made."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import dict_row

from backend.backup.due import History
from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row
from models.backup import BackupRun

queries = load_queries(__package__)


async def history(connection: Connection) -> History:
    """What has been made so far."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.history)
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a select of one row
    state = row.pop("last_state")
    return History(**row, last_failed=state == "failed")


async def runs(
    connection: Connection, *, as_of: datetime, before: tuple[datetime | None, UUID | None], limit: int
) -> list[BackupRun | Unreadable]:
    """Backups and failed attempts as they were known at ``as_of``, newest first, after the one begun at ``before``."""
    async with connection.cursor(row_factory=lenient_row(BackupRun)) as cursor:
        values = {"as_of": as_of, "started_at": before[0], "run_id": before[1], "limit": limit}
        await cursor.execute(queries.runs_page, values)
        return await cursor.fetchall()
