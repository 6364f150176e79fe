"""Reading launches."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from backend.core.clock import clock
from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.launch.checklist import reads as checklist
from backend.launch.clock import reads as clocks
from models.launch import HoldReview, ItemReview, Launch, LaunchReview, LaunchState, Lesson, PollReview
from models.launch.checklist import ItemStatus

queries = load_queries(__package__)

_ANY = {"launch_id": None, "state": None, "rehearsals": None, "zero_at": None, "last_id": None, "limit": 1}


async def launch(connection: Connection, launch_id: UUID | str) -> Launch:
    """A launch; raises ProblemError 404."""
    return the_one(await _launches(connection, launch_id=launch_id), "There is no such launch.")


async def launches(
    connection: Connection,
    *,
    state: LaunchState | None,
    rehearsals: bool | None,
    before: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[Launch | Unreadable]:
    """Launches, the latest T-0 first."""
    return await _launches(
        connection, state=state, rehearsals=rehearsals, zero_at=before[0], last_id=before[1], limit=limit
    )


async def _launches(connection: Connection, **wanted: object) -> list[Launch | Unreadable]:
    async with connection.cursor(row_factory=lenient_row(Launch)) as cursor:
        await cursor.execute(queries.launches, _ANY | wanted)
        return await cursor.fetchall()


async def lessons(connection: Connection, launch_id: str) -> list[Lesson | Unreadable]:
    """What a launch taught, in order."""
    async with connection.cursor(row_factory=lenient_row(Lesson)) as cursor:
        await cursor.execute(queries.lessons, {"launch_id": launch_id})
        return await cursor.fetchall()


async def review(connection: Connection, found: Launch) -> LaunchReview:
    """A launch afterwards, or as far as it is: planned against actual."""
    now = await clock(connection)
    until = now if found.closed_at is None else found.closed_at
    at = await clocks.clock_at(connection, found, until)
    passed_zero = at.reading >= timedelta()
    zero_at = at.due_at(timedelta()) if passed_zero else None
    holds = []
    for span, following in zip(at.spans, [*at.spans[1:], None], strict=True):
        if span.hold is not None:
            ended = until if following is None else following.since
            holds.append(
                HoldReview(
                    number=span.hold,
                    point=None if span.point is None else span.point.key,
                    reading=span.reading.total_seconds(),
                    planned_seconds=0.0 if span.point is None else span.point.seconds,
                    actual_seconds=(ended - span.since).total_seconds(),
                    reason=span.reason,
                )
            )
    items = await checklist.items_of(connection, found, at, ())
    async with connection.cursor(row_factory=class_row(PollReview)) as cursor:
        await cursor.execute(queries.polls_of, {"launch_id": found.launch_id})
        polls = await cursor.fetchall()
    taught = await lessons(connection, found.launch_id)
    late = []
    for item in items:
        seconds = item.late_seconds
        if item.completed_at is not None:
            seconds = max(0.0, (item.completed_at - item.due_date).total_seconds()) or None
        if seconds is not None or item.status is ItemStatus.WAIVED:
            late.append(
                ItemReview(
                    key=item.key,
                    description=item.description,
                    owner_role=item.owner_role,
                    late_seconds=seconds,
                    waived=item.status is ItemStatus.WAIVED,
                )
            )
    return LaunchReview(
        launch_id=found.launch_id,
        planned_zero_at=found.planned_zero_at,
        actual_zero_at=zero_at,
        slip_seconds=None if zero_at is None else (zero_at - found.planned_zero_at).total_seconds(),
        holds=tuple(holds),
        polls=tuple(polls),
        items=len(items),
        items_late=tuple(late),
        lessons=tuple(each for each in taught if isinstance(each, Lesson)),
        text=found.decision or "",
        as_of=now,
    )
