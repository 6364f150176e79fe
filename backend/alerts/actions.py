"""Everything that changes alerts and their rules. Each change is audited in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from backend.alerts.decide import AlertEvent, Condition, Transition, acknowledge, hold, pass_by, shelve, unshelve
from backend.alerts.notices import notify_change
from backend.alerts.reads import find_rule
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError, invalid, same_version
from models.alerts import Alert, AlertRule, AlertRuleChange, AlertRuleDraft, AlertState, Severity
from models.core.base import Record
from models.core.problems import Code

queries = load_queries(__package__)

SHELF_MOST = timedelta(days=7)
NULLABLE = frozenset({"no_data_seconds"})


async def apply(tx: Connection, transitions: Sequence[Transition], *, actor: str, at: datetime) -> None:
    """Write transitions in order: measurements in place, every event as a new version with its audit row."""
    measured = [step.after.model_dump() for step in transitions if step.event is None]
    if measured:
        async with tx.cursor() as cursor:
            await cursor.executemany(queries.measure, measured)
    for step in transitions:
        if step.event is not None:
            await _write(tx, step.event, step.before, step.after, actor=actor, at=at)


async def _write(
    tx: Connection, event: AlertEvent, before: Alert | None, after: Alert, *, actor: str, at: datetime
) -> None:
    if before is not None:
        await tx.execute(queries.end_version, {"id": before.id, "version": before.version, "at": at})
    await tx.execute(queries.insert_version, after.model_dump() | {"at": at})
    reasons = {AlertEvent.ACKNOWLEDGED: after.comment, AlertEvent.SHELVED: after.shelve_reason}
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"alerts.alert.{event}",
        resource_type="alert",
        resource_id=after.id,
        label=after.title,
        version=after.version,
        before=None if before is None else _audit_snapshot(before),
        after=_audit_snapshot(after),
        reason=reasons.get(event),
    )
    await notify_change(tx, event, after, actor=actor)


async def acknowledge_alert(tx: Connection, *, actor: str, alert_id: UUID, version: int, comment: str) -> Alert:
    """Acknowledge. The same acknowledgement again changes nothing; another one is a conflict (409). Stale: 412."""
    alert = await _lock(tx, alert_id)
    if alert.state is not AlertState.ACTIVE:
        if (alert.acknowledged_by, alert.comment) == (actor, comment):
            audit_trail.nothing_changed()
            return alert
        row = await (await tx.execute(queries.name, {"person": alert.acknowledged_by})).fetchone()
        raise ProblemError(Code.CONFLICT, f"{row[0] if row else 'Somebody'} has acknowledged this alert already.")
    same_version(alert.version, version)
    now = await clock(tx)
    steps = acknowledge(alert, actor=actor, comment=comment, now=now)
    await apply(tx, steps, actor=actor, at=now)
    return steps[-1].after


async def find_open(tx: Connection, alert_id: UUID) -> Alert | None:
    """An alert as it is now, locked; ``None`` when there is no such alert or it has cleared."""
    async with tx.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(queries.lock_alert, {"alert_id": alert_id})
        alert = await cursor.fetchone()
    return None if alert is None or alert.state is AlertState.CLEARED else alert


async def shelve_alert(
    tx: Connection, *, actor: str, alert_id: UUID, version: int, until: datetime, reason: str
) -> Alert:
    """Put an open alert aside until an instant, at most 7 days ahead (422), with a reason. Cleared: 409. Stale: 412."""
    alert = await _lock(tx, alert_id)
    now = await clock(tx)
    if not now < until <= now + SHELF_MOST:
        raise invalid("/until", "the end of a shelf lies ahead, by at most 7 days")
    if alert.state is AlertState.CLEARED:
        raise ProblemError(Code.CONFLICT, "This alert has cleared already.")
    same_version(alert.version, version)
    step = shelve(alert, actor=actor, until=until, reason=reason)
    await apply(tx, (step,), actor=actor, at=now)
    return step.after


async def unshelve_alert(tx: Connection, *, actor: str, alert_id: UUID, version: int) -> Alert:
    """Take an alert off the shelf; one that is on none stays as it is. Stale: 412."""
    alert = await _lock(tx, alert_id)
    if alert.shelved_until is None:
        audit_trail.nothing_changed()
        return alert
    same_version(alert.version, version)
    step = unshelve(alert)
    await apply(tx, (step,), actor=actor, at=await clock(tx))
    return step.after


async def raise_alert(
    tx: Connection,
    *,
    source: str,
    key: str,
    title: str,
    severity: Severity,
    guidance: str = "",
    runbook_url: str = "",
    actor: str = audit_trail.WORKER,
) -> Alert:
    """Say that something holds which no figure shows, such as a failed backup; returns its alert.

    At most one alert of a source and key is open: saying it again keeps that one, with the new words. It is latched as
    all are; a higher severity than before makes an acknowledged or shelved alert active again. See ``clear_condition``.

    Args:
        tx: The transaction of whoever found it.
        source: The part of the system that says so, such as ``backup``.
        key: What of it, such as ``daily``.
        title: What the alert is called.
        severity: As ``Severity`` describes them.
        guidance: What to do, one step a line.
        runbook_url: Where to read on; empty or http(s).
        actor: Who found it.
    """
    found = await _lock_condition(tx, source, key)
    now = await clock(tx)
    cursor = await tx.execute(queries.new_ids, {"count": 1})
    ids = [row[0] for row in await cursor.fetchall()]
    condition = Condition(source, key, title, severity, guidance, runbook_url)
    step = hold(condition, found, now, ids.pop)
    await apply(tx, (step,), actor=actor, at=now)
    return step.after


async def clear_condition(tx: Connection, *, source: str, key: str, actor: str = audit_trail.WORKER) -> Alert | None:
    """Say that it has passed; returns the alert, ``None`` when none is open.

    An acknowledged alert clears. One that nobody has acknowledged stays until somebody does, and clears then.
    """
    found = await _lock_condition(tx, source, key)
    if found is None:
        return None
    now = await clock(tx)
    step = pass_by(found, now)
    await apply(tx, (step,), actor=actor, at=now)
    return step.after


async def _lock_condition(tx: Connection, source: str, key: str) -> Alert | None:
    which = {"source": source, "key": key}
    await tx.execute(queries.lock_source, which)
    async with tx.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(queries.lock_condition, which)
        return await cursor.fetchone()


async def create_rule(
    tx: Connection, *, actor: str, request: AlertRuleDraft, since: datetime | None = None
) -> AlertRule:
    """Store a new rule, in force ``since`` then or from now on; the next evaluation looks at it."""
    cursor = await tx.execute(queries.insert_rule, request.model_dump() | {"actor": actor, "at": since})
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    rule = await find_rule(tx, UUID(row[0]))
    await audit_trail.record(
        tx,
        actor=actor,
        action="alerts.rule.created",
        resource_type="alert_rule",
        resource_id=rule.id,
        label=rule.title,
        version=rule.version,
        after=_audit_snapshot(rule),
    )
    return rule


async def change_rule(
    tx: Connection, *, actor: str, rule_id: UUID, version: int, request: AlertRuleChange
) -> AlertRule:
    """Change the named fields of a rule; its open alerts follow at the next evaluation. Stale: 412."""
    changes = request.model_dump(exclude_unset=True)
    empty = [name for name, value in changes.items() if value is None and name not in NULLABLE]
    if empty:
        field = AlertRuleChange.model_fields[empty[0]].alias
        raise invalid(f"/{field}", "leave the field out to keep its value")
    await tx.execute(queries.lock_rule, {"rule_id": rule_id})
    before = await find_rule(tx, rule_id)
    same_version(before.version, version)
    wanted = before.model_copy(update=changes)
    if wanted == before:
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.update_rule, wanted.model_dump() | {"actor": actor})
    after = await find_rule(tx, rule_id)
    await audit_trail.record(
        tx,
        actor=actor,
        action="alerts.rule.changed",
        resource_type="alert_rule",
        resource_id=after.id,
        label=after.title,
        version=after.version,
        before=_audit_snapshot(before),
        after=_audit_snapshot(after),
    )
    return after


async def _lock(tx: Connection, alert_id: UUID) -> Alert:
    async with tx.cursor(row_factory=class_row(Alert)) as cursor:
        await cursor.execute(queries.lock_alert, {"alert_id": alert_id})
        alert = await cursor.fetchone()
    if alert is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such alert.")
    return alert


def _audit_snapshot(record: Record) -> dict[str, Any]:
    # People are kept by their ids: how they are called is of the moment of reading.
    return record.model_dump(mode="json", by_alias=True, exclude={"acknowledged_by_name", "shelved_by_name"})
