"""Retention is switched on by somebody who has seen what it removes, and then carried out once a day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from backend.core import audit_trail
from backend.core.capability import Retention
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.problems import ProblemError, same_version
from backend.privacy.graph.steps import erasing
from backend.privacy.retention import queries, reads
from models.core.problems import Code
from models.privacy.retention import RetentionRequest, RetentionRule


async def change(
    tx: Connection, rules: Mapping[str, Retention], *, actor: str, name: str, version: int, request: RetentionRequest
) -> RetentionRule:
    """Switch a rule on or off. To switch it on one says how many rows one has seen it would remove: another: 409."""
    await tx.execute(queries.lock)
    before = await reads.rule(tx, rules, name)
    same_version(before.version, version)
    if before.enabled == request.enabled:
        audit_trail.nothing_changed()
        return before
    if request.enabled and before.would_remove != request.expected:
        raise ProblemError(
            Code.CONFLICT, f"It would remove {before.would_remove:,} rows now: look at that before you switch it on."
        )
    await tx.execute(queries.change, {"name": name, "enabled": request.enabled, "actor": actor})
    after = await reads.rule(tx, rules, name)
    verb = "enabled" if request.enabled else "disabled"
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"privacy.retention.{verb}",
        resource_type="retention",
        resource_id=name,
        label=after.title,
        version=after.version,
        before=_snapshot(before),
        after=_snapshot(after),
        reason=request.reason,
    )
    return after


def _snapshot(rule: RetentionRule) -> dict[str, Any]:
    return rule.model_dump(mode="json", by_alias=True)


async def forget_old(database: Database, rules: Mapping[str, Retention]) -> None:
    """Carry out what is switched on and was not carried out today. Killed on the way, the next day goes on."""
    while True:
        async with database.transaction() as tx:
            row = await (await tx.execute(queries.due, {"names": list(rules)})).fetchone()
        if row is None:
            return
        await _apply(database, rules[row[0]])


async def _apply(database: Database, rule: Retention) -> None:
    async with database.read() as connection:
        before = await clock(connection) - timedelta(days=rule.days)
    total = rows = 0
    while True:
        async with database.transaction() as tx:
            async with erasing(tx):
                rows = await rule.forget(tx, before)
            total += rows
            await tx.execute(queries.note_rows, {"name": rule.name, "rows": rows})
            if rows == 0:
                break
    if total:
        async with database.transaction() as tx:
            await audit_trail.record(
                tx,
                actor=audit_trail.WORKER,
                action="privacy.retention.applied",
                resource_type="retention",
                resource_id=rule.name,
                label=rule.title,
                after={"rows": total, "before": before.isoformat()},
            )
