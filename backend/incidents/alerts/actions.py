"""Opening incidents from alerts, by hand and by rule, and attaching alerts to those that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError, invalid, same_version
from backend.core.rows import readable
from backend.core.settings import Settings
from backend.incidents.alerts import queries, reads
from backend.incidents.records import reads as incidents
from backend.incidents.records.actions import lock, open_incident, record_entry, take_answers
from models.alerts import AlertState, Severity
from models.core.problems import Code
from models.incidents import (
    CLOSED,
    AlertIncident,
    AttachAlerts,
    IncidentDraft,
    IncidentOrigin,
    IncidentRecord,
    IncidentSeverity,
)
from models.incidents.matrix import IncidentRule, IncidentRuleChange, IncidentRuleDraft, RuleKind

SEVERITIES: Final = dict(zip(Severity, IncidentSeverity, strict=True))
"""How bad an incident is that an alert opens, unless somebody says otherwise."""
NAMED_MOST: Final = 100
"""Alerts whose ids stand in one entry of the log; how many there were stands beside them."""

_aside = SetAside("incident rules")


async def open_from_alert(tx: Connection, *, actor: str, request: AlertIncident) -> IncidentRecord:
    """Open an incident for an alert, or answer the open one it belongs to. No such alert: 422. Cleared: 409."""
    alert = await _lock_alert(tx, request.alert_id)
    known = await (await tx.execute(queries.open_of, {"alert_id": request.alert_id})).fetchone()
    if known is not None:
        audit_trail.nothing_changed()
        return await incidents.incident(tx, known[0])
    if alert["state"] == AlertState.CLEARED:
        raise ProblemError(Code.CONFLICT, "This alert has cleared already.")
    found = await (await tx.execute(queries.open_for_group, {"group": alert["group"]})).fetchone()
    if found is not None:
        incident = await lock(tx, found[0])
        await _attach(tx, actor, incident, [request.alert_id])
        return await incidents.incident(tx, found[0])
    draft = IncidentDraft(
        severity=request.severity or SEVERITIES[Severity(alert["severity"])],
        title=alert["title"][:200],
        description=request.description or _description(alert),
        runbook_link=alert["runbook_url"] or None,
        started_at=alert["raised_at"],
    )
    incident = await open_incident(tx, actor=actor, request=draft, origin=IncidentOrigin.ALERT, groups=[alert["group"]])
    await _attach(tx, actor, incident, [request.alert_id])
    return await incidents.incident(tx, UUID(incident.incident_id))


async def attach_alerts(tx: Connection, *, actor: str, incident_id: UUID, request: AttachAlerts) -> IncidentRecord:
    """Attach alerts; those of their groups join by themselves from now on. Unknown: 422. Of another open one: 409."""
    incident = await lock(tx, incident_id)
    ids = list(dict.fromkeys(request.alert_ids))
    known = {row[0] for row in await (await tx.execute(queries.known_alerts, {"ids": ids})).fetchall()}
    groups = []
    for number, alert_id in enumerate(request.alert_ids):
        if alert_id not in known:
            raise invalid(f"/alertIds/{number}", "there is no such alert")
        groups.append((await _lock_alert(tx, alert_id))["group"])
        other = await (await tx.execute(queries.open_of, {"alert_id": alert_id})).fetchone()
        if other is not None and other[0] != incident_id:
            reference = (await incidents.incident(tx, other[0])).reference
            raise ProblemError(Code.CONFLICT, f"The alert belongs to {reference}: detach it there, or merge the two.")
    if incident.status not in CLOSED:
        await tx.execute(queries.extend_groups, {"incident_id": incident_id, "groups": groups})
    if not await _attach(tx, actor, incident, ids):
        audit_trail.nothing_changed()
    return await incidents.incident(tx, incident_id)


async def detach_alert(tx: Connection, *, actor: str, incident_id: UUID, alert_id: UUID) -> IncidentRecord:
    """Say that an alert has nothing to do with it. Does not belong to it: 404."""
    incident = await lock(tx, incident_id)
    values = {"incident_id": incident_id, "alert_id": alert_id}
    if await (await tx.execute(queries.detach, values)).fetchone() is None:
        raise ProblemError(Code.NOT_FOUND, "This alert does not belong to the incident.")
    await record_entry(tx, actor, "incidents.alert.detached", incident, {"alertIds": [str(alert_id)], "alerts": 1})
    return await incidents.incident(tx, incident_id)


async def run_rules(database: Database, _settings: Settings) -> None:
    """Take answers to pages, attach what belongs to open incidents, open new ones by rule; a turn of the worker."""
    async with database.transaction() as tx:
        if await (await tx.execute(queries.try_lock)).fetchone() != (True,):
            return
        await take_answers(tx)
        rows = await (await tx.execute(queries.joining)).fetchall()
        await _aside.each(tx, rows, lambda row: _join(tx, row[0], row[1]), key=lambda row: ("joins", row[0]))
        found = readable(await reads.rules(tx, after=None, limit=None))
        enabled = [rule for rule in found if rule.enabled]
        await _aside.each(tx, enabled, lambda rule: _apply(tx, rule), key=lambda rule: (rule.rule_id, rule.version))


async def _join(tx: Connection, incident_id: UUID, alert_ids: Sequence[UUID]) -> None:
    await _attach(tx, audit_trail.WORKER, await lock(tx, incident_id), [str(each) for each in alert_ids])


async def _apply(tx: Connection, rule: IncidentRule) -> None:
    now = await clock(tx)
    values = rule.model_dump() | {"now": now}
    statement = queries.lasting if rule.kind is RuleKind.LASTING else queries.burst
    for group, ids in await (await tx.execute(statement, values)).fetchall():
        await _open_by_rule(tx, rule, group, [str(each) for each in ids])


async def _open_by_rule(tx: Connection, rule: IncidentRule, group: str, alert_ids: list[str]) -> None:
    found = await (await tx.execute(queries.open_for_group, {"group": group})).fetchone()
    if found is not None:  # of an alert that was raised before that incident began, or detached from it
        return
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.first_alert, {"ids": alert_ids})
        worst = await cursor.fetchone()
    assert worst is not None  # noqa: S101 - they were found in this transaction
    draft = IncidentDraft(
        severity=rule.severity,
        title=(worst["title"] if len(alert_ids) == 1 else f"{worst['title']} and {len(alert_ids) - 1} more")[:200],
        description=f"Opened by the rule “{rule.title}”.\n{worst['guidance']}".strip()[:2000],
        services=rule.services,
        runbook_id=rule.runbook_id,
        runbook_link=rule.runbook_link or worst["runbook_url"] or None,
        started_at=await _first_raised(tx, alert_ids),
    )
    incident = await open_incident(
        tx, actor=audit_trail.WORKER, request=draft, origin=IncidentOrigin.RULE, groups=[group]
    )
    await _attach(tx, audit_trail.WORKER, incident, alert_ids)


async def _first_raised(tx: Connection, alert_ids: Sequence[str]) -> datetime:
    row = await (await tx.execute(queries.first_raised, {"ids": list(alert_ids)})).fetchone()
    assert row is not None  # noqa: S101 - an aggregate is one row
    at: datetime = row[0]
    return at


async def _attach(tx: Connection, actor: str, incident: IncidentRecord, alert_ids: Sequence[str]) -> int:
    """How many are new to it; told in one entry, however many they are."""
    values = {
        "incident_id": UUID(incident.incident_id),
        "alert_ids": list(alert_ids),
        "actor": actor,
        "closed": incident.status in CLOSED,
    }
    rows = await (await tx.execute(queries.attach, values)).fetchall()
    if rows:
        named = [row[0] for row in rows[:NAMED_MOST]]
        await record_entry(tx, actor, "incidents.alert.attached", incident, {"alertIds": named, "alerts": len(rows)})
    return len(rows)


async def _lock_alert(tx: Connection, alert_id: str) -> dict[str, Any]:
    wrong = invalid("/alertId", "there is no such alert")
    try:
        known = UUID(alert_id)
    except ValueError:
        raise wrong from None
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.alert, {"alert_id": known})
        row = await cursor.fetchone()
    if row is None:
        raise wrong
    return row


def _description(alert: dict[str, Any]) -> str:
    return f"{alert['title']}, since {alert['raised_at']:%Y-%m-%d %H:%M UTC}.\n{alert['guidance']}".strip()[:2000]


# --- rules


async def create_rule(tx: Connection, *, actor: str, request: IncidentRuleDraft) -> IncidentRule:
    """Store a new rule; the next turn of the worker looks by it."""
    row = await (await tx.execute(queries.insert_rule, _values(request) | {"actor": actor})).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    after = await reads.rule(tx, row[0])
    await _record_rule(tx, actor, "created", None, after)
    return after


async def change_rule(
    tx: Connection, *, actor: str, rule_id: UUID, version: int, request: IncidentRuleChange
) -> IncidentRule:
    """Put another rule in its place; incidents that it has opened stay as they are. Stale: 412."""
    await tx.execute(queries.lock_rule, {"rule_id": rule_id})
    before = await reads.rule(tx, rule_id)
    same_version(before.version, version)
    values = _values(request)
    if before.model_copy(update=values | {"services": request.services}) == before:
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.update_rule, values | {"rule_id": rule_id, "actor": actor})
    after = await reads.rule(tx, rule_id)
    await _record_rule(tx, actor, "changed", before, after)
    return after


def _values(request: IncidentRuleDraft) -> dict[str, Any]:
    return request.model_dump() | {
        "services": list(request.services),
        "runbook_link": request.runbook_link or "",
    }


async def _record_rule(tx: Connection, actor: str, verb: str, before: IncidentRule | None, after: IncidentRule) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"incidents.rule.{verb}",
        resource_type="incident_rule",
        resource_id=after.rule_id,
        label=after.title,
        version=after.version,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=after.model_dump(mode="json", by_alias=True),
    )
