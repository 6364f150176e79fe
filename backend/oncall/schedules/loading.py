"""Schedules out of the database, whole enough for the resolver to answer about a stretch of time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from pydantic import TypeAdapter

from backend.core.database import Connection
from backend.core.rows import Unreadable, read_row, the_one
from backend.oncall import resolver
from backend.oncall.definitions import read_revision
from backend.oncall.schedules import queries
from models.deliveries.routing import Team
from models.oncall.schedules import InsteadOf

_TEAM: TypeAdapter[Team] = TypeAdapter(Team)
_INSTEAD_OF: TypeAdapter[InsteadOf] = TypeAdapter(InsteadOf)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A schedule with what the resolver needs of it."""

    id: UUID
    name: str
    team: Team
    zone: str
    version: int
    updated_at: datetime
    schedule: resolver.Schedule


async def load(
    connection: Connection, start: datetime, end: datetime, ids: Collection[UUID] | None = None
) -> list[Loaded | Unreadable]:
    """Schedules by team and name, with the overrides that can touch a stretch.

    Args:
        connection: Where to ask.
        start: Where the stretch begins.
        end: Where it ends; for an instant, just after it.
        ids: Only these, archived or not; ``None``: all that are not archived.
    """
    wanted = {"ids": None if ids is None else list(ids), "start": start, "end": end}
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.load_schedules, wanted)
        schedules = await cursor.fetchall()
        wanted["ids"] = [each["id"] for each in schedules]
        revisions, overrides = defaultdict(list), defaultdict(list)
        await cursor.execute(queries.load_revisions, wanted)
        for row in await cursor.fetchall():
            revisions[row["schedule_id"]].append(row)
        await cursor.execute(queries.load_overrides, wanted)
        for row in await cursor.fetchall():
            overrides[row["schedule_id"]].append(row)
    return [
        read_row(_loaded, {**row, "revisions": revisions[row["id"]], "overrides": overrides[row["id"]]})
        for row in schedules
    ]


def _loaded(*, revisions: list[dict[str, Any]], overrides: list[dict[str, Any]], **row: Any) -> Loaded:
    # What does not fit raises ValidationError, as a record would: then this schedule is left out, and no other one.
    schedule = resolver.Schedule(tuple(map(_revision, revisions)), tuple(map(to_override, overrides)))
    return Loaded(**row | {"schedule": schedule, "team": _TEAM.validate_python(row["team"])})


def _revision(row: dict[str, Any]) -> resolver.Revision:
    layers, cover = read_revision(row["schedule_id"], row["revision"], row["definition"])
    recorded, effective = resolver.ticks(row["recorded_at"]), resolver.ticks(row["effective_at"])
    return resolver.Revision(row["revision"], recorded, effective, layers, cover)


def to_override(row: dict[str, Any]) -> resolver.Override:
    """An override as the resolver wants it."""
    cancelled = row["cancelled_at"]
    return resolver.Override(
        id=str(row["id"]),
        start=resolver.ticks(row["starts_at"]),
        end=resolver.ticks(row["ends_at"]),
        people=frozenset(row["people"]),
        instead_of=_INSTEAD_OF.validate_python(row["instead_of"]),
        person=row["person"],
        recorded_at=resolver.ticks(row["recorded_at"]),
        cancelled_at=None if cancelled is None else resolver.ticks(cancelled),
    )


async def on_call(connection: Connection, schedule_id: UUID, at: datetime) -> tuple[str, ...]:
    """Who is on in a schedule at an instant. Raises ProblemError 404."""
    found = await load(connection, at, at + timedelta(microseconds=1), [schedule_id])
    loaded = the_one(found, "There is no such schedule.")
    return tuple(sorted(resolver.who(loaded.schedule, resolver.ticks(at))))
