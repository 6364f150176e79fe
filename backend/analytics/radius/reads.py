"""Reading what was found about past events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.analytics.plan import queries as plan_queries
from backend.analytics.radius import queries
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, the_one
from models.analytics import EventSchemaDefinition
from models.analytics.changes import Radius
from models.core.problems import Code

FAILING_MOST: Final = 100
"""Events that may stop to fit before somebody else is asked."""


async def radius(connection: Connection, radius_id: UUID) -> Radius:
    """One of them; raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(Radius)) as cursor:
        await cursor.execute(queries.radius, {"radius_id": radius_id})
        return the_one(await cursor.fetchall(), "There is no such blast radius.")


async def radii(
    connection: Connection, *, event_name: str | None, asked_at: datetime | None, last_id: UUID | None, limit: int
) -> Sequence[Radius | Unreadable]:
    """Those behind the last one of the page before, newest first."""
    values = {"event_name": event_name, "asked_at": asked_at, "last_id": last_id, "limit": limit}
    async with connection.cursor(row_factory=lenient_row(Radius)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def radius_asks(connection: Connection, draft: EventSchemaDefinition) -> list[str]:
    """Whether so many events would not fit that somebody else must agree, in words.

    Raises ProblemError 409 where events of this name come in, and nobody has looked at them.
    """
    values = {"event_name": draft.event_name, "schema_version": draft.version, "revision": draft.revision}
    row = await (await connection.execute(queries.newest_done, values)).fetchone()
    if row is None:
        if await (await connection.execute(plan_queries.has_events, values)).fetchone() == (True,):
            raise ProblemError(
                Code.CONFLICT,
                "Events of this name come in, and nobody has looked at what the draft would do to them: ask for its "
                "blast radius first.",
            )
        return []
    events, failing, days = row
    return [f"{failing:,} of {events:,} events of {days} days would not fit"] if failing > FAILING_MOST else []
