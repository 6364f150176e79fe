"""Everything that changes fulfilment requests, and what is written about escalations.

Each change is an entry of the audit log. It names the queue's entry, not the request: so it stands in the history of
the case, and consoles hear of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.defer import defer, stored_name
from backend.core.problems import ProblemError
from backend.risk.fulfilment import queries
from backend.risk.ports import ShopOrder, ShopPort
from backend.risk.queue.actions import FULFILMENT_JOB
from models.alerts import Severity
from models.core.problems import Code
from models.risk.queue import EscalateTo, FulfilmentKind, FulfilmentRequest, FulfilmentState

OFF = "no shop is connected: set OPSCONSOLE_SHOP_WEBHOOK for the worker"
RESUME_MOST = 500
SOURCE = "risk"
SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time the shop is asked."""

    kind: FulfilmentKind
    entry_id: str
    order: ShopOrder


async def begin(tx: Connection, intent_id: UUID, *, connected: bool) -> Attempt | None:
    """Count an attempt before it is made, so that no verdict is undone any more; ``None`` when there is nothing to do.

    Where no shop is connected the request says so and waits.
    """
    row = await _lock(tx, intent_id)
    if row["state"] != FulfilmentState.WAITING:
        return None
    if not connected:
        if row["problem"] != OFF:
            await _change(tx, row, problem=OFF)
            await _record(tx, row, actor=audit_trail.WORKER, event="risk.intent.waiting", reason=OFF)
        return None
    await tx.execute(queries.begin_attempt, {"intent_id": intent_id})
    order = ShopOrder(str(intent_id), row["order_id"], row["minor"], row["currency"])
    return Attempt(FulfilmentKind(row["kind"]), row["entry_id"], order)


async def mark_done(tx: Connection, intent_id: UUID) -> None:
    """The shop has done it; the alert about what it has not done clears with the last of them."""
    row = await _lock(tx, intent_id)
    if row["state"] == FulfilmentState.DONE:
        return
    await _change(tx, row, state=FulfilmentState.DONE, done_at=await clock(tx), problem=None)
    await _record(
        tx, row, actor=audit_trail.WORKER, event="risk.intent.done", after={"kind": row["kind"], "state": "done"}
    )
    if await _count_failed(tx) == 0:
        await clear_condition(tx, source=SOURCE, key=SHOP)


async def mark_failed(tx: Connection, intent_id: UUID, *, words: str, last: bool) -> None:
    """The shop was asked and has not done it. After the ``last`` attempt it has failed: an alert says so."""
    row = await _lock(tx, intent_id)
    if row["state"] != FulfilmentState.WAITING:
        return
    if not last:
        await _change(tx, row, problem=words)
        return
    await _change(tx, row, state=FulfilmentState.FAILED, problem=words)
    await _record(
        tx,
        row,
        actor=audit_trail.WORKER,
        event="risk.intent.failed",
        after={"kind": row["kind"], "state": "failed"},
        reason=words,
    )
    await raise_alert(
        tx,
        source=SOURCE,
        key=SHOP,
        title="The shop does not carry out verdicts on orders",
        severity=Severity.P2,
        guidance=f"Asked {row['attempts']} times about {row['order_id']}, the shop: {words}.\n"
        "See that it answers at OPSCONSOLE_SHOP_WEBHOOK.\n"
        "GET /api/risk/intents?state=failed lists what is left to do.\n"
        "POST /api/risk/intents/{id}/retry asks again; it does nothing twice.",
    )


async def retry(tx: Connection, *, actor: str, intent_id: UUID) -> FulfilmentRequest:
    """Ask the shop again for what has failed. What waits or is done stays as it is. Withdrawn: 409."""
    row = await _lock(tx, intent_id)
    if row["state"] == FulfilmentState.WITHDRAWN:
        raise ProblemError(Code.CONFLICT, "The verdict was undone: there is nothing for the shop to do.")
    if row["state"] == FulfilmentState.FAILED:
        await _change(tx, row, state=FulfilmentState.WAITING, problem=None)
        await _record(
            tx,
            row,
            actor=actor,
            event="risk.intent.retried",
            before={"kind": row["kind"], "state": "failed"},
            after={"kind": row["kind"], "state": "waiting"},
        )
        await defer(tx, FULFILMENT_JOB, intent_id=str(intent_id))
        if await _count_failed(tx) == 0:
            await clear_condition(tx, source=SOURCE, key=SHOP, actor=actor)
    else:
        audit_trail.nothing_changed()
    async with tx.cursor(row_factory=class_row(FulfilmentRequest)) as cursor:
        await cursor.execute(queries.find, {"intent_id": intent_id})
        found = await cursor.fetchone()
    assert found is not None  # noqa: S101 - it is locked
    return found


_aside = SetAside("verdicts the shop has not heard of")


async def resume(database: Database, shop: ShopPort | None) -> None:
    """Once a shop is connected, have it asked for what waited until then or was left behind; a turn of the worker."""
    if shop is None:
        return
    async with database.transaction() as tx:
        values = {"off": OFF, "task": stored_name(FULFILMENT_JOB), "limit": RESUME_MOST}
        ids = [row[0] for row in await (await tx.execute(queries.idle, values)).fetchall()]
        await tx.execute(queries.forget_problem, {"ids": ids})
        await _aside.each(tx, ids, lambda intent_id: defer(tx, FULFILMENT_JOB, intent_id=intent_id), key=str)


async def record_notification(tx: Connection, *, entry: dict[str, Any], to: EscalateTo, problem: str | None) -> None:
    """Write down that somebody was notified of an escalation, or why not."""
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action="risk.escalation.told" if problem is None else "risk.escalation.untold",
        resource_type="risk_entry",
        resource_id=entry["entry_id"],
        label=entry["order_id"],
        version=entry["version"],
        after={"escalatedTo": to},
        reason=problem,
    )


async def mark_undelivered(tx: Connection, *, entry: dict[str, Any], to: EscalateTo, words: str) -> None:
    """Nobody could be notified of an escalation, and nobody tries any more: an alert says so."""
    await record_notification(tx, entry=entry, to=to, problem=words)
    await raise_alert(
        tx,
        source=SOURCE,
        key=f"notify-{to}",
        title=f"Escalations do not reach {to}",
        severity=Severity.P3,
        guidance=f"The last one, about {entry['order_id']}: {words}.\n"
        f"See that OPSCONSOLE_{to.upper()}_WEBHOOK answers, and tell {to} about the escalated entries meanwhile.",
    )


async def mark_delivered(tx: Connection, *, entry: dict[str, Any], to: EscalateTo) -> None:
    """Somebody was told; whoever was deaf before is not any more."""
    await record_notification(tx, entry=entry, to=to, problem=None)
    await clear_condition(tx, source=SOURCE, key=f"notify-{to}")


async def _lock(tx: Connection, intent_id: UUID) -> dict[str, Any]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock, {"intent_id": intent_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such fulfilment request.")
    return row


async def _count_failed(tx: Connection) -> int:
    row = await (await tx.execute(queries.failed)).fetchone()
    return int(row[0]) if row else 0


async def _change(
    tx: Connection,
    row: dict[str, Any],
    *,
    problem: str | None,
    state: FulfilmentState = FulfilmentState.WAITING,
    done_at: datetime | None = None,
) -> None:
    values = {"intent_id": row["intent_id"], "attempts": row["attempts"], "done_at": done_at}
    await tx.execute(queries.change, values | {"state": state, "problem": problem})


async def _record(tx: Connection, row: dict[str, Any], *, event: str, actor: str, **more: Any) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=event,
        resource_type="risk_entry",
        resource_id=row["entry_id"],
        label=row["order_id"],
        **more,
    )
