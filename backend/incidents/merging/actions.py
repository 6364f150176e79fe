"""Merging an incident into the one it is a part of. Both timelines stay, and are read as one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.incidents import paging
from backend.incidents.records import queries, reads
from backend.incidents.records.actions import may_close, record_incident, write
from backend.incidents.records.progress import advance
from models.core.problems import Code
from models.incidents import CLOSED, IncidentRecord, IncidentStatus, MergeRequest

if TYPE_CHECKING:
    from backend.core.security import Principal


async def merge(
    tx: Connection, *, principal: Principal, incident_id: UUID, into: UUID, version: int, request: MergeRequest
) -> IncidentRecord:
    """Merge; answers the incident it is a part of now.

    Into the same one again: nothing changes. Into itself: 422. One is a part of another already: 409. Stale: 412.
    Into one that is over or less severe: only by who may close the part (403). A review that was due still is.
    """
    actor = principal.user_id
    if incident_id == into:
        raise invalid("/into", "an incident is no part of itself")
    rows = await (await tx.execute(queries.lock_incidents, {"ids": [incident_id, into]})).fetchall()
    found = {row[0] for row in rows}
    if incident_id not in found:
        raise ProblemError(Code.NOT_FOUND, reads.NO_INCIDENT)
    if into not in found:
        raise invalid("/into", "there is no such incident")
    part, whole = await reads.incident(tx, incident_id), await reads.incident(tx, into)
    if part.merged_into == whole.incident_id:
        audit_trail.nothing_changed()
        return whole
    for each in (part, whole):
        if each.merged_into is not None:
            other = await reads.incident(tx, UUID(each.merged_into))
            raise ProblemError(Code.CONFLICT, f"{each.reference} is a part of {other.reference} already.")
    if part.status is IncidentStatus.REVIEWED:
        raise ProblemError(Code.CONFLICT, f"{part.reference} is reviewed: merge the other one into it.")
    same_version(part.version, version)
    if part.status not in CLOSED and (whole.status in CLOSED or whole.severity > part.severity):
        await may_close(tx, part, principal, "is merged into what is over or less severe")
    now = await clock(tx)
    values = {"incident_id": incident_id, "into": into, "at": now, "actor": actor, "closed": whole.status in CLOSED}
    await tx.execute(queries.end_alerts, values)
    await tx.execute(queries.merge_alerts, values)
    await tx.execute(queries.merge_participants, values)
    await tx.execute(queries.merge_groups, values)
    await tx.execute(queries.follow_merge, values)
    closing = {} if part.status in CLOSED else advance(part, IncidentStatus.RESOLVED, actor=actor, at=now)
    changes = {**closing, "merged_into": whole.incident_id, "next_update_due_at": None, "review_required": False}
    merged = await write(tx, part, changes, at=now)
    await record_incident(tx, actor, "merged", part, merged, reason=request.reason)
    await paging.stop(tx, merged, actor=actor, reason=f"it is a part of {whole.reference}")
    review = {"review_required": whole.review_required or part.review_required}
    after = await write(tx, await reads.incident(tx, into), review, at=now)
    await record_incident(tx, actor, "took_in", whole, after, reason=request.reason)
    return after
