"""Everything that changes commands. How each ends is an entry of the audit log; tries stand in its own history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.defer import defer
from backend.core.problems import ProblemError
from backend.deliveries.channel import Outcome, Result
from backend.deliveries.commands import queries
from models.core.problems import Code
from models.deliveries.letters import Resolution


class CommandState(StrEnum):
    """Where a command stands after an attempt."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    UNCERTAIN = "uncertain"


class CommandEvent(StrEnum):
    """What happened to a command; the last part of the audit action ``deliveries.command.…``."""

    DONE = "done"
    DEAD = "dead"
    UNCERTAIN = "uncertain"
    ASKED_AGAIN = "asked_again"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Command:
    """One time the shop is asked."""

    id: UUID
    name: str
    about: str
    data: dict[str, Any]
    reply_task: str | None
    created_at: datetime
    attempts: int
    """Those that count, with this one."""
    reached: int
    """Those the shop may have heard of, with this one."""
    first_at: datetime
    lost: bool
    """Whether the answer to the one before was lost."""
    age: timedelta


async def ask_shop(
    tx: Connection,
    *,
    name: str,
    about: str,
    data: Mapping[str, Any],
    reply_task: str | None = None,
    seconds: float = 0.0,
) -> UUID:
    """Have the shop asked for something, as soon as one is connected; returns the id it is asked under.

    Args:
        tx: The transaction of what it follows from.
        name: What is asked for, such as ``order.refund``.
        about: What it is about, as people call it, such as an order number.
        data: What the shop has to know: all of it goes there.
        reply_task: A task that is deferred with ``command_id`` when it has ended, whichever way.
        seconds: How long it can be withdrawn before the shop is asked.
    """
    values = {"name": name, "about": about, "data": Jsonb(dict(data)), "reply_task": reply_task, "seconds": seconds}
    row = await (await tx.execute(queries.insert, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    command_id: UUID = row[0]
    return command_id


async def withdraw(tx: Connection, command_id: UUID) -> bool:
    """Take back what the shop has not been asked for; False when it has."""
    return await (await tx.execute(queries.withdraw, {"command_id": command_id})).fetchone() is not None


async def recover(connection: Connection, *, me: UUID, lane_id: int, connection_id: UUID) -> None:
    """Take up what a killed sender has left half asked."""
    await connection.execute(queries.recover, {"me": me, "lane_id": lane_id, "connection_id": connection_id})


async def begin_next(
    connection: Connection, *, me: UUID, lane_id: int, connection_id: UUID, probing: bool = False
) -> Command | None:
    """Count an attempt of the next command before it is made; ``None`` when none is due or the lane is lost."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"me": me, "lane_id": lane_id, "connection_id": connection_id, "probing": probing}
        await cursor.execute(queries.begin_next, values)
        row = await cursor.fetchone()
    return None if row is None else Command(**row)


async def end_attempt(
    database: Database,
    command: Command,
    *,
    state: CommandState,
    counts: bool,
    result: Result,
    due_in: float,
    seconds: float,
    exchange: dict[str, Any],
) -> None:
    """Write down what an attempt came to. Of an end whoever asked is told, and the log."""
    at = datetime.now(UTC).isoformat()
    tried = {"at": at, "seconds": round(seconds, 3), "status": result.status, "words": result.words}
    values = {
        "command_id": command.id,
        "state": state,
        "reached": command.reached,
        "uncounted": 0 if counts else 1,
        "unreached": 0 if result.reached else 1,
        "lost": result.reached and result.outcome is Outcome.RETRY and result.status is None,
        "due_in": due_in,
        "status": result.status,
        "seconds": seconds,
        "words": result.words,
        "exchange": Jsonb(exchange),
        "history": Jsonb([tried]),
    }
    async with database.transaction() as tx:
        if await (await tx.execute(queries.end, values)).fetchone() is not None and state is not CommandState.WAITING:
            await _record(
                tx,
                command.id,
                command.about,
                command.reply_task,
                CommandEvent(state),
                audit_trail.WORKER,
                result.words or None,
            )


async def ask_again(tx: Connection, *, actor: str, command_id: UUID) -> None:
    """Ask for a dead one again, under its id. What waits or is done stays as it is. Withdrawn: 409."""
    row = await _lock(tx, command_id)
    match row["state"]:
        case "dead" | "discarded":
            await tx.execute(queries.ask_again, {"command_id": command_id, "lost": row["lost"]})
            await _record(tx, command_id, row["about"], None, CommandEvent.ASKED_AGAIN, actor, None)
        case "withdrawn":
            raise ProblemError(Code.CONFLICT, "It was withdrawn: there is nothing for the shop to do.")
        case "uncertain":
            raise ProblemError(Code.CONFLICT, "Nobody knows whether the shop has done it: say first which it is.")
        case _:
            audit_trail.nothing_changed()


async def discard(tx: Connection, *, actor: str, command_id: UUID, reason: str) -> bool:
    """Give up a dead one; False when it is not dead."""
    row = await _lock(tx, command_id)
    if row["state"] != CommandState.DEAD:
        return False
    await tx.execute(queries.settle, {"command_id": command_id, "state": "discarded", "words": row["words"]})
    await _record(tx, command_id, row["about"], row["reply_task"], CommandEvent.DISCARDED, actor, reason)
    return True


async def resolve(tx: Connection, *, actor: str, command_id: UUID, resolution: Resolution, reason: str) -> None:
    """Say what a person has found out about a command whose answer was lost. Not uncertain: 409."""
    row = await _lock(tx, command_id)
    if row["state"] == CommandState.DONE and resolution is Resolution.DONE:
        audit_trail.nothing_changed()
        return
    if row["state"] != CommandState.UNCERTAIN:
        raise ProblemError(Code.CONFLICT, "What became of this command is known.")
    if resolution is Resolution.DONE:
        await tx.execute(queries.settle, {"command_id": command_id, "state": CommandState.DONE, "words": reason})
        await _record(tx, command_id, row["about"], row["reply_task"], CommandEvent.DONE, actor, reason)
    else:
        await tx.execute(queries.ask_again, {"command_id": command_id, "lost": False})
        await _record(tx, command_id, row["about"], None, CommandEvent.ASKED_AGAIN, actor, reason)


async def _lock(tx: Connection, command_id: UUID) -> dict[str, Any]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock, {"command_id": command_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such command.")
    return row


async def _record(
    tx: Connection,
    command_id: UUID,
    about: str,
    reply_task: str | None,
    event: CommandEvent,
    actor: str,
    reason: str | None,
) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"deliveries.command.{event}",
        resource_type="shop_command",
        resource_id=str(command_id),
        label=about,
        reason=reason,
    )
    if reply_task is not None:
        await defer(tx, reply_task, command_id=str(command_id))
