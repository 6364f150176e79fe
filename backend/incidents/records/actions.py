"""Everything that changes an incident. Each change is audited in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid, same_version
from backend.incidents import notices, paging
from backend.incidents.matrix import reads as matrix
from backend.incidents.records import queries, reads
from backend.incidents.records.progress import advance, time_blocker
from models.core.permissions import Permission
from models.core.problems import Code
from models.incidents import (
    CLOSED,
    IncidentChange,
    IncidentDraft,
    IncidentOrigin,
    IncidentRecord,
    IncidentRole,
    IncidentStatus,
    IncidentUpdateRequest,
    KeyTimesChange,
    PageRequest,
)
from models.incidents.matrix import Closer, SeverityLevel

if TYPE_CHECKING:
    from backend.core.security import Principal

_answers = SetAside("incident rules")
_NULLABLE = frozenset({"customers_affected", "runbook_id", "runbook_link"})


async def open_incident(
    tx: Connection,
    *,
    actor: str,
    request: IncidentDraft,
    origin: IncidentOrigin = IncidentOrigin.MANUAL,
    groups: Sequence[str] = (),
    at: datetime | None = None,
) -> IncidentRecord:
    """Open one: the severity says who is told and paged, and when the first update is due.

    Args:
        tx: The transaction of whoever opens it.
        actor: Who does.
        request: What it is.
        origin: How it came to be.
        groups: Groups of alerts that belong to it from now on.
        at: When it was detected; now when left out.
    """
    now = await clock(tx)
    detected_at = at or now
    if request.started_at is not None and request.started_at > detected_at:
        raise invalid("/startedAt", "the time lies ahead")
    if request.commander is not None:
        await reads.known_person(tx, request.commander, "/commander")
    level = await matrix.level(tx, request.severity)
    values = {
        "title": request.title or request.description.strip().splitlines()[0][:200],
        "severity": request.severity,
        "description": request.description,
        "started_at": request.started_at or detected_at,
        "at": detected_at,
        "services": list(dict.fromkeys(request.services)),
        "runbook_id": request.runbook_id,
        "runbook_link": request.runbook_link or "",
        "origin": origin,
        "groups": list(groups),
        "next_update_due_at": next_due(level, detected_at),
        "review_required": level.review_required,
        "actor": actor,
    }
    row = await (await tx.execute(queries.insert_incident, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    if request.commander is not None:
        role = {"incident_id": row[0], "role": IncidentRole.COMMANDER, "user_id": request.commander}
        await tx.execute(queries.put_role, role)
    incident = await reads.incident(tx, row[0])
    await record_incident(tx, actor, "opened", None, incident)
    await notices.tell_teams(tx, incident, level, "incident.opened", actor=actor)
    await paging.page(tx, incident, level.escalation_policy_id, actor=actor)
    return incident


async def update_incident(
    tx: Connection, *, principal: Principal, incident_id: UUID, version: int, request: IncidentUpdateRequest
) -> IncidentRecord:
    """Say how far it has come. The same again by the same person changes nothing; by another: 409. Stale: 412."""
    before = await lock(tx, incident_id)
    status = request.status
    if status is not None and status is before.status:
        if status is not IncidentStatus.ACKNOWLEDGED or before.acknowledged_by == principal.user_id:
            if request.notes is None:
                audit_trail.nothing_changed()
                return before
            status = None
        else:
            raise ProblemError(
                Code.CONFLICT,
                f"{await audit_trail.person_name(tx, before.acknowledged_by or '')} has acknowledged it already.",
                current=before,
            )
    same_version(before.version, version)
    if status is None:
        assert request.notes is not None  # noqa: S101 - the request says one of both
        await record_entry(tx, principal.user_id, "incidents.note.written", before, {"text": request.notes})
        return before
    if status is IncidentStatus.REVIEWED or before.status is IncidentStatus.REVIEWED:
        raise invalid("/status", "an incident is reviewed when its review is published")
    if status is IncidentStatus.RESOLVED:
        await may_close(tx, before, principal)
    return await progress(tx, before, status, actor=principal.user_id, notes=request.notes)


async def progress(
    tx: Connection,
    before: IncidentRecord,
    status: IncidentStatus,
    *,
    actor: str,
    notes: str | None = None,
    at: datetime | None = None,
) -> IncidentRecord:
    """Let a locked incident come to another status, now or at an instant, with all that follows from it."""
    now = at or await clock(tx)
    changes = dict(advance(before, status, actor=actor, at=now))
    if status in CLOSED:
        changes["next_update_due_at"] = None
    elif before.status in CLOSED:
        changes["next_update_due_at"] = next_due(await matrix.level(tx, before.severity), now)
    await write(tx, before, changes, at=now)
    incident_id = UUID(before.incident_id)
    if status is IncidentStatus.ACKNOWLEDGED and notices.holder(before, IncidentRole.COMMANDER) is None:
        await _take_command(tx, incident_id, actor)
    if status in CLOSED:
        await tx.execute(queries.end_alerts, {"incident_id": incident_id, "at": now})
    elif before.status in CLOSED:
        await tx.execute(queries.resume_alerts, {"incident_id": incident_id})
    after = await reads.incident(tx, incident_id)
    await record_incident(tx, actor, "reopened" if before.status in CLOSED else status, before, after, reason=notes)
    level = await matrix.level(tx, after.severity)
    if status in CLOSED:
        await paging.stop(tx, after, actor=actor, reason="the incident is resolved")
    elif before.status in CLOSED:
        await paging.page(tx, after, level.escalation_policy_id, actor=actor)
    elif status is not IncidentStatus.DETECTED:
        await paging.acknowledge(tx, after, actor=actor)
    told = "incident.resolved" if status in CLOSED else "incident.changed"
    await notices.tell_teams(tx, after, level, told, actor=actor, comment=notes or "")
    return after


async def take_answers(tx: Connection) -> None:
    """Whoever answers a page acknowledges its incident, from the instant of the answer on."""

    async def take(page: paging.AnsweredPage) -> None:
        before = await lock(tx, page.incident_id)
        if before.status is IncidentStatus.DETECTED:
            at = max(page.at, before.detected_at)
            await progress(tx, before, IncidentStatus.ACKNOWLEDGED, actor=page.by, at=at)

    await _answers.each(tx, await paging.answered(tx), take, key=lambda page: (page.incident_id, page.at))


async def acknowledge_incident(tx: Connection, *, incident_id: UUID, actor: str, comment: str) -> bool:
    """Acknowledge from outside, such as by a button in a chat; False when nobody needs to any more."""
    if await (await tx.execute(queries.lock_incident, {"incident_id": incident_id})).fetchone() is None:
        return False
    before = await reads.incident(tx, incident_id)
    if before.status is not IncidentStatus.DETECTED:
        return False
    await progress(tx, before, IncidentStatus.ACKNOWLEDGED, actor=actor, notes=comment)
    return True


async def change_incident(
    tx: Connection, *, principal: Principal, incident_id: UUID, version: int, request: IncidentChange
) -> IncidentRecord:
    """Change what it is. Another severity pages by the matrix anew. Null where there must be something: 422.

    A better one than before: only by who may close it as it is (403), else closing would be a matter of two steps.
    """
    actor = principal.user_id
    before = await lock(tx, incident_id)
    same_version(before.version, version)
    changes = {name: getattr(request, name) for name in request.model_fields_set - {"reason"}}
    for name, value in changes.items():
        if value is None and name not in _NULLABLE:
            raise invalid(f"/{IncidentChange.model_fields[name].alias}", "leave the field out to keep its value")
    if "runbook_link" in changes:
        changes["runbook_link"] = changes["runbook_link"] or ""
    if "services" in changes:
        changes["services"] = tuple(dict.fromkeys(changes["services"]))
    if before.model_copy(update=changes) == before:
        audit_trail.nothing_changed()
        return before
    now = await clock(tx)
    level = await matrix.level(tx, changes.get("severity", before.severity))
    if level.severity > before.severity:
        await may_close(tx, before, principal, "is made less severe")
    if level.severity is not before.severity:
        changes["review_required"] = level.review_required
        if before.status not in CLOSED:
            changes["next_update_due_at"] = sooner(before.next_update_due_at, next_due(level, now))
    after = await write(tx, before, changes, at=now)
    await record_incident(
        tx,
        actor,
        "changed" if level.severity is before.severity else "severity_changed",
        before,
        after,
        reason=request.reason or None,
    )
    if level.severity < before.severity and after.status not in CLOSED:  # SEV1 is the worst
        await notices.tell_teams(tx, after, level, "incident.worse", actor=actor, comment=request.reason)
        await paging.page(tx, after, level.escalation_policy_id, actor=actor)
    return after


async def change_times(
    tx: Connection, *, actor: str, incident_id: UUID, version: int, request: KeyTimesChange
) -> IncidentRecord:
    """Other key times, with a trace of those before. In no order, ahead, or of what was not reached: 422."""
    before = await lock(tx, incident_id)
    same_version(before.version, version)
    times: dict[str, Any] = {name: getattr(request, name) for name in request.model_fields_set - {"reason"}}
    now = await clock(tx)
    if (wrong := time_blocker(before, times, now=now)) is not None:
        name, words = wrong
        raise invalid(f"/{KeyTimesChange.model_fields[name].alias}", words)
    if before.model_copy(update=times) == before:
        audit_trail.nothing_changed()
        return before
    after = await write(tx, before, times, at=now)
    await record_incident(tx, actor, "times_changed", before, after, reason=request.reason)
    return after


async def page_policy(tx: Connection, *, actor: str, incident_id: UUID, request: PageRequest) -> IncidentRecord:
    """Page an escalation policy. No such policy: 422. Closed: 409."""
    incident = await lock(tx, incident_id)
    if incident.status in CLOSED:
        raise ProblemError(Code.CONFLICT, f"{incident.reference} is {incident.status}: open it again first.")
    await paging.known_policies(tx, [request.policy_id], "/policyId")
    if await paging.waits_for(tx, incident, request.policy_id):
        raise ProblemError(Code.CONFLICT, "This policy is being paged already, and nobody has answered yet.")
    await record_entry(
        tx, actor, "incidents.page.asked", incident, {"policyId": request.policy_id}, reason=request.reason
    )
    await paging.page_again(tx, incident, request.policy_id, actor=actor)
    return incident


# --- what the other parts share


async def lock(tx: Connection, incident_id: UUID) -> IncidentRecord:
    """An incident that nobody else changes now. Unknown: 404. Merged into another: 409."""
    if await (await tx.execute(queries.lock_incident, {"incident_id": incident_id})).fetchone() is None:
        raise ProblemError(Code.NOT_FOUND, reads.NO_INCIDENT)
    found = await reads.incident(tx, incident_id)
    if found.merged_into is not None:
        into = await reads.incident(tx, UUID(found.merged_into))
        raise ProblemError(Code.CONFLICT, f"{found.reference} is a part of {into.reference}: change that one.")
    return found


async def write(
    tx: Connection, before: IncidentRecord, changes: Mapping[str, object], *, at: datetime
) -> IncidentRecord:
    """Put changed fields into a locked incident."""
    wanted = before.model_copy(update=dict(changes))
    level = await matrix.level(tx, wanted.severity)
    links = [link.model_dump(mode="json", by_alias=True) for link in wanted.links]
    values = wanted.model_dump(exclude={"links", "services"}) | {
        "links": Jsonb(links),
        "services": list(wanted.services),
        "review_days": level.review_days,
        "at": at,
    }
    await tx.execute(queries.update_incident, values)
    return await reads.incident(tx, UUID(before.incident_id))


async def record_incident(
    tx: Connection,
    actor: str,
    verb: str,
    before: IncidentRecord | None,
    after: IncidentRecord,
    *,
    reason: str | None = None,
) -> None:
    """Tell the audit log what became of an incident."""
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"incidents.incident.{verb}",
        resource_type="incident",
        resource_id=after.incident_id,
        label=label_of(after),
        version=after.version,
        before=None if before is None else audit_snapshot(before),
        after=audit_snapshot(after),
        reason=reason,
    )


async def record_entry(
    tx: Connection,
    actor: str,
    action: str,
    incident: IncidentRecord,
    after: Mapping[str, Any],
    *,
    reason: str | None = None,
) -> None:
    """Tell the audit log what happened in an incident, which itself stays as it is."""
    await audit_trail.record(
        tx,
        actor=actor,
        action=action,
        resource_type="incident",
        resource_id=incident.incident_id,
        label=label_of(incident),
        after=after,
        reason=reason,
    )


async def may_close(tx: Connection, incident: IncidentRecord, principal: Principal, done: str = "is closed") -> None:
    """Raises ProblemError 403 unless the matrix lets them close it; ``done`` is what comes to the same."""
    level = await matrix.level(tx, incident.severity)
    allowed = (
        Permission.MANAGE_ONCALL in principal.permissions,
        level.closer is not Closer.LEADS and notices.holder(incident, IncidentRole.COMMANDER) == principal.user_id,
        level.closer is Closer.RESPONDERS,
    )
    if not any(allowed):
        who = "its commander or a lead" if level.closer is Closer.COMMANDER else "a lead"
        raise ProblemError(
            Code.PERMISSION_MISSING,
            f"A {incident.severity} {done} by {who}, as the severity matrix says.",
            permission=Permission.MANAGE_ONCALL,
        )


def label_of(incident: IncidentRecord) -> str:
    """What an incident is called in the log."""
    return f"{incident.reference} {incident.title}"


def audit_snapshot(incident: IncidentRecord) -> dict[str, Any]:
    """An incident as the audit log keeps it."""
    return incident.model_dump(mode="json", by_alias=True)


def next_due(level: SeverityLevel, at: datetime) -> datetime | None:
    """When the next update is due after one at an instant."""
    return None if level.update_minutes is None else at + timedelta(minutes=level.update_minutes)


def sooner(first: datetime | None, second: datetime | None) -> datetime | None:
    """The earlier one; a change of severity never puts off an update that was promised."""
    return min((each for each in (first, second) if each is not None), default=None)


async def _take_command(tx: Connection, incident_id: UUID, actor: str) -> None:
    """Whoever acknowledges it commands it until it is handed over, if it is a person."""
    if await reads.is_known(tx, actor):
        role = {"incident_id": incident_id, "role": IncidentRole.COMMANDER, "user_id": actor}
        await tx.execute(queries.put_role, role)
