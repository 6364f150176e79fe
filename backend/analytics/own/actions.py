"""Everything that makes events of our own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from psycopg.rows import dict_row

from backend.analytics.event_text import read_item, write_item
from backend.analytics.intake.actions import Intake, ingest_calls
from backend.analytics.landing.shapes import Call, read_calls
from backend.analytics.own import queries
from backend.analytics.own.catalogue import DASHBOARD_VIEWED, definitions
from backend.analytics.registry.actions import columns, register
from backend.analytics.validation.compiled import PlanCache
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.capability import OwnEvents
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from models.analytics import EventSchemaDraft

SET_ASIDE: Final = SetAside("own events")
PAGE: Final = 1_000
PRODUCER: Final = "opsconsole"


async def make_events(database: Database, settings: Settings, own: OwnEvents) -> None:
    """Make events of all entries since the last turn; the cursor moves in the transaction that takes them in."""
    async with database.transaction() as tx:
        await _note_views(tx)
    await _keep_registered(database)
    intake = Intake.of(settings, PlanCache())
    while await _make_page(database, intake, own):
        pass


async def _make_page(database: Database, intake: Intake, own: OwnEvents) -> bool:
    async with database.transaction() as tx:
        cursor = await (await tx.execute(queries.lock_cursor)).fetchone()
        assert cursor is not None  # noqa: S101 - the migration puts the row there
        values = {"position": cursor[0], "limit": PAGE, "actions": list(own)}
        rows = await (await tx.execute(queries.page, values)).fetchall()
        if not rows or rows[0][0] is None:
            return False
        now = await clock(tx)
        calls = [call for row in rows if row[1] is not None for call in _calls(row[1:], own, now)]
        if calls:
            await ingest_calls(tx, intake, calls, now, sent_by=audit_trail.WORKER)
        await tx.execute(queries.move_cursor, {"position": rows[0][0]})
        return True


def _calls(entry: Sequence[Any], own: OwnEvents, now: datetime) -> list[Call]:
    """The events of an entry; one that lacks what an event says is named in the log, and makes none."""
    entry_id, at, actor, action, after = entry
    found: list[Call] = []
    for event in own[action]:
        try:
            properties = event.properties(after or {})
        except (KeyError, TypeError) as error:
            SET_ASIDE.put(f"{event.name} of {entry_id}", error)
            continue
        text = write_item(
            {
                "type": "track",
                "messageId": f"audit:{entry_id}:{event.name}",
                "event": event.name,
                "userId": actor,
                "timestamp": at.isoformat(),
                "context": {"app": {"name": PRODUCER, "version": version("opsconsole")}},
                "properties": dict(properties),
            }
        )
        found += read_calls([read_item(text)], now)
    return found


async def _note_views(tx: Connection) -> None:
    """Who looked at the dashboard: what is only read leaves no entry, so each hour of each person becomes one."""
    rows = await (await tx.execute(queries.views)).fetchall()
    await tx.execute(queries.forget_views)
    for user_id, hour in rows:
        await audit_trail.record(
            tx,
            actor=user_id,
            action=DASHBOARD_VIEWED,
            resource_type="dashboard",
            resource_id="dashboard",
            after={"hour": hour.isoformat()},
        )


async def _keep_registered(database: Database) -> None:
    """The plan has our own events as this version of the program makes them."""
    for each in definitions():
        async with database.transaction() as tx:
            if not await _is_registered(tx, each):
                await register(tx, each)


async def _is_registered(tx: Connection, wanted: EventSchemaDraft) -> bool:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.newest_content, {"event_name": wanted.event_name})
        found = await cursor.fetchone()
    kept = {name: getattr(value, "obj", value) for name, value in columns(wanted).items()}
    return found is not None and all(found[name] == value for name, value in kept.items())
