"""What is asked about notes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row
from backend.core.security import Principal
from models.core.problems import Code
from models.notes import Note

queries = load_queries(__package__)


async def open_notes(
    connection: Connection, *, written_at: datetime | None, last_id: UUID | None, limit: int
) -> list[Note | Unreadable]:
    """Open notes behind the last one of the page before, newest first."""
    async with connection.cursor(row_factory=lenient_row(Note)) as cursor:
        await cursor.execute(queries.open_page, {"written_at": written_at, "last_id": last_id, "limit": limit})
        return await cursor.fetchall()


async def find_note(connection: Connection, note_id: UUID) -> Note:
    """One note; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(Note)) as cursor:
        await cursor.execute(queries.note, {"note_id": note_id})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such note.")
    return found


async def count_open(connection: Connection, _principal: Principal) -> int:
    """How many notes nobody has dealt with yet."""
    row = await (await connection.execute(queries.count_open)).fetchone()
    assert row is not None  # noqa: S101 - a select of one row
    return int(row[0])
