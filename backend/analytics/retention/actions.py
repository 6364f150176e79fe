"""Everything that forgets events."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from backend.analytics.landing.actions import make_day
from backend.analytics.quarantine.reads import HELD_DAYS
from backend.analytics.retention import queries
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings

COUNTED_DAYS: Final = 400
"""How long it is known how many there were, and what was wrong."""


async def keep_days(database: Database, settings: Settings) -> None:
    """Make the partition of tomorrow, and drop days that have had their time, each in a transaction of its own."""
    async with database.transaction() as tx:
        today = (await clock(tx)).date()
        for day in (today, today + timedelta(days=1)):
            await make_day(tx, day)
    first = today - timedelta(days=settings.event_days)
    async with database.read() as connection:
        old = [row[0] for row in await (await connection.execute(queries.days_before, {"day": first})).fetchall()]
    for day in old:
        async with database.transaction() as tx:
            row = await (await tx.execute(queries.drop_day, {"day": day})).fetchone()
            if row is None or row[0] is None:
                continue  # another worker was faster
            await tx.execute(queries.forget_ids, {"day": day + timedelta(days=1)})
            await audit_trail.record(
                tx,
                actor=audit_trail.WORKER,
                action="analytics.events.dropped",
                resource_type="event_day",
                resource_id=day.isoformat(),
                label=day.isoformat(),
                after={"events": row[0], "keptDays": settings.event_days},
            )


async def forget(tx: Connection) -> None:
    """Delete what was held too long, audited by cause, and old counts."""
    rows = await (await tx.execute(queries.forget_held, {"days": HELD_DAYS})).fetchall()
    for event_name, violation_class, count in rows:
        await audit_trail.record(
            tx,
            actor=audit_trail.WORKER,
            action="analytics.quarantine.expired",
            resource_type="event_quarantine",
            resource_id=event_name,
            label=event_name,
            after={"class": violation_class, "events": count, "heldDays": HELD_DAYS},
        )
    first = (await clock(tx)).date() - timedelta(days=COUNTED_DAYS)
    await tx.execute(queries.forget_counts, {"days": COUNTED_DAYS})
    await tx.execute(queries.forget_violations, {"day": first})
    await tx.execute(queries.forget_radii, {"days": COUNTED_DAYS})
