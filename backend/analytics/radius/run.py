"""Works a look at past events off: day by day, each in a transaction that only reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import args_row

from backend.analytics.plan import reads as plan
from backend.analytics.plan.checking import at_of
from backend.analytics.radius import actions, queries
from backend.analytics.radius.actions import Claim
from backend.analytics.radius.readers import readers, readings
from backend.analytics.radius.tally import PastEvent, Tally
from backend.analytics.validation.compiled import CompiledVersion
from backend.core.database import Database, DatabaseUnavailable
from backend.core.logs import logger
from models.analytics import EventSchemaDefinition
from models.analytics.changes import RadiusResult

log = logger(__name__)

ROWS: Final = 2_000
"""Events that are judged before others have their turn."""
ATTEMPTS_MOST: Final = 3


class ClaimLost(Exception):  # noqa: N818 - no error: another worker has it now
    """It is no longer ours."""


async def run(database: Database, radius_id: UUID) -> None:
    """Work it off from the beginning, unless it is done. Raises DatabaseUnavailable: try again later."""
    async with database.transaction() as tx:
        mine = await actions.claim(tx, radius_id)
    if mine is None:
        return
    if mine.attempts > ATTEMPTS_MOST:
        await _fail(database, mine, f"It was interrupted {ATTEMPTS_MOST} times. Ask again, for fewer days.")
        return
    try:
        result = await _look(database, mine)
        async with database.transaction() as tx:
            await actions.finish(tx, mine, result)
    except ClaimLost:
        log.info("blast radius given up", radius=str(radius_id))
    except (DatabaseUnavailable, asyncio.CancelledError):
        raise
    except Exception as error:
        log.exception("blast radius failed", radius=str(radius_id))
        await _fail(database, mine, f"It failed: {type(error).__name__}. The log of the worker says more.")


async def _look(database: Database, mine: Claim) -> RadiusResult:
    async with database.read() as connection:
        draft = await plan.version(connection, mine.event_name, mine.schema_version)
        if draft.revision != mine.revision:
            await _fail(database, mine, "The draft was changed before it was looked into. Ask again.")
            raise ClaimLost
        judged_by = await plan.judged_by(connection, mine.event_name)
        before = () if judged_by is None else (await plan.version(connection, mine.event_name, judged_by),)
        reading = await readings(connection, draft, *before)
        since = mine.asked_at - timedelta(days=min([mine.days, *_whole_days(draft, before)]))
        days = [row[0] for row in await (await connection.execute(queries.days, {"since": since})).fetchall()]
    tally = Tally(CompiledVersion.of(draft), at_of(mine.event_name))
    for number, day in enumerate(days):
        async for rows in _events(database, mine, day, since):
            # In a thread: it is a few milliseconds without a pause, and others of this process have work too.
            await asyncio.to_thread(tally.add, rows)
        async with database.transaction() as tx:
            if not await actions.beat(tx, mine, (number + 1) / len(days)):
                raise ClaimLost
    return RadiusResult(
        events=tally.events,
        failing=tally.failing,
        senders=tally.hits_by_sender(),
        destinations=tally.hits_by_destination(),
        readers=readers(reading, tally.properties),
        causes=tally.counted_causes(),
        daily=tally.hits_by_day(),
        witnesses=tuple(tally.witnesses),
    )


def _whole_days(draft: EventSchemaDefinition, before: Sequence[EventSchemaDefinition]) -> Iterator[int]:
    """Days for which events still have what the draft asks for: a value whose time is over is not missing."""
    asked_for = {each.name for each in draft.properties if each.required}
    for version in before:
        for each in version.properties:
            if each.name in asked_for and each.retention_days is not None:
                yield each.retention_days


async def _events(database: Database, mine: Claim, day: object, since: datetime) -> AsyncIterator[list[PastEvent]]:
    values = {
        "day": day,
        "event_name": mine.event_name,
        "since": since,
        "until": mine.asked_at,
    }
    async with (
        database.transaction() as tx,
        tx.cursor("radius", row_factory=args_row(PastEvent)) as cursor,
    ):
        await cursor.execute(queries.events_of_day, values)
        while rows := await cursor.fetchmany(ROWS):
            yield rows


async def _fail(database: Database, mine: Claim, problem: str) -> None:
    async with database.transaction() as tx:
        await actions.fail(tx, mine, problem)
