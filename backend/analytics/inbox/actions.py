"""Everything that changes what is done about violations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from backend.analytics.inbox import queries, reads
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid, same_version
from models.analytics.events import ViolationChange, ViolationGroup, ViolationState


async def change(
    tx: Connection, *, actor: str, violation_id: UUID, version: int, request: ViolationChange
) -> ViolationGroup:
    """Assign, mute until, or say that it is fixed. Unknown: 404. Nobody of that name: 422. Stale: 412."""
    await tx.execute(queries.lock, {"violation_id": violation_id})
    before = await reads.violation(tx, violation_id)
    same_version(before.version, version)
    given = request.model_fields_set
    if "assigned_to" in given and request.assigned_to is not None:
        known = await (await tx.execute(queries.is_known_person, {"user_id": request.assigned_to})).fetchone()
        if known != (True,):
            raise invalid("/assignedTo", "nobody of this name has an account that is in use, or has signed in yet")
    if request.muted_until is not None and request.muted_until <= await clock(tx):
        raise invalid("/mutedUntil", "this instant has passed")
    state = request.state if "state" in given and request.state is not None else before.state
    values: dict[str, Any] = {
        "violation_id": violation_id,
        "assigned_to": request.assigned_to if "assigned_to" in given else before.assigned_to,
        "muted_until": (request.muted_until or before.muted_until) if state is ViolationState.MUTED else None,
        "state": state,
    }
    after_values = (values["assigned_to"], values["muted_until"], values["state"])
    if after_values == (before.assigned_to, before.muted_until, before.state):
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.change, values)
    after = await reads.violation(tx, violation_id)
    await audit_trail.record(
        tx,
        actor=actor,
        action="analytics.violation.changed",
        resource_type="violation",
        resource_id=after.id,
        label=f"{after.event_name} {after.pointer}",
        version=after.version,
        before=_snapshot(before),
        after=_snapshot(after),
        reason=request.reason or None,
    )
    return after


def _snapshot(group: ViolationGroup) -> dict[str, Any]:
    shown = {"event_name", "violation_class", "pointer", "state", "assigned_to", "muted_until", "version"}
    return group.model_dump(mode="json", by_alias=True, include=shown)
