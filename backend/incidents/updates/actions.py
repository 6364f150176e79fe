"""Posting updates, and reminding those who owe one."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from psycopg.rows import class_row

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.deliveries import NoticeAudience, notify
from backend.incidents import notices
from backend.incidents.matrix import reads as matrix
from backend.incidents.records.actions import lock, record_entry, write
from backend.incidents.updates import queries, reads
from models.deliveries.routing import Team
from models.incidents import IncidentRole
from models.incidents.updates import IncidentUpdate, UpdateDraft

LEAST_PAUSE: Final = timedelta(minutes=15)
"""Between two reminders, also where updates are due more often."""

_aside = SetAside("incident updates")


async def post(tx: Connection, *, actor: str, incident_id: UUID, request: UpdateDraft) -> IncidentUpdate:
    """Keep an update and send it to the channels chosen, in the thread of the incident. No such channel: 422."""
    before = await lock(tx, incident_id)
    channels = await reads.chosen(tx, request)
    now = await clock(tx)
    due = await reads.due_after(tx, before, request, now)
    values = {
        "incident_id": incident_id,
        "number": before.updates + 1,
        "phase": request.phase,
        "text": request.text,
        "severity": before.severity,
        "status": before.status,
        "channels": [each.name for each in channels],
        "at": now,
        "actor": actor,
        "due_at": before.next_update_due_at,
        "next_update_due_at": due,
    }
    async with tx.cursor(row_factory=class_row(IncidentUpdate)) as cursor:
        await cursor.execute(queries.insert_update, values)
        update = await cursor.fetchone()
    assert update is not None  # noqa: S101 - an insert of one row returns one row
    after = await write(tx, before, {"updates": update.number, "next_update_due_at": due}, at=now)
    await record_entry(tx, actor, "incidents.update.posted", after, update.model_dump(mode="json", by_alias=True))
    if channels:
        audience = NoticeAudience(
            Team.OPERATIONS,
            notices.PRIORITIES[after.severity],
            connections=[UUID(each.id) for each in channels],
        )
        await notify(
            tx,
            audience,
            "incident.update",
            await reads.update_values(tx, after, request, actor=actor, due=due),
            thread=notices.thread_of(after.incident_id),
            phase=notices.phase_of(after),
            actions=notices.buttons(after),
            actor=actor,
        )
    return update


async def remind(database: Database, _settings: Settings) -> None:
    """Tell those who owe an update that it is overdue, again and again until it is there; a turn of the worker."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.overdue)).fetchall()
        await _aside.each(tx, rows, lambda row: _remind(tx, row[0]), key=lambda row: row[0])


async def _remind(tx: Connection, incident_id: UUID) -> None:
    incident = await lock(tx, incident_id)
    due = incident.next_update_due_at
    now = await clock(tx)
    if due is None or due > now:  # it was posted in this moment
        return
    level = await matrix.level(tx, incident.severity)
    pause = max(LEAST_PAUSE, timedelta(minutes=level.update_minutes or 0))
    await tx.execute(queries.reminded, {"incident_id": incident_id, "remind_at": now + pause})
    minutes = int((now - due).total_seconds() // 60)
    await record_entry(
        tx,
        audit_trail.WORKER,
        "incidents.update.overdue",
        incident,
        {"dueAt": due.isoformat(), "minutes": minutes},
    )
    comment = f"The update of {due:%d %b %H:%M UTC} is {minutes} min late."
    await notices.tell_teams(tx, incident, level, "incident.overdue", actor=audit_trail.WORKER, comment=comment)
    owe = (notices.holder(incident, role) for role in (IncidentRole.COMMUNICATIONS, IncidentRole.COMMANDER))
    people = [each for each in owe if each is not None][:1]
    await notices.tell_people(tx, incident, people, "incident.overdue", actor=audit_trail.WORKER, comment=comment)
