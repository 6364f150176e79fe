"""What people add to a timeline, and deploys that come in. Entries of the log are never changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, array
from backend.core.problems import invalid
from backend.incidents.records.actions import lock, record_entry
from backend.incidents.timeline import queries
from backend.incidents.timeline.reads import Timeline, entry_at
from backend.shop import UpsertCounts, ingest_batch
from models.incidents import IncidentRecord
from models.incidents.timeline import DeployIn, EntryCorrection, NoteDraft
from models.shop.ingest import Batch, IngestResult


async def write_note(tx: Connection, *, actor: str, incident_id: UUID, request: NoteDraft) -> IncidentRecord:
    """Note what the log does not know. Ahead: 422."""
    incident = await lock(tx, incident_id)
    now = await clock(tx)
    if request.occurred_at is not None and request.occurred_at > now:
        raise invalid("/occurredAt", "the time lies ahead")
    after = {"text": request.text, "occurredAt": (request.occurred_at or now).isoformat()}
    await record_entry(tx, actor, "incidents.note.written", incident, after)
    return incident


async def pin_entry(
    tx: Connection, *, actor: str, incident_id: UUID, of: Timeline, position: int, pinned: bool
) -> None:
    """Say that an entry tells the story, or no longer does. Not of the timeline: 404."""
    incident = await lock(tx, incident_id)
    await entry_at(tx, of, position)
    values = {"incident_id": incident_id, "incidents": list(of.incidents), "position": position}
    if await (await tx.execute(queries.pin if pinned else queries.unpin, values)).fetchone() is None:
        audit_trail.nothing_changed()
        return
    await record_entry(
        tx,
        actor,
        "incidents.entry.pinned" if pinned else "incidents.entry.unpinned",
        incident,
        {"position": position},
    )


async def correct_entry(
    tx: Connection, *, actor: str, incident_id: UUID, of: Timeline, position: int, request: EntryCorrection
) -> None:
    """Say what is right about an entry, which stays as it is. Not of the timeline: 404. Ahead: 422."""
    incident = await lock(tx, incident_id)
    await entry_at(tx, of, position)
    if request.occurred_at is not None and request.occurred_at > await clock(tx):
        raise invalid("/occurredAt", "the time lies ahead")
    values = {"incident_id": incident_id, "position": position, "actor": actor}
    await tx.execute(queries.insert_correction, values | {"text": request.text, "occurred_at": request.occurred_at})
    after = {"position": position, **request.model_dump(mode="json", by_alias=True, exclude_none=True)}
    await record_entry(tx, actor, "incidents.entry.corrected", incident, after)


async def ingest_deploys(tx: Connection, request: Batch, *, sent_by: str) -> IngestResult:
    """Keep deploys; each that is new is an entry of the log of its own."""

    async def put(rows: Sequence[DeployIn]) -> UpsertCounts:
        names = ("id", "service", "version", "environment", "deployed_at", "deployed_by")
        columns = {name: array([getattr(row, name) for row in rows]) for name in names}
        columns["url"] = array([row.url or "" for row in rows])
        cursor = await tx.execute(queries.upsert_deploys, columns)
        new = {row[0] for row in await cursor.fetchall()}
        latest = {row.id: row for row in rows}
        for row in sorted((latest[each] for each in new), key=lambda row: (row.deployed_at, row.id)):
            await audit_trail.record(
                tx,
                actor=sent_by,
                action="incidents.deploy.recorded",
                resource_type="deploy",
                resource_id=row.id,
                label=f"{row.service} {row.version}",
                after=row.model_dump(mode="json", by_alias=True),
            )
        return UpsertCounts(len(new), 0)

    return await ingest_batch(tx, request, DeployIn, put, kind="deploys", one="deploy", sent_by=sent_by)
