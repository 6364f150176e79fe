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
    intent = await _find(tx, command_id)
    after = {"kind": intent.kind, "state": intent.state}
    if intent.state is FulfilmentState.DONE:
        await _tell(tx, intent, actor=audit_trail.WORKER, event="risk.intent.done", after=after)
        await _clear_when_none_failed(tx, audit_trail.WORKER)
    elif intent.state is FulfilmentState.FAILED:
        words = intent.problem or "it did not say why"
        await _tell(tx, intent, actor=audit_trail.WORKER, event="risk.intent.failed", after=after, reason=words)
        await raise_alert(
            tx,
            source=SOURCE,
            key=SHOP,
            title="The shop does not carry out verdicts on orders",
            severity=Severity.P2,
            guidance=f"Asked {intent.attempts} times about {intent.order_id}, the shop: {words}.\n"
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
        pictures = [{"kind": each.kind, "state": each.state} for each in (before, after)]
        await _tell(tx, before, actor=actor, event="risk.intent.retried", before=pictures[0], after=pictures[1])
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
        raise ProblemError(Code.NOT_FOUND, "There is no such intent.")
    return found


async def _tell(tx: Connection, intent: FulfilmentRequest, *, event: str, actor: str, **more: Any) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=event,
        resource_type="risk_entry",
        resource_id=intent.entry_id,
        label=intent.order_id,
        **more,
    )
