"""Alerts about connections: raised once when one fails, is refused or is not proved, taken back when it is well."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.rows import readable
from backend.core.settings import Settings
from backend.deliveries.connections import reads
from backend.deliveries.ports import Alarms
from backend.deliveries.watching import queries
from models.alerts import Severity
from models.deliveries.connections import Breaker, ConnectionState, ProofState
from models.deliveries.connections import Connection as ConnectionRecord

WATCHED = SetAside("connections")
UNPROVEN_INTERVALS = 3
"""A connection that no canary has reached for so many intervals is not trusted."""
EXPIRES_SOON = timedelta(days=14)


async def watch(database: Database, settings: Settings, alarms: Alarms | None) -> None:
    """Look at each connection; a turn of the worker."""
    if alarms is None:
        return
    async with database.transaction() as tx:
        now = await clock(tx)
        known = dict(await (await tx.execute(queries.alarmed)).fetchall())
        patience = timedelta(seconds=UNPROVEN_INTERVALS * settings.canary_seconds)

        async def look(each: ConnectionRecord) -> None:
            found = trouble(each, now, patience)
            wanted = "" if found is None else found[0]
            if wanted != known[each.id]:
                await _set_alarm(tx, alarms, each, found)
                await tx.execute(queries.set_alarmed, {"connection_id": UUID(each.id), "alarmed": wanted})

        for (gone,) in await (await tx.execute(queries.alarmed_and_removed)).fetchall():
            await alarms.clear_alarm(tx, key=str(gone))
            await tx.execute(queries.set_alarmed, {"connection_id": gone, "alarmed": ""})
        await WATCHED.each(tx, readable(await reads.connections(tx)), look, key=lambda each: each.id)


def trouble(each: ConnectionRecord, now: datetime, patience: timedelta) -> tuple[str, str, Severity, str] | None:
    """What is wrong with a connection, in a word, as a title, how bad, and what to do; ``None`` while nothing is."""
    severity = Severity.P2 if each.harms else Severity.P3
    guidance = "" if each.advice is None else "\n".join((each.advice.detail, *each.advice.steps))
    title = each.name if each.advice is None else each.advice.verdict
    failing = each.state is ConnectionState.FAILING and (
        each.breaker is not Breaker.CLOSED or each.proof is ProofState.FAILED
    )
    if failing or each.state in {ConnectionState.MISCONFIGURED, ConnectionState.DISABLED}:
        return each.state, title, severity, guidance
    if each.state in {ConnectionState.OFF, ConnectionState.PAUSED}:
        return None
    proven = each.proven_at or each.updated_at
    if now - proven > patience:
        words = "No canary has reached it. See that the worker runs.\nSend a test."
        return "unproven", f"{each.name} has not been proved since {proven:%d %b %H:%M UTC}", severity, words
    secret = each.secret
    if secret is not None and secret.expires_at is not None and secret.expires_at - now < EXPIRES_SOON:
        words = "Get a new secret from whoever runs the other side.\nEnter it in Connections."
        return "expires", f"The secret of {each.name} ends {secret.expires_at:%d %b %H:%M UTC}", Severity.P3, words
    return None


async def _set_alarm(
    tx: Connection, alarms: Alarms, each: ConnectionRecord, found: tuple[str, str, Severity, str] | None
) -> None:
    if found is None:
        await alarms.clear_alarm(tx, key=each.id)
    else:
        _, title, severity, guidance = found
        await alarms.raise_alarm(tx, key=each.id, title=title, severity=severity, guidance=guidance)


async def forget(tx: Connection) -> None:
    """Figures, sent deliveries, hooks and codes that have had their time."""
    await tx.execute(queries.forget_hours)
    await tx.execute(queries.forget_sent)
    await tx.execute(queries.forget_hooks)
    await tx.execute(queries.forget_threads)
    await tx.execute(queries.erase_codes)
