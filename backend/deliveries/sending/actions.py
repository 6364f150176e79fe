"""What a sender reads and writes: claims, results, breakers, proofs. Turns of the state are audited, tries are not."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.database import Connection, Database, array
from backend.core.logs import logger
from backend.deliveries.channel import (
    Message,
    MessageKind,
    Notice,
    NoticeAction,
    NoticePhase,
    Outcome,
    Result,
    Secrets,
    Target,
)
from backend.deliveries.plan import OPEN_AFTER, OPEN_AFTER_ORDERED, probe_pause
from backend.deliveries.routing.texts import ERASED, TEXTS, fill, program_text
from backend.deliveries.secrets import SecretError, SecretStore
from backend.deliveries.sending import queries
from backend.deliveries.sending.types import Claimed, ConnectionEvent, Entry, Row, Tally
from models.deliveries.connections import ConnectionSettings, ProofState, SecretPurpose

log = logger(__name__)

SETTINGS: TypeAdapter[ConnectionSettings] = TypeAdapter(ConnectionSettings)
LEASE = 20.0
"""Seconds a killed sender's lanes stand still."""
BATCH = 50
CLAIM_MOST = 50
NOTICE = "deliveries.notice.written"
ENTRIES = SetAside("entries of lanes")


@dataclass(frozen=True, slots=True)
class Holder:
    """One sender."""

    id: UUID
    kinds: tuple[str, ...]
    """What it has channels for."""


async def claim(connection: Connection, me: Holder) -> list[dict[str, Any]]:
    """Lanes that have something to do and that nobody else holds."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"me": me.id, "kinds": list(me.kinds), "lease": LEASE, "most": CLAIM_MOST}
        await cursor.execute(queries.claim, values)
        return await cursor.fetchall()


async def claim_canaries(connection: Connection, me: Holder, seconds: float) -> list[dict[str, Any]]:
    """Connections that are to be proved now."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"kinds": list(me.kinds), "most": CLAIM_MOST, "seconds": seconds}
        await cursor.execute(queries.claim_canaries, values)
        return await cursor.fetchall()


async def secrets_of(
    connection: Connection, store: SecretStore, connection_id: UUID, purpose: SecretPurpose
) -> Secrets:
    """In the clear; empty where there are none. Raises SecretError."""
    found = await connection.execute(queries.secrets, {"connection_id": connection_id, "purpose": purpose})
    rows = await found.fetchall()
    if not rows:
        return Secrets()

    def clear(sealed: bytes | None, reference: str) -> str:
        if reference:
            return store.read(reference)
        return store.open(connection_id, bytes(sealed)) if sealed is not None else ""

    current, previous = clear(*rows[0]), []
    for row in rows[1:]:
        try:
            previous.append(clear(*row))
        except SecretError as error:  # the present one is good without it
            log.warning("a secret before cannot be read", connection_id=str(connection_id), reason=str(error))
    return Secrets(current, tuple(previous))


async def waiting(connection: Connection, lane: int, claimed: Claimed, *, probing: bool) -> list[Entry]:
    """What was tried before and waits: due, or in an ordered lane all of it, or for a probe the first."""
    values = {"lane_id": lane, "ordered": claimed.ordered, "probing": probing, "limit": 1 if probing else BATCH}
    return await _entries(connection, queries.waiting, values, claimed)


async def following(
    connection: Connection, lane: int, claimed: Claimed, *, cursor: int, limit: int
) -> tuple[list[Entry], int]:
    """Entries behind the cursor that were not tried yet, and the head of the log as it was before they were read."""
    row = await (await connection.execute(queries.head)).fetchone()
    assert row is not None  # noqa: S101 - the relay has its row
    head = int(row[0])
    if head <= cursor:
        return [], head
    values = {
        "lane_id": lane,
        "connection_id": claimed.connection_id,
        "cursor": cursor,
        "head": head,
        "limit": limit,
    }
    return await _entries(connection, queries.next, values, claimed), head


async def _entries(connection: Connection, statement: Any, values: dict[str, Any], claimed: Claimed) -> list[Entry]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement, values)
        rows = await cursor.fetchall()
    return [await _entry_or_fault(connection, row, claimed) for row in rows]


async def _entry_or_fault(connection: Connection, row: dict[str, Any], claimed: Claimed) -> Entry:
    """One that cannot be read is a dead letter of its own: whatever follows it in the lane does not wait for it."""
    try:
        return await _entry(connection, row, claimed)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are not to wait for it
        ENTRIES.put(row["id"], error)
        words = f"it cannot be read: {type(error).__name__}; the log of the worker says more"
        message = Message(row["id"], MessageKind.ENTRY, row["action"], row["at"], {}, None, row["attempts"] + 1)
        return _entry_of(row, message, claimed.target, Result(Outcome.REFUSED, words))


async def _entry(connection: Connection, row: dict[str, Any], claimed: Claimed) -> Entry:
    target = claimed.target
    if row["action"] == NOTICE:
        notice, remembered = await _notice(connection, UUID(row["resource_id"]), claimed)
        target = type(target)(target.connection_id, target.settings, target.secrets, remembered)
        kind, data = MessageKind.NOTICE, {"id": row["resource_id"], "thread": notice.thread}
    else:
        notice, kind = None, MessageKind.ENTRY
        data = {"id": row["resource_id"], "resource": row["resource_type"], "version": row["version"]}
    return _entry_of(row, Message(row["id"], kind, row["action"], row["at"], data, notice, row["attempts"] + 1), target)


def _entry_of(row: dict[str, Any], message: Message, target: Target, fault: Result | None = None) -> Entry:
    return Entry(
        row["position"],
        message,
        row["attempts"],
        row["first_at"],
        row["age"],
        due=row["due"],
        seconds=row["seconds"],
        target=target,
        waited=row["waited"],
        read_at=time.monotonic(),
        fault=fault,
    )


async def _notice(connection: Connection, notice_id: UUID, claimed: Claimed) -> tuple[Notice, dict[str, str]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"notice_id": notice_id, "connection_id": claimed.connection_id, "kind": claimed.channel.kind}
        await cursor.execute(queries.notice, values)
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - the entry of the log points at it, and none is deleted
    subject, text = row["subject"], row["text"]
    own = (row["template"], claimed.channel.kind) in TEXTS
    if text is None or (own and not row["kind"]):
        found = program_text(row["template"], claimed.channel.kind)
        subject, text = found.subject, found.text
    if row["values"] is None:
        subject = text = ERASED
    given = row["values"] or {}
    notice = Notice(
        subject=fill(subject, given),
        text=fill(text, given),
        severity=row["severity"],
        team=row["team"],
        thread=row["thread"],
        phase=NoticePhase(row["phase"]),
        recipients=tuple(row["recipients"]),
        actions=tuple(map(NoticeAction, row["actions"])),
        link=given.get("link", ""),
    )
    return notice, row["remembered"]


async def remember(connection: Connection, claimed: Claimed, thread: str, values: dict[str, str]) -> None:
    """Keep what a channel wants to know when it comes to the same thread again."""
    await connection.execute(
        queries.remember,
        {"connection_id": claimed.connection_id, "thread": thread, "remembered": Jsonb(values)},
    )


async def flush(connection: Connection, me: Holder, rows: Sequence[Row]) -> frozenset[int]:
    """Write results down in one statement; answers the lanes that are still held, of others nothing was written."""

    def column(name: str) -> str:
        return array(getattr(row, name) for row in rows)

    def json_column(name: str) -> str:
        values = (getattr(row, name) for row in rows)
        return array(None if value is None else json.dumps(value) for value in values)

    values = {
        "me": me.id,
        "lanes": array(sorted({row.lane_id for row in rows})),
        "lane_ids": column("lane_id"),
        "positions": column("position"),
        "states": column("state"),
        "attempts": column("attempts"),
        "first_ats": column("first_at"),
        "due_ins": column("due_in"),
        "statuses": column("status"),
        "seconds": column("seconds"),
        "words": column("words"),
        "exchanges": json_column("exchange"),
        "histories": json_column("history"),
    }
    cursor = await connection.execute(queries.flush, values)
    return frozenset(row[0] for row in await cursor.fetchall())


async def beat(connection: Connection, me: Holder, cursors: dict[int, int]) -> dict[int, tuple[int, bool]]:
    """Keep lanes for another while and save how far they are; answers those still held: version, and if paused."""
    values = {"me": me.id, "lease": LEASE, "lanes": array(cursors), "cursors": array(cursors.values())}
    found = await connection.execute(queries.beat, values)
    return {row[0]: (row[1], row[2]) for row in await found.fetchall()}


async def release(connection: Connection, me: Holder, lane: int, cursor: int, due_in: float | None) -> None:
    """Let a lane go; nobody claims it for ``due_in`` seconds."""
    await connection.execute(queries.release, {"me": me.id, "lane_id": lane, "cursor": cursor, "due_in": due_in})


async def note(connection: Connection, connection_id: UUID, tally: Tally) -> None:
    """Add to the figures of a connection."""
    if tally.sent or tally.retried or tally.dead:
        counts = {"sent": tally.sent, "retried": tally.retried, "dead": tally.dead}
        await connection.execute(queries.tally, {"connection_id": connection_id} | counts)
    if tally.last_success_at is not None:
        ordered = sorted(tally.seconds)
        p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else None
        await connection.execute(
            queries.note_success, {"connection_id": connection_id, "at": tally.last_success_at, "p95": p95}
        )


async def mark_failed(database: Database, claimed: Claimed, result: Result) -> bool:
    """Count a failure against a connection; says whether its breaker is open now."""
    values = {
        "connection_id": claimed.connection_id,
        "words": result.words,
        "fault": result.fault or "",
        "threshold": OPEN_AFTER_ORDERED if claimed.ordered else OPEN_AFTER,
        "pause": probe_pause(0),
    }
    async with database.transaction() as tx:
        row = await (await tx.execute(queries.fail, values)).fetchone()
        if row is None:
            return False
        is_open, opened = row
        if opened:
            await _record(tx, claimed.connection_id, ConnectionEvent.FAILING, result.words)
    return bool(is_open)


async def forgive(connection: Connection, claimed: Claimed) -> None:
    """A success: failures in a row are none."""
    await connection.execute(queries.forgive, {"connection_id": claimed.connection_id})


async def stop(database: Database, connection_id: UUID, result: Result) -> None:
    """Stop sending: it refused us, wants nothing more, or cannot be read."""
    stopped = "disabled" if result.outcome is Outcome.GONE else "misconfigured"
    values = {"connection_id": connection_id, "stopped": stopped, "words": result.words, "fault": result.fault or ""}
    async with database.transaction() as tx:
        if await (await tx.execute(queries.stop, values)).fetchone() is not None:
            await _record(tx, connection_id, ConnectionEvent.STOPPED, result.words)


async def take_probe(connection: Connection, me: Holder, claimed: Claimed, seconds: float) -> tuple[int, bool] | None:
    """Be the one that probes: how many have failed, and whether a person waits; ``None`` if somebody else does."""
    values = {"me": me.id, "connection_id": claimed.connection_id, "seconds": seconds}
    row = await (await connection.execute(queries.take_probe, values)).fetchone()
    return None if row is None else (int(row[0]), bool(row[1]))


async def end_probe(connection: Connection, me: Holder, claimed: Claimed, pause: float, result: Result) -> None:
    """The probe has failed; the next one is due after a pause."""
    values = {
        "me": me.id,
        "connection_id": claimed.connection_id,
        "pause": pause,
        "words": result.words,
        "fault": result.fault or "",
    }
    await connection.execute(queries.end_probe, values)


async def close(database: Database, me: Holder, claimed: Claimed) -> None:
    """It works again: all that waits is due at once."""
    async with database.transaction() as tx:
        values = {"me": me.id, "connection_id": claimed.connection_id}
        if await (await tx.execute(queries.close, values)).fetchone() is not None:
            await _record(tx, claimed.connection_id, ConnectionEvent.RECOVERED, None)


async def mark_proved(database: Database, claimed: Claimed, result: Result, seconds: float, next_in: float) -> None:
    """Write down what became of a canary. A change of it is told; one that arrives lets what was stopped go on."""
    proof = ProofState.PROVEN if result.outcome is Outcome.SENT else ProofState.FAILED
    values = {
        "connection_id": claimed.connection_id,
        "proof": proof,
        "words": result.words,
        "fault": result.fault or "",
        "seconds": seconds,
        "next": next_in,
    }
    async with database.transaction() as tx:
        row = await (await tx.execute(queries.proved, values)).fetchone()
        if row is None:
            return
        turned, resumed = row
        if resumed:
            await tx.execute(queries.wake, values)
        if turned or resumed:
            event = ConnectionEvent(proof)
            await _record(tx, claimed.connection_id, event, None if proof is ProofState.PROVEN else result.words)


async def is_proven(connection: Connection, claimed: Claimed, since: datetime) -> bool:
    """Whether the canary has got through since an instant."""
    values = {"connection_id": claimed.connection_id, "since": since}
    return await (await connection.execute(queries.proven, values)).fetchone() == (True,)


async def _record(tx: Connection, connection_id: UUID, event: ConnectionEvent, reason: str | None) -> None:
    row = await (await tx.execute(queries.version, {"connection_id": connection_id})).fetchone()
    assert row is not None  # noqa: S101 - connections are never deleted
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action=f"deliveries.connection.{event}",
        resource_type="connection",
        resource_id=str(connection_id),
        label=row[1],
        version=row[0],
        reason=reason,
    )
