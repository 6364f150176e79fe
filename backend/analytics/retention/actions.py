"""Everything that forgets events."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from backend.analytics.event_text import read_item, write_item
from backend.analytics.landing.actions import make_day
from backend.analytics.plan import reads
from backend.analytics.plan.checking import at_of
from backend.analytics.quarantine.reads import HELD_DAYS
from backend.analytics.retention import queries
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, Database, array
from backend.core.settings import Settings
from models.analytics import EventSchemaDefinition

COUNTED_DAYS: Final = 400
"""How long it is known how many there were, and what was wrong."""
CHUNK: Final = 1_000
"""Events that values are taken out of at once."""


async def keep_days(database: Database, settings: Settings) -> None:
    """Make the partition of tomorrow, drop days that have had their time, and take out values that have had theirs."""
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
            await tx.execute(queries.forget_marks, {"day": day + timedelta(days=1)})
            await audit_trail.record(
                tx,
                actor=audit_trail.WORKER,
                action="analytics.events.dropped",
                resource_type="event_day",
                resource_id=day.isoformat(),
                label=day.isoformat(),
                after={"events": row[0], "keptDays": settings.event_days},
            )
    await forget_values(database)


async def forget_values(database: Database) -> None:
    """Take out of events what their version says may be kept for fewer days than they are.

    Day by day, each in a transaction of its own.
    """
    async with database.read() as connection:
        today = (await clock(connection)).date()
        published = await reads.published(connection)
        days = [row[0] for row in await (await connection.execute(queries.days)).fetchall()]
        done = set(await (await connection.execute(queries.forgotten)).fetchall())
    for version in published:
        for day in days:
            due = [
                each.name
                for each in version.properties
                if each.retention_days is not None
                and day < today - timedelta(days=each.retention_days)
                and (day, version.event_name, version.version, each.name) not in done
            ]
            if due:
                async with database.transaction() as tx:
                    await _forget_values(tx, version, day, due)


async def _forget_values(tx: Connection, version: EventSchemaDefinition, day: date, due: list[str]) -> None:
    where = {"day": day, "event_name": version.event_name, "version": version.version}
    rows = await (await tx.execute(queries.mark_forgotten, where | {"properties": due})).fetchall()
    names = {row[0] for row in rows}  # another worker may have been faster
    after, changed = UUID(int=0), 0
    while names:
        values = where | {"after": after, "limit": CHUNK}
        events = await (await tx.execute(queries.bodies, values)).fetchall()
        if not events:
            break
        after = events[-1][0]
        found = [(event_id, text) for event_id, body in events if (text := _without(body, version, names)) is not None]
        if found:
            bodies = {"ids": array(each[0] for each in found), "bodies": "\n".join(each[1] for each in found)}
            await tx.execute(queries.put_bodies, bodies | {"day": day})
            changed += len(found)
    if changed:
        await audit_trail.record(
            tx,
            actor=audit_trail.WORKER,
            action="analytics.values.forgotten",
            resource_type="event_day",
            resource_id=day.isoformat(),
            label=f"{day.isoformat()}, {', '.join(sorted(names))} of {version.event_name} {version.version}",
            after={"eventName": version.event_name, "properties": sorted(names), "events": changed},
        )


def _without(body: str, version: EventSchemaDefinition, names: set[str]) -> str | None:
    """The event without these properties; ``None`` where it has none of them."""
    value = read_item(body.encode()).value
    properties = value.get(at_of(version.event_name)[1:]) if value is not None else None
    if value is None or not isinstance(properties, dict) or not names & properties.keys():
        return None
    for name in names:
        properties.pop(name, None)
    return write_item(value).decode()


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
