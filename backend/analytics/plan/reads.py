"""Reading the plan."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.rows import class_row

from backend.analytics.plan import queries
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.core.search import escape_like, search_words
from models.analytics import EventSchemaDefinition, ModeOfEvent, PlannedEvent, TrackingPlan
from models.core.problems import Code

NO_VERSION = "There is no such version of such an event."


async def version(connection: Connection, event_name: str, number: int) -> EventSchemaDefinition:
    """A version of an event; raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(EventSchemaDefinition)) as cursor:
        await cursor.execute(queries.one_version, {"event_name": event_name, "version": number})
        return the_one(await cursor.fetchall(), NO_VERSION)


async def versions(
    connection: Connection, event_name: str, *, below: int | None, limit: int
) -> list[EventSchemaDefinition | Unreadable]:
    """Versions of an event below the last one of the page before, newest first; raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(EventSchemaDefinition)) as cursor:
        await cursor.execute(queries.versions_page, {"event_name": event_name, "below": below, "limit": limit})
        found = await cursor.fetchall()
    if below is None and not found:
        raise ProblemError(Code.NOT_FOUND, "The plan has no event of this name.")
    return found


async def judged_by(connection: Connection, event_name: str) -> int | None:
    """The version that events without one are judged by; ``None`` where there is none."""
    row = await (await connection.execute(queries.judged_by, {"event_name": event_name})).fetchone()
    return None if row is None else int(row[0])


async def compared_with(connection: Connection, event_name: str) -> int | None:
    """The version that a draft must not break: the one that is judged by, or was last; ``None`` for a new event."""
    row = await (await connection.execute(queries.compared_with, {"event_name": event_name})).fetchone()
    return None if row is None else int(row[0])


async def published(connection: Connection) -> tuple[EventSchemaDefinition, ...]:
    """Every version that is no draft."""
    async with connection.cursor(row_factory=lenient_row(EventSchemaDefinition)) as cursor:
        await cursor.execute(queries.published)
        return readable(await cursor.fetchall())


async def modes(connection: Connection) -> tuple[ModeOfEvent, ...]:
    """What happens to what does not fit."""
    async with connection.cursor(row_factory=lenient_row(ModeOfEvent)) as cursor:
        await cursor.execute(queries.modes)
        return readable(await cursor.fetchall())


async def plan(connection: Connection, plan_version: int | None, *, event_days: int) -> TrackingPlan:
    """The plan as it is, or at one of its versions; raises ProblemError 404 for one there has not been."""
    newest, _ = await stamp(connection)
    if plan_version is not None and not 0 <= plan_version <= newest:
        raise ProblemError(Code.NOT_FOUND, f"The plan is at version {newest}: there is no version {plan_version}.")
    async with connection.cursor(row_factory=lenient_row(EventSchemaDefinition)) as cursor:
        if plan_version is None:
            await cursor.execute(queries.live)
        else:
            await cursor.execute(queries.plan_at, {"plan_version": plan_version})
        items = readable(await cursor.fetchall())
    return TrackingPlan(
        version=newest if plan_version is None else plan_version,
        items=items,
        modes=await modes(connection) if plan_version is None else (),
        event_days=event_days,
        as_of=await clock(connection),
    )


async def stamp(connection: Connection) -> tuple[int, int]:
    """The version of the plan, and what changes with everything that events are judged by."""
    row = await (await connection.execute(queries.plan_stamp, prepare=True)).fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    return int(row[0]), int(row[1])


async def planned(
    connection: Connection, *, environment: str, owner: str | None, text: str | None, after: str | None, limit: int
) -> Sequence[PlannedEvent | Unreadable]:
    """Events of the plan behind the last one of the page before, by name."""
    values = {
        "environment": environment,
        "owner": owner,
        "words": [escape_like(word) for word in search_words(text)],
        "after": after,
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(PlannedEvent)) as cursor:
        await cursor.execute(queries.planned_page, values)
        return await cursor.fetchall()


async def lock_version(connection: Connection, event_name: str, number: int) -> EventSchemaDefinition:
    """A version that nobody else changes now; raises ProblemError 404."""
    async with connection.cursor(row_factory=class_row(EventSchemaDefinition)) as cursor:
        await cursor.execute(queries.lock_version, {"event_name": event_name, "version": number})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, NO_VERSION)
    return found
