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


async def create_snooze(tx: Connection, *, actor: str, request: SnoozeDraft) -> Snooze | Approval:
    """Keep a rule quiet for somebody; for long, with what it was quiet for them before, once somebody else agrees.

    The same snooze again changes nothing; another one for the same: 409.
    """
    value = value_of(request.subject, request.value or await _value_of_entry(tx, request))
    values = request.model_dump() | {"value": value, "actor": actor}
    now = await _lock_quiet(tx, values)
    if not now < request.until <= now + SNOOZE_MOST:
        raise invalid("/until", f"the end lies ahead, by at most {SNOOZE_MOST.days} days")
    if not await _rule_exists(tx, request.rule_id):
        raise invalid("/ruleId", "the published rule set has no such rule")
    if (known := await _known_snooze(tx, values, now)) is not None:
        return known
    row = await (await tx.execute(queries.quiet_before, values | {"within": SNOOZE_MOST})).fetchone()
    before: timedelta = row[0] if row else timedelta()
    if before + (request.until - now) > SNOOZE_ALONE:
        return await _ask_snooze(
            tx, actor=actor, values=values, days=math.ceil((request.until - now) / timedelta(days=1))
        )
    return await _write_snooze(tx, actor=actor, values=values)


async def _lock_quiet(tx: Connection, values: Mapping[str, Any]) -> datetime:
    """Nobody else decides meanwhile whether this rule is quiet for them; what time it is."""
    key = key_of(f"snooze/{values['rule_id']}/{values['subject']}", values["value"])
    await tx.execute(queries.lock_subject, {"key": key})
    return await clock(tx)


async def _rule_exists(tx: Connection, rule_id: str) -> bool:
    return await (await tx.execute(queries.rule_exists, {"rule_id": rule_id})).fetchone() == (True,)


async def _known_snooze(tx: Connection, values: Mapping[str, Any], now: datetime) -> Snooze | None:
    """The same snooze, if it is there; one whose time has passed makes room. Another one: 409."""
    async with tx.cursor(row_factory=class_row(Snooze)) as cursor:
        await cursor.execute(queries.lock_snooze, {**values, "snooze_id": None})
        known = await cursor.fetchone()
    if known is None:
        return None
    if known.until <= now:
        await tx.execute(queries.end_snooze, {"snooze_id": known.snooze_id})
        return None
    if (known.until, known.reason) == (values["until"], values["reason"]):
        audit_trail.nothing_changed()
        return known
    raise ProblemError(
        Code.CONFLICT, f"This rule is quiet for them until {known.until.isoformat()} already; end that first."
    )


async def _ask_snooze(tx: Connection, *, actor: str, values: Mapping[str, Any], days: int) -> Approval:
    row = await (await tx.execute(queries.ask_snooze, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    whom = masked(values["subject"], values["value"])
    return await approvals.ask(
        tx,
        actor=actor,
        kind=SNOOZE.name,
        title=f"Keep the rule {values['rule_id']} quiet for {whom} for {counted(days, 'day')}",
        subject_type="risk_snooze",
        subject_id=row[0],
        gainer=None,
        details={
            "ruleId": values["rule_id"],
            "subject": values["subject"],
            "value": whom,
            "until": values["until"].isoformat(),
        },
        reason=values["reason"],
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=APPROVAL_MINUTES,
    )


async def _apply_snooze(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    await still_may(tx, approval, Permission.APPROVE_ORDERS)
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.take_snooze_request, {"request_id": approval.subject_id})
        values = await cursor.fetchone()
    if values is None:
        raise ProblemError(Code.CONFLICT, "It was asked for differently meanwhile; deny this.")
    now = await _lock_quiet(tx, values)
    if values["until"] <= now or not await _rule_exists(tx, values["rule_id"]):
        raise ProblemError(Code.CONFLICT, "The snooze would have ended already, or its rule is gone; deny it.")
    asked_by = values.pop("asked_by")
    if (made := await _known_snooze(tx, values, now)) is None:
        made = await _write_snooze(tx, actor=asked_by, values={**values, "actor": asked_by})
    return audit_snapshot(made.subject, made).model_dump(mode="json", by_alias=True)


async def _write_snooze(tx: Connection, *, actor: str, values: Mapping[str, Any]) -> Snooze:
    async with tx.cursor(row_factory=class_row(Snooze)) as cursor:
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
