"""What is written about commands to the shop, and asking again.

The log names the queue's entry, not the command: so it stands in the history of the case, and consoles hear of it.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from backend import deliveries
from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.risk.fulfilment import queries
from models.alerts import Severity
from models.core.problems import Code
from models.risk.queue import FulfilmentRequest, FulfilmentState

SOURCE = "risk"
SHOP = "shop"


async def note_end(tx: Connection, command_id: UUID) -> None:
    """A command has ended: the case says how, and an alert holds while there are any the shop has not carried out."""
    fulfilment = await _find(tx, command_id)
    after = {"kind": fulfilment.kind, "state": fulfilment.state}
    if fulfilment.state is FulfilmentState.DONE:
        await _record(tx, fulfilment, actor=audit_trail.WORKER, event="risk.intent.done", after=after)
        await _clear_when_none_failed(tx, audit_trail.WORKER)
    elif fulfilment.state is FulfilmentState.FAILED:
        words = fulfilment.problem or "it did not say why"
        await _record(tx, fulfilment, actor=audit_trail.WORKER, event="risk.intent.failed", after=after, reason=words)
        await raise_alert(
            tx,
            source=SOURCE,
            key=SHOP,
            title="The shop does not carry out verdicts on orders",
            severity=Severity.P2,
            guidance=f"Asked {fulfilment.attempts} times about {fulfilment.order_id}, the shop: {words}.\n"
            "See in Connections that it answers.\n"
            "Replay its dead letters there: it does nothing twice.",
        )


async def retry(tx: Connection, *, actor: str, intent_id: UUID) -> FulfilmentRequest:
    """Ask the shop again for what has failed. What waits or is done stays as it is. Withdrawn: 409."""
    before = await _find(tx, intent_id)
    if before.state is FulfilmentState.WITHDRAWN:
        raise ProblemError(Code.CONFLICT, "The verdict was undone: there is nothing for the shop to do.")
    await deliveries.ask_again(tx, actor=actor, command_id=intent_id)
    after = await _find(tx, intent_id)
    if before.state is not after.state:
        snapshots = [{"kind": each.kind, "state": each.state} for each in (before, after)]
        await _record(tx, before, actor=actor, event="risk.intent.retried", before=snapshots[0], after=snapshots[1])
        await _clear_when_none_failed(tx, actor)
    return after


async def _clear_when_none_failed(tx: Connection, actor: str) -> None:
    row = await (await tx.execute(queries.failed)).fetchone()
    if row == (0,):
        await clear_condition(tx, source=SOURCE, key=SHOP, actor=actor)


async def _find(tx: Connection, intent_id: UUID) -> FulfilmentRequest:
    async with tx.cursor(row_factory=class_row(FulfilmentRequest)) as cursor:
        await cursor.execute(queries.find, {"intent_id": intent_id})
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such fulfilment.")
    return found


async def _record(tx: Connection, fulfilment: FulfilmentRequest, *, event: str, actor: str, **more: Any) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=event,
        resource_type="risk_entry",
        resource_id=fulfilment.entry_id,
        label=fulfilment.order_id,
        **more,
    )
