"""The jobs that carry verdicts to the shop and escalations to people. They may run twice: what they send has an id."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import procrastinate
from psycopg.rows import dict_row

from backend.core.backoff import ATTEMPTS_MOST, Backoff
from backend.core.capability import Adapters
from backend.core.database import Database
from backend.risk.fulfilment import actions, queries
from backend.risk.ports import Escalation, NotifyPort, PortError, RiskPorts, ShopPort
from models.risk.queue import EntryStatus, EscalateTo, FulfilmentKind

blueprint = procrastinate.Blueprint()


@blueprint.task(name="risk.intent", queue="core", retry=Backoff(), pass_context=True)
async def fulfil(context: procrastinate.JobContext, intent_id: str) -> None:
    """Ask the shop for what a verdict implies. Raises PortError while it may be asked again."""
    database, ports = _database_and_ports(context)
    await carry_out(database, ports.shop, UUID(intent_id), last=_last(context))


@blueprint.task(name="risk.notify", queue="core", retry=Backoff(), pass_context=True)
async def notify(context: procrastinate.JobContext, entry_id: str, version: int, notes: str) -> None:
    """Tell finance or support of an escalation. Raises PortError while it may be tried again."""
    database, ports = _database_and_ports(context)
    async with database.read() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.escalation, {"entry_id": entry_id})
        entry = await cursor.fetchone()
    if entry is None or entry["status"] != EntryStatus.ESCALATED:
        return  # undone or decided meanwhile: nobody needs to hear of it
    to = EscalateTo(entry["escalated_to"])
    message = f"{entry_id}:{version}"
    await notify_escalation(
        database, ports.notifiers.get(to), to, entry, message=message, notes=notes, last=_last(context)
    )


async def carry_out(database: Database, shop: ShopPort | None, intent_id: UUID, *, last: bool) -> None:
    """One attempt. The attempt is committed before the shop is asked, and what it answered afterwards."""
    async with database.transaction() as tx:
        attempt = await actions.begin(tx, intent_id, connected=shop is not None)
    if attempt is None or shop is None:
        return
    ask = {FulfilmentKind.RELEASE: shop.release, FulfilmentKind.REFUND: shop.refund, FulfilmentKind.CANCEL: shop.cancel}
    try:
        await ask[attempt.kind](attempt.order)
    except PortError as error:
        async with database.transaction() as tx:
            await actions.mark_failed(tx, intent_id, words=str(error), last=last)
        raise
    async with database.transaction() as tx:
        await actions.mark_done(tx, intent_id)


async def notify_escalation(
    database: Database,
    notifier: NotifyPort | None,
    to: EscalateTo,
    entry: dict[str, Any],
    *,
    message: str,
    notes: str,
    last: bool,
) -> None:
    """Tell somebody of an escalation, once."""
    if notifier is None:
        words = f"nobody is connected there: set OPSCONSOLE_{to.upper()}_WEBHOOK for the worker"
        async with database.transaction() as tx:
            await actions.record_notification(tx, entry=entry, to=to, problem=words)
        return
    what = Escalation(
        message_id=message,
        entry_id=entry["entry_id"],
        order_id=entry["order_id"],
        score=entry["score"],
        rules=tuple(entry["triggered"]),
        minor=entry["minor"],
        currency=entry["currency"],
        by_name=entry["by_name"] or "",
        notes=notes,
    )
    try:
        await notifier.escalate(to, what)
    except PortError as error:
        if last:
            async with database.transaction() as tx:
                await actions.mark_undelivered(tx, entry=entry, to=to, words=str(error))
        raise
    async with database.transaction() as tx:
        await actions.mark_delivered(tx, entry=entry, to=to)


def _database_and_ports(context: procrastinate.JobContext) -> tuple[Database, RiskPorts]:
    more = context.additional_context
    return cast("Database", more["database"]), cast("Adapters", more["adapters"]).of(RiskPorts)


def _last(context: procrastinate.JobContext) -> bool:
    """Whether Backoff gives up after this attempt."""
    return context.job.attempts >= ATTEMPTS_MOST
