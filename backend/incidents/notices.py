"""Who hears of an incident: the teams its severity tells, in one thread, with a button while it waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from backend.core.audit_trail import person_name
from backend.core.database import Connection
from backend.deliveries import NoticeAction, NoticeAudience, NoticePhase, notify
from models.alerts import Severity
from models.deliveries.routing import Team
from models.incidents import CLOSED, IncidentRecord, IncidentRole, IncidentSeverity, IncidentStatus
from models.incidents.matrix import SeverityLevel

PRIORITIES: Final[Mapping[IncidentSeverity, Severity]] = {
    IncidentSeverity.SEV1: Severity.P1,
    IncidentSeverity.SEV2: Severity.P2,
    IncidentSeverity.SEV3: Severity.P3,
    IncidentSeverity.SEV4: Severity.P4,
}
"""By which routes an incident is told of."""


def thread_of(incident_id: str) -> str:
    """What all that is told of an incident belongs to."""
    return f"incident:{incident_id}"


def holder(incident: IncidentRecord, role: IncidentRole) -> str | None:
    """Who has a role."""
    return next((each.user_id for each in incident.roles if each.role is role), None)


async def values_of(tx: Connection, incident: IncidentRecord, actor: str, comment: str = "") -> dict[str, str]:
    """What texts about an incident may name."""
    names = {each.role: each.name for each in incident.roles}
    return {
        "reference": incident.reference,
        "title": incident.title,
        "severity": incident.severity.value,
        "status": incident.status.value,
        "description": incident.description,
        "since": f"{incident.started_at:%d %b %H:%M UTC}",
        "services": ", ".join(incident.services),
        "commander": names.get(IncidentRole.COMMANDER, "nobody yet"),
        "actor": await person_name(tx, actor),
        "comment": comment,
        "link": incident.runbook_link,
    }


async def tell_teams(
    tx: Connection, incident: IncidentRecord, level: SeverityLevel, template: str, *, actor: str, comment: str = ""
) -> None:
    """Tell everybody whom the severity tells, in the thread of the incident."""
    values = await values_of(tx, incident, actor, comment)
    for team in level.teams:
        await _tell(tx, NoticeAudience(team, PRIORITIES[incident.severity]), incident, template, values, actor=actor)


async def tell_people(
    tx: Connection,
    incident: IncidentRecord,
    people: Sequence[str],
    template: str,
    *,
    actor: str,
    comment: str = "",
) -> None:
    """Tell single people by mail; by the routes when it gets to none of them."""
    if people:
        audience = NoticeAudience(Team.OPERATIONS, PRIORITIES[incident.severity], people)
        values = await values_of(tx, incident, actor, comment)
        await _tell(tx, audience, incident, template, values, actor=actor)


async def _tell(
    tx: Connection,
    audience: NoticeAudience,
    incident: IncidentRecord,
    template: str,
    values: Mapping[str, str],
    *,
    actor: str,
) -> None:
    await notify(
        tx,
        audience,
        template,
        values,
        thread=thread_of(incident.incident_id),
        phase=phase_of(incident, new=template == "incident.opened"),
        actions=buttons(incident),
        actor=actor,
    )


def phase_of(incident: IncidentRecord, *, new: bool = False) -> NoticePhase:
    """Where it stands, as chats and pagers understand it."""
    if new:
        return NoticePhase.RAISED
    if incident.status in CLOSED:
        return NoticePhase.RESOLVED
    return NoticePhase.NOTED


def buttons(incident: IncidentRecord) -> tuple[NoticeAction, ...]:
    """What can be done about it from where it is read."""
    if incident.status in CLOSED:
        return ()
    found = {
        NoticeAction.ACKNOWLEDGE: incident.status is IncidentStatus.DETECTED,
        NoticeAction.CLAIM: holder(incident, IncidentRole.COMMANDER) is None,
        NoticeAction.OPEN: bool(incident.runbook_link),
    }
    return tuple(action for action, is_offered in found.items() if is_offered)
