"""Reading schedules, their revisions and overrides as they were written down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.oncall.schedules import queries
from models.oncall.schedules import Override, Revision, Schedule

ALWAYS = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


async def schedules(
    connection: Connection,
    *,
    archived: bool = False,
    schedule_id: UUID | None = None,
    after: tuple[str | None, UUID | None] = (None, None),
    limit: int = 1,
) -> list[Schedule | Unreadable]:
    """Schedules by name, after the one given."""
    wanted = {
        "archived": archived,
        "schedule_id": schedule_id,
        "after_name": after[0],
        "after_id": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Schedule)) as cursor:
        await cursor.execute(queries.list_schedules, wanted)
        return await cursor.fetchall()


async def schedule(connection: Connection, schedule_id: UUID) -> Schedule:
    """One; raises ProblemError 404."""
    return the_one(await schedules(connection, schedule_id=schedule_id), "There is no such schedule.")


async def revisions(
    connection: Connection, schedule_id: UUID, *, before: int | None, limit: int
) -> list[Revision | Unreadable]:
    """Every definition of a schedule, the newest first."""
    async with connection.cursor(row_factory=lenient_row(Revision)) as cursor:
        await cursor.execute(queries.list_revisions, {"schedule_id": schedule_id, "before": before, "limit": limit})
        return await cursor.fetchall()


async def overrides(
    connection: Connection,
    *,
    schedule_id: UUID | None = None,
    override_id: UUID | None = None,
    window: tuple[datetime, datetime] = ALWAYS,
    before: tuple[datetime | None, UUID | None] = (None, None),
    limit: int = 1,
) -> list[Override | Unreadable]:
    """Overrides that fall on a window, the newest first."""
    wanted: dict[str, Any] = {
        "schedule_id": schedule_id,
        "override_id": override_id,
        "start": window[0],
        "end": window[1],
        "before_at": before[0],
        "before_id": before[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Override)) as cursor:
        await cursor.execute(queries.list_overrides, wanted)
        return await cursor.fetchall()


async def override(connection: Connection, override_id: UUID) -> Override:
    """One; raises ProblemError 404."""
    return the_one(await overrides(connection, override_id=override_id), "There is no such override.")
