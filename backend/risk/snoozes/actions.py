"""Everything that changes snoozes. Each change is audited in its transaction, without personal data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend import approvals
from backend.approvals import ApprovalKind
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError, invalid, same_version
from backend.risk.check.inputs import key_of
from backend.risk.lists.actions import APPROVAL_MINUTES, audit_snapshot, record, still_may, value_of
from backend.risk.mask import masked
from models.access import Approval
from models.core.permissions import Permission
from models.core.problems import Code
from models.core.wording import counted
from models.risk.suppression import Snooze, SnoozeDraft

queries = load_queries(__package__)

SNOOZE_MOST = timedelta(days=90)
SNOOZE_ALONE = timedelta(days=7)
"""So long within the most a rule is kept quiet for somebody by one person, or several in turn; more takes two."""


async def create_snooze(tx: Connection, *, actor: str, request: SnoozeDraft) -> Snooze:
    """Keep a rule quiet for somebody. The same snooze again changes nothing; another one for the same: 409."""
    value = value_of(request.subject, request.value or await _value_of_entry(tx, request))
    key = key_of(f"snooze/{request.rule_id}/{request.subject}", value)
    await tx.execute(queries.lock_subject, {"key": key})
    now = await clock(tx)
    if not now < request.until <= now + SNOOZE_MOST:
        raise invalid("/until", f"the end lies ahead, by at most {SNOOZE_MOST.days} days")
    row = await (await tx.execute(queries.rule_exists, {"rule_id": request.rule_id})).fetchone()
    if row != (True,):
        raise invalid("/ruleId", "the published rule set has no such rule")
    values = request.model_dump() | {"value": value, "actor": actor}
    async with tx.cursor(row_factory=class_row(Snooze)) as cursor:
        await cursor.execute(queries.lock_snooze, values | {"snooze_id": None})
        known = await cursor.fetchone()
        if known is not None and known.until > now:
            if (known.until, known.reason) == (request.until, request.reason):
                audit_trail.nothing_changed()
                return known
            raise ProblemError(
                Code.CONFLICT, f"This rule is quiet for them until {known.until.isoformat()} already; end that first."
            )
        if known is not None:
            await tx.execute(queries.end_snooze, {"snooze_id": known.snooze_id})
        await cursor.execute(queries.insert_snooze, values)
        made = await cursor.fetchone()
    assert made is not None  # noqa: S101 - an insert of one row returns one row
    await record(
        tx,
        "risk.snooze.created",
        "risk_snooze",
        made.snooze_id,
        actor,
        label=made.rule_id,
        version=made.version,
        after=audit_snapshot(made.subject, made),
        reason=made.reason,
    )
    return made


async def _value_of_entry(tx: Connection, request: SnoozeDraft) -> str:
    values = {"entry_id": request.entry_id, "subject": request.subject}
    row = await (await tx.execute(queries.value_of_entry, values)).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such entry in the queue.")
    if row[0] is None:
        raise invalid("/subject", "the entry's order came without it; choose something else that it has")
    return str(row[0])


async def end_snooze(tx: Connection, *, actor: str, snooze_id: UUID, version: int, reason: str) -> Snooze:
    """Let the rule speak again. One that has ended stays as it is. Stale: 412."""
    values = {"snooze_id": snooze_id, "rule_id": None, "subject": None, "value": None}
    async with tx.cursor(row_factory=class_row(Snooze)) as cursor:
        await cursor.execute(queries.lock_snooze, values)
        before = await cursor.fetchone()
    if before is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such snooze.")
    if before.ended_at is not None:
        audit_trail.nothing_changed()
        return before
    same_version(before.version, version)
    row = await (await tx.execute(queries.end_snooze, {"snooze_id": snooze_id})).fetchone()
    assert row is not None  # noqa: S101 - the row is locked
    after = before.model_copy(update={"ended_at": row[0], "version": row[1]})
    await record(
        tx,
        "risk.snooze.ended",
        "risk_snooze",
        after.snooze_id,
        actor,
        label=after.rule_id,
        version=after.version,
        before=audit_snapshot(before.subject, before),
        after=audit_snapshot(after.subject, after),
        reason=reason or None,
    )
    return after


SNOOZE = ApprovalKind("risk.snooze", _apply_snooze)


async def forget_requests(tx: Connection) -> None:
    """Forget whom snoozes were for that nobody agreed to."""
    await tx.execute(queries.forget_requests)
