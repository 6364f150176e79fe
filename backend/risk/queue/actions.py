"""Everything that changes entries of the risk queue. Each change is audited in the transaction that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from prometheus_client import Counter
from psycopg.rows import class_row, kwargs_row

from backend import deliveries
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.metrics import REGISTRY
from backend.core.problems import ProblemError, invalid
from backend.core.settings import Settings
from backend.risk.queue import decide as pure
from backend.risk.queue import queries, reads
from backend.risk.queue.decide import QueueEntry, Refusal, Step
from models.alerts import Severity
from models.core.formatting import money_words
from models.core.permissions import Permission
from models.core.problems import Code
from models.deliveries.routing import Team
from models.risk.queue import (
    BulkAnswer,
    BulkDecision,
    BulkOutcome,
    BulkResult,
    DecideEntry,
    EntryStatus,
    EntryVerdict,
    EscalateTo,
    RiskQueueEntry,
)
from models.risk.rules import Action

COMMAND_ENDED = "risk.command_ended"
"""The job that hears what became of a command."""

UNDO_SECONDS = 10.0
"""How long after a verdict the shop is asked: as long as the console offers to undo it, and a little more."""
WAKE_MOST = 500

DECISIONS = Counter(
    "opsconsole_risk_decisions_total", "Decisions on entries", ["outcome", "verdict"], registry=REGISTRY
)

_TAKE_NEXT: Final[LiteralString] = (  # noqa: S608 - parts of the program
    "with page as (update risk_entry set assigned_to = %(actor)s, assigned_at = clock_timestamp(), "
    "version = version + 1 where id = (select id from risk_entry where status = 'open' and assigned_to is null "
    "and snoozed_until is null and proposed_by is distinct from %(actor)s and id <> all (%(besides)s::uuid[]) "
    "order by (-score), id limit 1 for update skip locked) returning *)"
) + reads.SHOWN


def examples() -> tuple[LiteralString, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (_TAKE_NEXT,)


# --- one at a time -------------------------------------------------------------------------------------------------


async def take_next(tx: Connection, *, actor: str, besides: Sequence[UUID] = ()) -> RiskQueueEntry | None:
    """Give somebody the open entry of the highest score that nobody holds; ``None`` when there is none.

    None of those ``besides``: about them the same person's decision is on its way.

    Entries that others are being given at this moment are passed over, so two people never get the same one.
    """
    async with tx.cursor(row_factory=class_row(RiskQueueEntry)) as cursor:
        await cursor.execute(_TAKE_NEXT, {"actor": actor, "besides": list(besides)}, prepare=True)
        claimed = await cursor.fetchone()
    if claimed is None:
        audit_trail.nothing_changed()
        return None
    await audit_trail.record(
        tx,
        actor=actor,
        action="risk.entry.claimed",
        resource_type="risk_entry",
        resource_id=claimed.entry_id,
        label=claimed.order_id,
        version=claimed.version,
        before={"orderId": claimed.order_id, "assignedTo": None},
        after={"orderId": claimed.order_id, "assignedTo": actor},
    )
    return claimed


async def claim(tx: Connection, *, actor: str, entry_id: UUID, version: int) -> RiskQueueEntry:
    """Take an entry. One's own stays as it is. Somebody else's or decided: 409. Stale: 412."""
    entry = await _lock(tx, entry_id)
    if entry.assigned_to == actor and entry.status is not EntryStatus.REVIEWED:
        return await _answer_unchanged(tx, entry)
    await _admit(tx, entry, pure.work_refusal(entry, actor) or pure.stale(entry, version))
    now = await clock(tx)
    return await _write(
        tx, entry, replace(entry, assigned_to=actor, assigned_at=now), actor=actor, event="risk.entry.claimed"
    )


async def release(tx: Connection, *, actor: str, entry_id: UUID, version: int) -> RiskQueueEntry:
    """Give an entry back. One that nobody holds stays as it is. Somebody else's or decided: 409. Stale: 412."""
    entry = await _lock(tx, entry_id)
    if entry.assigned_to is None and entry.status is not EntryStatus.REVIEWED:
        return await _answer_unchanged(tx, entry)
    await _admit(tx, entry, pure.work_refusal(entry, actor) or pure.stale(entry, version))
    after = replace(entry, assigned_to=None, assigned_at=None)
    return await _write(tx, entry, after, actor=actor, event="risk.entry.released")


async def reassign(tx: Connection, *, actor: str, entry_id: UUID, version: int, user_id: str | None) -> RiskQueueEntry:
    """Give an entry to somebody who may decide it (else 422), whoever holds it. Decided: 409. Stale: 412."""
    entry = await _lock(tx, entry_id)
    if entry.status is EntryStatus.REVIEWED:
        await _admit(tx, entry, pure.work_refusal(entry, actor))
    if entry.assigned_to == user_id:
        return await _answer_unchanged(tx, entry)
    await _admit(tx, entry, pure.stale(entry, version))
    if user_id is not None:
        values = {"user_id": user_id, "permission": Permission.APPROVE_ORDERS}
        if await (await tx.execute(queries.can_decide, values)).fetchone() != (True,):
            raise invalid(
                "/userId", f"the roles of {user_id} do not let them decide orders; choose somebody whose roles do"
            )
    now = await clock(tx)
    after = replace(entry, assigned_to=user_id, assigned_at=None if user_id is None else now)
    return await _write(tx, entry, after, actor=actor, event="risk.entry.reassigned")


async def snooze(
    tx: Connection, *, actor: str, entry_id: UUID, version: int, until: datetime, notes: str
) -> RiskQueueEntry:
    """Put an entry aside until an instant, at most 30 days ahead (422). Somebody else's or decided: 409. Stale: 412."""
    entry = await _lock(tx, entry_id)
    now = await clock(tx)
    if not now < until <= now + pure.SNOOZE_MOST:
        raise invalid("/until", "the end lies ahead, by at most 30 days")
    if entry.snoozed_until == until and pure.work_refusal(entry, actor) is None:
        return await _answer_unchanged(tx, entry)
    await _admit(tx, entry, pure.work_refusal(entry, actor) or pure.stale(entry, version))
    await _note(tx, entry, actor=actor, text=notes)
    after = replace(entry, snoozed_until=until)
    return await _write(tx, entry, after, actor=actor, event="risk.entry.snoozed", reason=notes)


async def add_note(tx: Connection, *, actor: str, entry_id: UUID, text: str) -> RiskQueueEntry:
    """Write a note. It conflicts with nothing, so the version stays; the log says that there is one, not its words."""
    entry = await _lock(tx, entry_id)
    note_id = await _note(tx, entry, actor=actor, text=text)
    await audit_trail.record(
        tx,
        actor=actor,
        action="risk.entry.noted",
        resource_type="risk_entry",
        resource_id=entry.entry_id,
        label=entry.order_id,
        version=entry.version,
        after={"noteId": note_id},
    )
    return await reads.entry(tx, entry_id)


# --- decisions -----------------------------------------------------------------------------------------------------


async def decide(tx: Connection, *, actor: str, entry_id: UUID, version: int, request: DecideEntry) -> RiskQueueEntry:
    """Decide or escalate an entry; see ``backend.risk.queue.decide``. What the shop is to do follows as a job.

    The same again by the same person: the same answer. Decided or held by somebody else, or the second verdict of one
    person: 409. Stale: 412. Both carry the entry as it is now.
    """
    entry = await _lock(tx, entry_id)
    step = await _step(tx, entry, request, actor=actor, version=version)
    if isinstance(step, Refusal):
        raise await _problem(tx, entry, step)
    await _carry_out(tx, entry, step, request, actor=actor)
    return await reads.entry(tx, entry_id)


async def decide_many(tx: Connection, *, actor: str, request: BulkDecision, preview: bool = False) -> BulkAnswer:
    """Decide each entry on its own, as ``decide`` does; with ``preview`` only say what would happen to each."""
    ids = {each.entry_id: _id_or_none(each.entry_id) for each in request.entries}
    entries = await _entries(tx, [key for key in ids.values() if key is not None], lock=not preview)
    results = []
    for each in request.entries:
        key = ids[each.entry_id]
        # Taken out: an id that is written in two ways is found once.
        entry = None if key is None else entries.pop(key, None)
        if entry is None:
            results.append(
                BulkResult(entry_id=each.entry_id, outcome=BulkOutcome.REFUSED, words="There is no such entry.")
            )
            continue
        step = await _step(tx, entry, request.decision, actor=actor, version=each.version)
        if isinstance(step, Step) and not preview:
            await _carry_out(tx, entry, step, request.decision, actor=actor)
        results.append(await _result(tx, entry, step))
    audit_trail.nothing_changed()  # where every one of them was refused; entries count all the same
    return BulkAnswer(results=tuple(results), as_of=await clock(tx))


async def reopen(tx: Connection, *, actor: str, entry_id: UUID, version: int) -> RiskQueueEntry:
    """Undo one's own verdict, escalation or proposal within ten minutes. Too late, or the shop was asked: 409.

    Somebody else's: 409. Stale: 412.
    """
    entry = await _lock(tx, entry_id)
    step = pure.reopen(entry, actor=actor, version=version, now=await clock(tx))
    if isinstance(step, Refusal):
        raise await _problem(tx, entry, step)
    if entry.status is EntryStatus.REVIEWED:
        await _withdraw_fulfilment(tx, entry)
    return await _write(tx, entry, step.after, actor=actor, event=step.event)


async def _withdraw_fulfilment(tx: Connection, entry: QueueEntry) -> None:
    row = await (await tx.execute(queries.fulfilment_of, {"entry_id": entry.entry_id})).fetchone()
    if row is not None and not await deliveries.withdraw(tx, row[0]):
        words = "The shop has been asked to carry this verdict out: it cannot be undone here any more."
        raise await _problem(tx, entry, Refusal("conflict", words))


async def _step(tx: Connection, entry: QueueEntry, request: DecideEntry, *, actor: str, version: int) -> Step | Refusal:
    policy = await (await tx.execute(queries.policy)).fetchone()
    settled = await (await tx.execute(queries.settled, {"ids": [entry.order_id]})).fetchone()
    assert policy is not None  # noqa: S101 - the migration puts the row there
    return pure.decide(
        entry,
        request,
        actor=actor,
        version=version,
        two_people=entry.needs_two(policy[0]),
        settled=settled is not None,
        now=await clock(tx),
    )


async def _carry_out(tx: Connection, entry: QueueEntry, step: Step, request: DecideEntry, *, actor: str) -> None:
    if step.outcome is BulkOutcome.UNCHANGED:
        audit_trail.nothing_changed()
        return
    await _note(tx, entry, actor=actor, text=request.notes)
    after = await _change(tx, entry, step.after, actor=actor, event=step.event, reason=request.notes)
    if step.fulfilment is not None:
        data = {"orderId": after.order_id, "amount": after.minor, "currency": after.currency}
        intent_id = await deliveries.ask_shop(
            tx,
            name=f"order.{step.fulfilment}",
            about=after.order_id,
            data=data,
            reply_task=COMMAND_ENDED,
            seconds=UNDO_SECONDS,
        )
        await tx.execute(queries.insert_fulfilment, {**asdict(after), "kind": step.fulfilment, "intent_id": intent_id})
    if step.outcome is BulkOutcome.ESCALATED and after.escalated_to is not None:
        await _notify_escalation(tx, after, after.escalated_to, actor=actor, notes=request.notes)
    DECISIONS.labels(str(step.outcome), str(request.verdict or request.escalate_to)).inc()


async def _notify_escalation(tx: Connection, entry: QueueEntry, to: EscalateTo, *, actor: str, notes: str) -> None:
    row = await (await tx.execute(queries.triggered, {"entry_id": entry.entry_id})).fetchone()
    assert row is not None  # noqa: S101 - the entry is locked
    values = {
        "team": to.value,
        "order": entry.order_id,
        "amount": money_words(entry.minor, entry.currency),
        "score": str(entry.score),
        "rules": ", ".join(row[0]),
        "actor": await audit_trail.person_name(tx, actor),
        "notes": notes,
    }
    audience = deliveries.NoticeAudience(Team(to.value), Severity.P3)
    thread = f"risk:{entry.entry_id}"
    if await deliveries.notify(tx, audience, "risk.escalated", values, thread=thread, actor=actor) is None:
        await audit_trail.record(
            tx,
            actor=audit_trail.WORKER,
            action="risk.escalation.untold",
            resource_type="risk_entry",
            resource_id=entry.entry_id,
            label=entry.order_id,
            version=entry.version,
            after={"escalatedTo": to},
            reason=f"nothing is routed to {to}: see who hears of what in Connections",
        )


async def _result(tx: Connection, entry: QueueEntry, step: Step | Refusal) -> BulkResult:
    if isinstance(step, Refusal):
        outcome, words, fulfilment, version = BulkOutcome.REFUSED, await _explain(tx, step), None, entry.version
    else:
        changed = step.outcome is not BulkOutcome.UNCHANGED
        outcome, words, fulfilment, version = step.outcome, "", step.fulfilment, entry.version + changed
    return BulkResult(
        entry_id=entry.entry_id,
        order_id=entry.order_id,
        outcome=outcome,
        words=words,
        intent=fulfilment,
        reporting_minor=entry.reporting_minor,
        version=version,
    )


_aside = SetAside("ends of snoozes in the risk queue")


async def wake(database: Database, _settings: Settings) -> None:
    """Bring back entries whose time aside is over; a turn of the worker."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.wake, {"limit": WAKE_MOST})).fetchall()
        await _aside.each(tx, rows, lambda row: _wake(tx, UUID(row[0])), key=lambda row: row[0])


async def _wake(tx: Connection, entry_id: UUID) -> None:
    for entry in (await _entries(tx, [entry_id], lock=True)).values():
        await _change(tx, entry, replace(entry, snoozed_until=None), actor=audit_trail.WORKER, event="risk.entry.woken")


# --- what they share -----------------------------------------------------------------------------------------------


async def _entries(tx: Connection, ids: Sequence[UUID], *, lock: bool) -> dict[UUID, QueueEntry]:
    async with tx.cursor(row_factory=kwargs_row(_entry)) as cursor:
        await cursor.execute(queries.lock if lock else queries.peek, {"ids": list(ids)})
        return {UUID(entry.entry_id): entry for entry in await cursor.fetchall()}


def _entry(**columns: Any) -> QueueEntry:
    """A row, with its words as what they stand for."""
    kinds: dict[str, Any] = {
        "action": Action,
        "status": EntryStatus,
        "verdict": EntryVerdict,
        "proposed": EntryVerdict,
        "escalated_to": EscalateTo,
    }
    return QueueEntry(**{k: kinds[k](v) if k in kinds and v is not None else v for k, v in columns.items()})


async def _lock(tx: Connection, entry_id: UUID) -> QueueEntry:
    found = await _entries(tx, [entry_id], lock=True)
    if not found:
        raise ProblemError(Code.NOT_FOUND, "There is no such entry in the queue.")
    return found[entry_id]


async def _answer_unchanged(tx: Connection, entry: QueueEntry) -> RiskQueueEntry:
    audit_trail.nothing_changed()
    return await reads.entry(tx, entry.entry_id)


async def _write(
    tx: Connection, before: QueueEntry, after: QueueEntry, *, actor: str, event: str, reason: str | None = None
) -> RiskQueueEntry:
    await _change(tx, before, after, actor=actor, event=event, reason=reason)
    return await reads.entry(tx, before.entry_id)


async def _change(
    tx: Connection, before: QueueEntry, after: QueueEntry, *, actor: str, event: str, reason: str | None = None
) -> QueueEntry:
    after = replace(after, version=before.version + 1)
    await tx.execute(queries.change, asdict(after))
    await audit_trail.record(
        tx,
        actor=actor,
        action=event,
        resource_type="risk_entry",
        resource_id=after.entry_id,
        label=after.order_id,
        version=after.version,
        before=before.audit_snapshot(),
        after=after.audit_snapshot(),
        reason=reason or None,
    )
    return after


async def _note(tx: Connection, entry: QueueEntry, *, actor: str, text: str) -> str | None:
    if not text.strip():
        return None
    values = {"entry_id": entry.entry_id, "actor": actor, "text": text}
    row = await (await tx.execute(queries.insert_note, values)).fetchone()
    return None if row is None else str(row[0])


async def _admit(tx: Connection, entry: QueueEntry, refusal: Refusal | None) -> None:
    if refusal is not None:
        raise await _problem(tx, entry, refusal)


async def _explain(tx: Connection, refusal: Refusal) -> str:
    if refusal.by is None:
        return refusal.words
    row = await (await tx.execute(queries.person_name, {"user_id": refusal.by})).fetchone()
    return f"{row[0] if row else refusal.by} {refusal.words}"


async def _problem(tx: Connection, entry: QueueEntry, refusal: Refusal) -> ProblemError:
    code = Code.CONFLICT if refusal.code == "conflict" else Code.STALE_VERSION
    return ProblemError(code, await _explain(tx, refusal), current=await reads.entry(tx, entry.entry_id))


def _id_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
