"""A launch afterwards, and what it taught."""

from __future__ import annotations

from datetime import timedelta

from psycopg.rows import class_row

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row
from backend.launch.checklist import reads as checklist
from backend.launch.clock import reads as clocks
from backend.launch.lifecycle import queries
from models.launch import HoldReview, ItemReview, Launch, LaunchReview, Lesson, PollReview
from models.launch.checklist import ItemStatus


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
        if item.automatic:
            continue
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
