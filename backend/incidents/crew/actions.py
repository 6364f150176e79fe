"""Giving roles, handing them over, joining and leaving."""

from __future__ import annotations

from uuid import UUID

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError, same_version
from backend.incidents import notices
from backend.incidents.records import queries, reads
from backend.incidents.records.actions import label_of, lock
from models.core.problems import Code
from models.incidents import CLOSED, IncidentRecord, IncidentRole, LeaveRequest, ParticipantRequest, RoleRequest


async def assign_role(
    tx: Connection, *, actor: str, incident_id: UUID, version: int, request: RoleRequest
) -> IncidentRecord:
    """Give a role, hand it over, or take it back. Has it already: nothing changes. Nobody known: 422. Stale: 412."""
    before = await lock(tx, incident_id)
    held = notices.holder(before, request.role)
    if held == request.user_id:
        audit_trail.nothing_changed()
        return before
    same_version(before.version, version)
    values = {"incident_id": incident_id, "role": request.role, "user_id": request.user_id}
    if request.user_id is None:
        await tx.execute(queries.drop_role, values)
    else:
        await reads.known_person(tx, request.user_id)
        await tx.execute(queries.put_role, values)
    await tx.execute(queries.touch, values)
    after = await reads.incident(tx, incident_id)
    await audit_trail.record(
        tx,
        actor=actor,
        action="incidents.role.released"
        if request.user_id is None
        else "incidents.role.given"
        if held is None
        else "incidents.role.handed_over",
        resource_type="incident",
        resource_id=after.incident_id,
        label=label_of(after),
        version=after.version,
        before=await _who(tx, request.role, held),
        after=await _who(tx, request.role, request.user_id),
        reason=request.reason or None,
    )
    if request.user_id is not None and request.user_id != actor:
        comment = f"You are {request.role} now. {request.reason}".strip()
        await notices.tell_people(tx, after, [request.user_id], "incident.role", actor=actor, comment=comment)
    return after


async def claim_incident(tx: Connection, *, incident_id: UUID, person: str, actor: str, reason: str) -> bool:
    """Give command from outside, such as by a button in a chat; False for nobody we know, or where it is not free."""
    if await (await tx.execute(queries.lock_incident, {"incident_id": incident_id})).fetchone() is None:
        return False
    before = await reads.incident(tx, incident_id)
    is_free = before.merged_into is None and before.status not in CLOSED
    if not is_free or notices.holder(before, IncidentRole.COMMANDER) is not None:
        return False
    if not await reads.is_known(tx, person):
        return False
    request = RoleRequest(role=IncidentRole.COMMANDER, user_id=person, reason=reason)
    await assign_role(tx, actor=actor, incident_id=incident_id, version=before.version, request=request)
    return True


async def add_participant(
    tx: Connection, *, actor: str, incident_id: UUID, request: ParticipantRequest
) -> IncidentRecord:
    """Somebody works on it. The same reason again: nothing changes. Nobody known: 422."""
    before = await lock(tx, incident_id)
    if any((each.user_id, each.reason) == (request.user_id, request.reason) for each in before.participants):
        audit_trail.nothing_changed()
        return before
    await reads.known_person(tx, request.user_id)
    values = {"incident_id": incident_id, "user_id": request.user_id, "reason": request.reason}
    await tx.execute(queries.put_participant, values)
    return await _crew_changed(tx, before, actor, "joined", request.user_id, request.reason)


async def remove_participant(
    tx: Connection, *, actor: str, incident_id: UUID, user_id: str, request: LeaveRequest
) -> IncidentRecord:
    """Somebody works on it no longer. Did not before: 404."""
    before = await lock(tx, incident_id)
    if all(each.user_id != user_id for each in before.participants):
        raise ProblemError(Code.NOT_FOUND, "This person does not take part.")
    await tx.execute(queries.drop_participant, {"incident_id": incident_id, "user_id": user_id})
    return await _crew_changed(tx, before, actor, "left", user_id, request.reason)


async def _crew_changed(
    tx: Connection, before: IncidentRecord, actor: str, verb: str, user_id: str, reason: str
) -> IncidentRecord:
    incident_id = UUID(before.incident_id)
    await tx.execute(queries.touch, {"incident_id": incident_id})
    after = await reads.incident(tx, incident_id)
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"incidents.participant.{verb}",
        resource_type="incident",
        resource_id=after.incident_id,
        label=label_of(after),
        version=after.version,
        after={"userId": user_id, "name": await audit_trail.person_name(tx, user_id)},
        reason=reason,
    )
    return after


async def _who(tx: Connection, role: IncidentRole, user_id: str | None) -> dict[str, str | None]:
    name = None if user_id is None else await audit_trail.person_name(tx, user_id)
    return {"role": role, "userId": user_id, "name": name}
