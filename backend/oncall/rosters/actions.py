"""Where people live: their nights and weekends are those of their own zone."""

from __future__ import annotations

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid
from backend.core.security import Principal
from backend.oncall.people import known_people
from backend.oncall.rosters import queries
from backend.oncall.tzdata import is_zone
from models.core.permissions import Permission
from models.core.problems import Code


async def set_zone(tx: Connection, *, principal: Principal, person: str, zone: str) -> None:
    """One's own, or somebody's for those who manage on-call (403). No zone: 422."""
    if person != principal.user_id and Permission.MANAGE_ONCALL not in principal.permissions:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "Only those who manage on-call say where others live.",
            permission=Permission.MANAGE_ONCALL,
        )
    await known_people(tx, [person], "path:person")
    if not is_zone(zone):
        raise invalid("/zone", f"there is no time zone “{zone}”; they are called as Europe/Berlin is")
    values = {"person": person, "zone": zone, "actor": principal.user_id}
    row = await (await tx.execute(queries.set_zone, values)).fetchone()
    if row is None:
        audit_trail.nothing_changed()
        return
    await audit_trail.record(
        tx,
        actor=principal.user_id,
        action="oncall.zone.set",
        resource_type="person_zone",
        resource_id=person,
        label=await audit_trail.person_name(tx, person),
        version=row[0],
        after={"zone": zone},
    )
