"""Everything that changes a look at past events. Asking is audited; the work itself writes only its own row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.analytics.plan import reads as plan
from backend.analytics.radius import queries, reads
from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.defer import defer
from backend.core.problems import ProblemError
from models.analytics.changes import Radius, RadiusRequest, RadiusResult
from models.core.problems import Code

WAITING_MOST: Final = 10
LOST_SECONDS: Final = 300
"""One whose worker has said nothing for so long is lost."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One that a worker has taken up; whoever takes it up later changes the version."""

    radius_id: UUID
    event_name: str
    schema_version: int
    revision: int
    days: int
    asked_at: datetime
    attempts: int
    version: int


async def ask(tx: Connection, *, actor: str, request: RadiusRequest) -> Radius:
    """Ask what a version would do to events that came; a worker takes it up. Unknown: 404. Too many at once: 409."""
    found = await plan.version(tx, request.event_name, request.version)
    row = await (await tx.execute(queries.waiting)).fetchone()
    if row is not None and row[0] >= WAITING_MOST:
        raise ProblemError(Code.CONFLICT, f"{WAITING_MOST} wait already: try again when one is done.")
    values = {
        "event_name": found.event_name,
        "schema_version": found.version,
        "revision": found.revision,
        "days": request.days,
        "actor": actor,
    }
    row = await (await tx.execute(queries.insert, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await defer(tx, "analytics.radius", radius_id=str(row[0]))
    after = await reads.radius(tx, row[0])
    await audit_trail.record(
        tx,
        actor=actor,
        action="analytics.radius.asked",
        resource_type="event_radius",
        resource_id=after.id,
        label=f"{found.event_name} {found.version}",
        after=values,
    )
    return after


async def claim(tx: Connection, radius_id: UUID) -> Claim | None:
    """Take it up, from the beginning; ``None`` when it is over."""
    row = await (await tx.execute(queries.claim, {"radius_id": radius_id})).fetchone()
    return None if row is None else Claim(radius_id, *row)


async def beat(tx: Connection, mine: Claim, progress: float) -> bool:
    """Say how far it has come (0 to 1); false when it is no longer ours."""
    values = {"radius_id": mine.radius_id, "version": mine.version, "progress": progress}
    return (await tx.execute(queries.beat, values)).rowcount == 1


async def finish(tx: Connection, mine: Claim, result: RadiusResult) -> None:
    """Keep what was found."""
    kept = Jsonb(result.model_dump(mode="json", by_alias=True))
    await tx.execute(queries.finish, {"radius_id": mine.radius_id, "version": mine.version, "result": kept})
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action="analytics.radius.done",
        resource_type="event_radius",
        resource_id=str(mine.radius_id),
        label=f"{mine.event_name} {mine.schema_version}",
        after={"events": result.events, "failing": result.failing},
    )


async def fail(tx: Connection, mine: Claim, problem: str) -> None:
    """Say why nothing will be found."""
    await tx.execute(queries.fail, {"radius_id": mine.radius_id, "version": mine.version, "problem": problem})


async def fail_lost(tx: Connection) -> None:
    """End those that nobody works on any more."""
    problem = "The worker that ran it ended in the middle. Ask again."
    await tx.execute(queries.fail_lost, {"seconds": LOST_SECONDS, "problem": problem})
