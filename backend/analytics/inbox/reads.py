"""Reading what does not fit, and the live tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from backend.analytics.event_text import read_item
from backend.analytics.inbox import queries
from backend.analytics.plan.checking import at_of
from backend.analytics.validation.compiled import CompiledPlan
from backend.analytics.validation.masking import masked
from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.core.security import Principal
from models.analytics.events import TailedEvent, ViolationGroup, ViolationState


@dataclass(frozen=True, slots=True)
class ViolationFilter:
    """Which groups; ``None`` does not matter."""

    state: ViolationState | None = None
    event_name: str | None = None
    assigned_to: str | None = None
    unassigned: bool = False
    since: datetime | None = None
    """First seen from then on."""


async def violation(connection: Connection, violation_id: UUID) -> ViolationGroup:
    """A group of violations; raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(ViolationGroup)) as cursor:
        await cursor.execute(queries.one, {"violation_id": violation_id})
        return the_one(await cursor.fetchall(), "There is no such violation.")


async def violations(
    connection: Connection,
    wanted: ViolationFilter,
    *,
    last_seen: datetime | None,
    last_id: UUID | None,
    limit: int,
) -> Sequence[ViolationGroup | Unreadable]:
    """Groups behind the last one of the page before, the one that was seen last first."""
    values = {
        "state": wanted.state,
        "event_name": wanted.event_name,
        "assigned_to": wanted.assigned_to,
        "unassigned": wanted.unassigned,
        "since": wanted.since,
        "last_seen": last_seen,
        "last_id": last_id,
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(ViolationGroup)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def count_open(connection: Connection, _principal: Principal) -> int:
    """How many mistakes are open that were seen within seven days."""
    row = await (await connection.execute(queries.count_open)).fetchone()
    assert row is not None  # noqa: S101 - a count is one row
    return int(row[0])


async def tail(
    connection: Connection,
    plan: CompiledPlan,
    *,
    event_name: str | None,
    producer: str | None,
    violations: bool,
    since: datetime | None,
    limit: int,
) -> tuple[TailedEvent, ...]:
    """The newest events, newest first, without what says something about a person."""
    values = {
        "event_name": event_name,
        "producer": producer,
        "violations": violations,
        "since": since,
        "limit": limit,
    }
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.tail, values)
        return tuple([_shown(row, plan) for row in await cursor.fetchall()])


def _shown(row: dict[str, Any], plan: CompiledPlan) -> TailedEvent:
    event = plan.events.get(row["event_name"])
    by = None if event is None else event.versions.get(row["schema_version"])
    value = read_item(row.pop("body").encode()).value or {}
    kind = row.pop("kind")
    at = "/properties" if kind == "track" else at_of(kind)
    shown, hidden = masked(value.get(at[1:]), by)
    return TailedEvent(**row, properties=shown, masked=hidden)
