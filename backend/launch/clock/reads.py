"""Reading a launch's clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection
from backend.launch.clock import queries
from backend.launch.clock.fold import Clock, Event, fold
from models.launch import Launch
from models.launch.clock import ClockEvent, ClockState, HoldPoint, LaunchClock


async def events(connection: Connection, launch_id: str | UUID) -> list[ClockEvent]:
    """What was done to the clock, in order."""
    async with connection.cursor(row_factory=class_row(ClockEvent)) as cursor:
        await cursor.execute(queries.events, {"launch_id": launch_id})
        return await cursor.fetchall()


def clock_of(found: Iterable[ClockEvent], points: Sequence[HoldPoint], now: datetime) -> Clock:
    """The clock at an instant; one that was set back does not turn it back."""
    plain = [_event(event) for event in found]
    return fold(plain, points, max(now, plain[-1].at) if plain else now)


async def clock_at(connection: Connection, launch: Launch, now: datetime) -> Clock:
    """The clock of a launch at an instant."""
    return clock_of(await events(connection, launch.launch_id), launch.points, now)


def _event(event: ClockEvent) -> Event:
    reading = None if event.reading is None else timedelta(seconds=event.reading)
    return Event(event.at, event.kind, reading, event.hold, event.reason, event.exit_criteria)


def shown(clock: Clock) -> LaunchClock:
    """The clock as consoles are told of it."""
    last, reading = clock.last, clock.reading
    ahead = clock.ahead()
    resume_by = None if last.point is None else last.since + timedelta(seconds=last.point.seconds)
    moves = last.state is not ClockState.SCRUBBED
    return LaunchClock(
        state=last.state,
        zero_at=clock.now - reading if last.runs else None,
        reading=reading.total_seconds(),
        since=last.since,
        hold=last.hold,
        point=None if last.point is None else last.point.key,
        planned_seconds=None if last.point is None else last.point.seconds,
        resume_by=resume_by,
        reason=last.reason if last.point is None else last.point.title,
        exit_criteria=last.exit_criteria if last.point is None else last.point.exit_criteria or None,
        next_point=ahead[0].key if ahead and moves else None,
        next_hold_at=clock.due_at(timedelta(seconds=ahead[0].reading)) if ahead and moves else None,
        projected_zero_at=clock.due_at(timedelta()),
        as_of=clock.now,
    )
