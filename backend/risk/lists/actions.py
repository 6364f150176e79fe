"""Everything that changes lists, snoozes, breakers and the policy. Each change is audited in its transaction.

The log holds no personal data: values of e-mail, IP and card are hidden in it as they are from most people.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend import approvals
from backend.alerts import acknowledge_alert, clear_condition
from backend.approvals import ApprovalKind
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError, invalid, same_version
from backend.risk.check.actions import BREAKER
from backend.risk.check.inputs import key_of
from backend.risk.lists.reads import find_list
from backend.risk.mask import masked
from models.access import Approval
from models.alerts import AlertState
from models.core.base import Record
from models.core.permissions import Permission
from models.core.problems import Code
from models.risk.metrics import METRICS, checked_normal
from models.risk.rules import ListEntry, ListEntryDraft, ListKind, RiskList, RiskListDraft, RiskPolicy, RiskPolicyChange
from models.risk.suppression import Breaker, Snooze, SnoozeDraft
from models.risk.wording import value_words

queries = load_queries(__package__)

SNOOZE_MOST = timedelta(days=90)
APPROVAL_MINUTES = 24 * 60
"""How long what needs another person waits for one."""


def value_of(metric: str, value: str) -> str:
    """A value as orders have it. Raises ProblemError 422 at ``/value`` when no order can have it."""
    try:
        found = checked_normal(metric, value)
    except ValueError as error:
        raise invalid("/value", str(error)) from None
    if not found:
        raise invalid("/value", "say which value")
    return found


# --- lists -------------------------------------------------------------------------------------------------------


async def create_list(tx: Connection, *, actor: str, request: RiskListDraft) -> RiskList:
    """A new, empty list. An id that is or was another list's: 409; decisions of the past still name it."""
    if await (await tx.execute(queries.insert_list, request.model_dump())).fetchone() is None:
        raise ProblemError(Code.CONFLICT, f"A list is or was called {request.list_id} already; choose another id.")
    made = await find_list(tx, request.list_id)
    await _record(tx, "risk.list.created", "risk_list", made.list_id, actor, label=made.title, version=1, after=made)
    return made


async def delete_list(tx: Connection, *, actor: str, list_id: str, version: int) -> None:
    """Delete a list. While a rule of the published set or of a draft asks it: 409, naming them. Stale: 412."""
    await _lock_list(tx, list_id)
    found = await find_list(tx, list_id)
    same_version(found.version, version)
    if found.rules:
        raise ProblemError(
            Code.CONFLICT, f"Rules ask this list: {', '.join(found.rules)}. Take it out of them first, drafts included."
        )
    await tx.execute(queries.delete_list, {"list_id": list_id})
    await _record(
        tx, "risk.list.deleted", "risk_list", list_id, actor, label=found.title, version=version + 1, before=found
    )


async def add_entry(tx: Connection, *, actor: str, list_id: str, request: ListEntryDraft) -> ListEntry | Approval:
    """Put a value on a list; on one that allows, somebody else has to agree first: rules ask its orders nothing more.

    The same entry again changes nothing; one that differs from what is there: 409.
    """
    metric, title, kind = await _lock_list(tx, list_id)
    request = request.model_copy(update={"value": value_of(metric, request.value)})
    if request.until is not None and request.until <= await clock(tx):
        raise invalid("/until", "the end lies ahead; leave it out for no end")
    if (known := await _known_entry(tx, list_id, request)) is not None:
        audit_trail.nothing_changed()
        return known
    if kind is ListKind.ALLOW:
        return await _ask_entry(tx, actor=actor, list_id=list_id, title=title, metric=metric, request=request)
    return await _write_entry(tx, actor=actor, list_id=list_id, title=title, metric=metric, request=request)


async def _known_entry(tx: Connection, list_id: str, request: ListEntryDraft) -> ListEntry | None:
    """The same entry, if it is there; one whose time has passed makes room. Another one: 409."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_entry, {"list_id": list_id, "value": request.value, "entry_id": None})
        known = await cursor.fetchone()
    if known is None:
        return None
    if known["over"]:
        await tx.execute(queries.remove_entry, {"entry_id": known["entry_id"], "actor": audit_trail.WORKER})
        return None
    if (known["reason"], known["until"]) == (request.reason, request.until):
        return ListEntry.model_validate(known)
    raise ProblemError(Code.CONFLICT, "This value is on the list already; remove that entry first.")


async def _write_entry(
    tx: Connection, *, actor: str, list_id: str, title: str, metric: str, request: ListEntryDraft
) -> ListEntry:
    values = request.model_dump() | {"list_id": list_id, "actor": actor}
    async with tx.cursor(row_factory=class_row(ListEntry)) as rows:
        await rows.execute(queries.insert_entry, values)
        entry = await rows.fetchone()
    assert entry is not None  # noqa: S101 - an insert of one row returns one row
    await _record(
        tx,
        "risk.list_entry.added",
        "risk_list_entry",
        entry.entry_id,
        actor,
        label=title,
        after=_audit_snapshot(metric, entry),
        reason=request.reason,
    )
    return entry


async def _ask_entry(
    tx: Connection, *, actor: str, list_id: str, title: str, metric: str, request: ListEntryDraft
) -> Approval:
    values = request.model_dump() | {"list_id": list_id, "actor": actor}
    row = await (await tx.execute(queries.ask_entry, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    until = None if request.until is None else request.until.isoformat()
    return await approvals.ask(
        tx,
        actor=actor,
        kind=ALLOW.name,
        title=f"Put {masked(metric, request.value)} on the list {title}, whose orders no rule stops",
        subject_type="risk_list_entry",
        subject_id=row[0],
        gainer=None,
        details={"listId": list_id, "value": masked(metric, request.value), "until": until},
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=APPROVAL_MINUTES,
    )


async def _apply_entry(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    await _still_manages(tx, approval)
    row = await (await tx.execute(queries.take_request, {"request_id": approval.subject_id})).fetchone()
    if row is None:
        raise ProblemError(Code.CONFLICT, "It was asked for differently meanwhile; deny this.")
    list_id, value, reason, until, asked_by = row
    metric, title, _ = await _lock_list(tx, list_id)
    if until is not None and until <= await clock(tx):
        raise ProblemError(Code.CONFLICT, "The entry would have ended already; deny it and ask again.")
    request = ListEntryDraft(value=value, reason=reason, until=until)
    if (known := await _known_entry(tx, list_id, request)) is None:
        known = await _write_entry(tx, actor=asked_by, list_id=list_id, title=title, metric=metric, request=request)
    return _audit_snapshot(metric, known).model_dump(mode="json", by_alias=True)


async def _still_manages(tx: Connection, approval: Approval) -> None:
    values = {"user_id": approval.requested_by, "permission": Permission.MANAGE_RISK_RULES}
    if await (await tx.execute(queries.may, values)).fetchone() != (True,):
        raise ProblemError(
            Code.CONFLICT, f"{approval.requested_by_name}, who asked for it, may not do so any more; deny it."
        )


async def forget_requests(tx: Connection) -> None:
    """Forget values whose approval nobody gave."""
    await tx.execute(queries.forget_requests)


async def remove_entry(tx: Connection, *, actor: str, list_id: str, entry_id: UUID) -> None:
    """Take a value off a list. Raises ProblemError 404 when it is not on it."""
    metric, title, _ = await _lock_list(tx, list_id)
    async with tx.cursor(row_factory=class_row(ListEntry)) as cursor:
        await cursor.execute(queries.lock_entry, {"list_id": list_id, "value": None, "entry_id": entry_id})
        entry = await cursor.fetchone()
    if entry is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such entry on this list.")
    await tx.execute(queries.remove_entry, {"entry_id": entry_id, "actor": actor})
    await _record(
        tx,
        "risk.list_entry.removed",
        "risk_list_entry",
        entry.entry_id,
        actor,
        label=title,
        before=_audit_snapshot(metric, entry),
    )


async def _lock_list(tx: Connection, list_id: str) -> tuple[str, str, ListKind]:
    """Metric, title and kind of a list nobody else changes meanwhile."""
    row = await (await tx.execute(queries.lock_list, {"list_id": list_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such list.")
    return row[0], row[1], ListKind(row[2])


# --- snoozes -----------------------------------------------------------------------------------------------------


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
    await _record(
        tx,
        "risk.snooze.created",
        "risk_snooze",
        made.snooze_id,
        actor,
        label=made.rule_id,
        version=made.version,
        after=_audit_snapshot(made.subject, made),
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
    await _record(
        tx,
        "risk.snooze.ended",
        "risk_snooze",
        after.snooze_id,
        actor,
        label=after.rule_id,
        version=after.version,
        before=_audit_snapshot(before.subject, before),
        after=_audit_snapshot(after.subject, after),
        reason=reason or None,
    )
    return after


# --- breakers and policy -----------------------------------------------------------------------------------------


async def reset_breaker(tx: Connection, *, actor: str, rule_id: str, version: int, reason: str) -> Breaker:
    """Let a rule act again; counting begins anew, and its alert clears. Not open: 404. Stale: 412."""
    # As the check does: first the rule, then its rows and its alert.
    await tx.execute(queries.lock_subject, {"key": key_of("rule", rule_id)})
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_breaker, {"rule_id": rule_id})
        found = await cursor.fetchone()
        if found is None:
            raise ProblemError(Code.NOT_FOUND, "The breaker of this rule is not open.")
        same_version(found["version"], version)
        await cursor.execute(queries.reset_breaker, {"id": found["id"], "actor": actor})
        after = Breaker.model_validate(await cursor.fetchone())
    alert = await clear_condition(tx, source=BREAKER, key=rule_id, actor=actor)
    if alert is not None and alert.state is AlertState.ACTIVE:
        # Whoever resets a breaker knows of it.
        await acknowledge_alert(
            tx, actor=actor, alert_id=UUID(alert.id), version=alert.version, comment=f"Breaker reset: {reason}"[:2000]
        )
    await _record(
        tx,
        "risk.breaker.reset",
        "risk_breaker",
        found["id"],
        actor,
        label=rule_id,
        version=after.version,
        before=Breaker.model_validate(found),
        after=after,
        reason=reason,
    )
    return after


async def change_policy(
    tx: Connection, *, actor: str, version: int, request: RiskPolicyChange, currency: str
) -> RiskPolicy | Approval:
    """Change what is named. Entries that are in the queue keep their time. Null: 422. Stale: 412.

    From which amount on two people decide is not changed by one: somebody else has to agree to it.
    """
    changes = request.model_dump(exclude_unset=True, exclude={"reason"})
    for name, value in changes.items():
        if value is None:
            raise invalid(f"/{RiskPolicyChange.model_fields[name].alias}", "leave the field out to keep its value")
    async with tx.cursor(row_factory=class_row(RiskPolicy)) as cursor:
        await cursor.execute(queries.lock_policy)
        before = await cursor.fetchone()
        assert before is not None  # noqa: S101 - the row is there from the first migration on
        same_version(before.version, version)
        wanted = before.model_copy(update=changes)
        if wanted == before:
            audit_trail.nothing_changed()
            return before
    if wanted.two_person_minor == before.two_person_minor:
        return await _write_policy(tx, actor=actor, before=before, wanted=wanted, reason=request.reason)
    if not request.reason.strip():
        raise invalid("/reason", "a change of the amount needs a reason: those who approve read it")
    value = METRICS["order_value"]
    new, old = (value_words(value, each.two_person_minor, currency) for each in (wanted, before))
    return await approvals.ask(
        tx,
        actor=actor,
        kind=POLICY.name,
        title=f"Let two people decide about orders from {new} on instead of {old}",
        subject_type="risk_policy",
        subject_id="policy",
        gainer=None,
        details={"version": before.version, "change": changes, "before": before.two_person_minor},
        reason=request.reason,
        permission=Permission.APPROVE_ROLES,
        needs=1,
        minutes=APPROVAL_MINUTES,
    )


async def _apply_policy(tx: Connection, approval: Approval) -> Mapping[str, Any]:
    await _still_manages(tx, approval)
    async with tx.cursor(row_factory=class_row(RiskPolicy)) as cursor:
        await cursor.execute(queries.lock_policy)
        before = await cursor.fetchone()
    assert before is not None  # noqa: S101 - the row is there from the first migration on
    if before.version != approval.details["version"]:
        raise ProblemError(Code.CONFLICT, "The policy was changed meanwhile; deny this and ask again.")
    wanted = before.model_copy(update=approval.details["change"])
    after = await _write_policy(tx, actor=approval.requested_by, before=before, wanted=wanted, reason=approval.reason)
    return after.model_dump(mode="json", by_alias=True)


async def _write_policy(
    tx: Connection, *, actor: str, before: RiskPolicy, wanted: RiskPolicy, reason: str
) -> RiskPolicy:
    async with tx.cursor(row_factory=class_row(RiskPolicy)) as cursor:
        await cursor.execute(queries.change_policy, wanted.model_dump())
        after = await cursor.fetchone()
    assert after is not None  # noqa: S101 - the row is locked
    await _record(
        tx,
        "risk.policy.changed",
        "risk_policy",
        "policy",
        actor,
        version=after.version,
        before=before,
        after=after,
        reason=reason or None,
    )
    return after


ALLOW = ApprovalKind("risk.allow", _apply_entry)
POLICY = ApprovalKind("risk.policy", _apply_policy)


def _audit_snapshot(metric: str, record: ListEntry | Snooze) -> Record:
    """As the log may hold it."""
    return record.model_copy(update={"value": masked(metric, record.value)})


async def _record(
    tx: Connection,
    action: str,
    resource_type: str,
    resource_id: str,
    actor: str,
    *,
    before: Record | None = None,
    after: Record | None = None,
    **more: Any,
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=None if after is None else after.model_dump(mode="json", by_alias=True),
        **more,
    )
