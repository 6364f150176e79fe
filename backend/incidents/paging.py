"""Who is on call is paged for incidents: the one place that speaks to on-call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from backend import oncall
from backend.alerts import raise_alert
from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.problems import invalid
from backend.oncall import PageSubject
from models.alerts import Severity
from models.incidents import IncidentRecord
from models.oncall.pages import PageDetail, PageState

queries = load_queries(__package__)

KIND: Final = "incident"
SOURCE: Final = "incidents.paging"
"""Of alerts about severities that page nobody, although they should."""


@dataclass(frozen=True, slots=True)
class AnsweredPage:
    """Somebody has answered the page of an incident that waits."""

    incident_id: UUID
    by: str
    at: datetime


async def known_policies(tx: Connection, policy_ids: Sequence[str | None], pointer: str) -> None:
    """Raises ProblemError 422 at the pointer when one of them is no escalation policy that can be paged."""
    wanted = [each for each in policy_ids if each is not None]
    known = {row[0] for row in await (await tx.execute(queries.policies, {"ids": wanted})).fetchall()}
    if not known.issuperset(wanted):
        raise invalid(pointer, "there is no such escalation policy, or it is archived")


async def page(tx: Connection, incident: IncidentRecord, policy_id: str | None, *, actor: str) -> None:
    """Page a policy for an incident; ``None``: nobody. That one is gone is told, and hinders nothing."""
    if policy_id is None:
        return
    if await (await tx.execute(queries.policies, {"ids": [policy_id]})).fetchone() is None:
        await audit_trail.record(
            tx,
            actor=audit_trail.WORKER,
            action="incidents.page.failed",
            resource_type="incident",
            resource_id=incident.incident_id,
            label=f"{incident.reference} {incident.title}",
            after={"policyId": policy_id},
            reason="its escalation policy is archived",
        )
        await raise_alert(
            tx,
            source=SOURCE,
            key=policy_id,
            title=f"{incident.severity} pages nobody: its escalation policy is archived",
            severity=Severity.P1,
            guidance="Call somebody yourself.\nChoose another escalation policy in the severity matrix.",
        )
        return
    subject = PageSubject(
        KIND,
        incident.incident_id,
        f"{incident.reference} {incident.title}",
        incident.severity.value,
        incident.runbook_link,
    )
    await oncall.page(tx, UUID(policy_id), subject, actor=actor)


async def page_again(tx: Connection, incident: IncidentRecord, policy_id: str, *, actor: str) -> None:
    """Page another policy, whatever was paged before; the page of before is over."""
    await stop(tx, incident, actor=actor, reason="somebody else is paged")
    await page(tx, incident, policy_id, actor=actor)


async def acknowledge(tx: Connection, incident: IncidentRecord, *, actor: str) -> None:
    """Somebody works on it: nobody else is woken."""
    await oncall.acknowledge(tx, KIND, incident.incident_id, actor=actor)


async def stop(tx: Connection, incident: IncidentRecord, *, actor: str, reason: str) -> None:
    """Nobody needs to come any more."""
    await oncall.stop(tx, KIND, incident.incident_id, actor=actor, reason=reason)


async def waits_for(tx: Connection, incident: IncidentRecord, policy_id: str) -> bool:
    """Whether a page by this policy waits for an answer."""
    found = await pages(tx, incident.incident_id)
    return any((each.policy_id, each.state) == (policy_id, PageState.OPEN) for each in found)


async def pages(connection: Connection, incident_id: str) -> tuple[PageDetail, ...]:
    """All pages of an incident, newest first."""
    return await oncall.pages_of(connection, KIND, incident_id)


async def page_ids(connection: Connection, incident_ids: Sequence[str]) -> tuple[str, ...]:
    """The pages that were sent for these incidents."""
    rows = await (await connection.execute(queries.page_ids, {"ids": list(incident_ids)})).fetchall()
    return tuple(row[0] for row in rows)


async def answered(tx: Connection) -> list[AnsweredPage]:
    """Pages that somebody has answered, whose incidents do not know yet."""
    return [AnsweredPage(*row) for row in await (await tx.execute(queries.answered)).fetchall()]
