"""Replaying and giving up dead letters. One entry of the audit log says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.deliveries.commands import actions as commands
from backend.deliveries.letters import queries
from backend.deliveries.letters.reads import LetterId
from models.core.problems import Code
from models.deliveries.letters import (
    REPLAY_MOST,
    DiscardRequest,
    LeftOut,
    LetterState,
    ReplayRequest,
    ReplayResult,
    ResolutionRequest,
)

_WHY_NOT = {
    LetterState.WAITING: "it waits already, and goes by itself",
    LetterState.SENT: "it was sent meanwhile",
    LetterState.DISCARDED: "it was given up",
    LetterState.UNCERTAIN: "nobody knows whether the shop has done it: say first which it is",
}
_OF_COMMANDS = {
    "asking": LetterState.WAITING,
    "waiting": LetterState.WAITING,
    "done": LetterState.SENT,
    "uncertain": LetterState.UNCERTAIN,
    "discarded": LetterState.DISCARDED,
    "withdrawn": LetterState.DISCARDED,
}


@dataclass(slots=True)
class _Sorted:
    """Letters of a request: the dead ones by what they are, and why others are left out."""

    deliveries: list[tuple[int, int]] = field(default_factory=list)
    commands: list[UUID] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.deliveries) + len(self.commands) + len(self.jobs)

    def ids(self) -> list[str]:
        """Each once, in the form in which letters are read."""
        found = [f"delivery-{lane}-{position}" for lane, position in self.deliveries]
        found += [f"command-{each}" for each in self.commands] + [f"job-{each}" for each in self.jobs]
        return list(dict.fromkeys(found))

    def keys(self) -> dict[str, Any]:
        return {"lanes": [each[0] for each in self.deliveries], "positions": [each[1] for each in self.deliveries]}


async def replay(tx: Connection, *, actor: str, request: ReplayRequest) -> ReplayResult:
    """Try dead letters again, under their old ids; or only count them."""
    ids: Sequence[str] = request.ids
    if request.connection_id is not None:
        values = {"connection_id": _uuid(request.connection_id), "since": request.since, "until": request.until}
        ids = [row[0] for row in await (await tx.execute(queries.dead_of, values)).fetchall()]
    found = await _sort(tx, ids)
    if request.dry_run or not found.count:
        audit_trail.nothing_changed()
    else:
        await tx.execute(queries.replay_deliveries, found.keys())
        for command_id in found.commands:
            await commands.ask_again(tx, actor=actor, command_id=command_id)
        await tx.execute(queries.replay_jobs, {"ids": found.jobs})
        await _record(tx, "replayed", actor, request.connection_id, ids, found)
    return ReplayResult(count=found.count, left_out=tuple(found.left_out))


async def discard(tx: Connection, *, actor: str, request: DiscardRequest) -> ReplayResult:
    """Give dead letters up."""
    found = await _sort(tx, request.ids)
    if not found.count:
        audit_trail.nothing_changed()
    else:
        await tx.execute(queries.discard_deliveries, found.keys())
        for command_id in found.commands:
            await commands.discard(tx, actor=actor, command_id=command_id, reason=request.reason)
        await tx.execute(queries.discard_jobs, {"ids": found.jobs})
        await tx.execute(queries.give_up, {"ids": found.ids(), "reason": request.reason, "actor": actor})
        await _record(tx, "discarded", actor, None, request.ids, found, request.reason)
    return ReplayResult(count=found.count, left_out=tuple(found.left_out))


async def resolve(tx: Connection, *, actor: str, letter_id: str, request: ResolutionRequest) -> None:
    """Say what became of a command whose answer was lost. Not a command: 409."""
    known = LetterId.read(letter_id)
    if known is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such letter.")
    if known.command is None:
        raise ProblemError(Code.CONFLICT, "What became of this letter is known.")
    await commands.resolve(
        tx, actor=actor, command_id=known.command, resolution=request.resolution, reason=request.reason
    )


async def _sort(tx: Connection, ids: Sequence[str]) -> _Sorted:
    found = _Sorted()
    known = {text: LetterId.read(text) for text in ids}
    deliveries = [each.delivery for each in known.values() if each is not None and each.delivery is not None]
    values = {"lanes": [each[0] for each in deliveries], "positions": [each[1] for each in deliveries]}
    rows = await (await tx.execute(queries.lock_deliveries, values)).fetchall()
    states: dict[Any, str] = {(lane, position): state for lane, position, state in rows}
    wanted = [each.command for each in known.values() if each is not None and each.command is not None]
    for command_id, state in await (await tx.execute(queries.command_states, {"ids": wanted})).fetchall():
        states[command_id] = state if state == LetterState.DEAD else _OF_COMMANDS[state]
    jobs = [each.job for each in known.values() if each is not None and each.job is not None]
    for (job,) in await (await tx.execute(queries.failed_jobs, {"ids": jobs})).fetchall():
        states[job] = LetterState.DEAD
    for text, each in known.items():
        key = None if each is None else each.delivery or each.command or each.job
        state = states.get(key)
        if state != LetterState.DEAD or each is None:
            words = "there is no such letter" if state is None else _WHY_NOT[LetterState(state)]
            found.left_out.append(LeftOut(id=text, words=words))
        elif each.delivery is not None:
            found.deliveries.append(each.delivery)
        elif each.command is not None:
            found.commands.append(each.command)
        elif each.job is not None:
            found.jobs.append(each.job)
    return found


async def _record(
    tx: Connection,
    verb: str,
    actor: str,
    connection_id: str | None,
    ids: Sequence[str],
    found: _Sorted,
    reason: str | None = None,
) -> None:
    left_out = {each.id for each in found.left_out}
    named = [each for each in ids if each not in left_out]
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"deliveries.letter.{verb}",
        resource_type="letter",
        resource_id=connection_id or named[0],
        label=f"{found.count} letters" if found.count > 1 else "1 letter",
        after={"count": found.count, "letters": named[:REPLAY_MOST]},
        reason=reason,
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ProblemError(Code.NOT_FOUND, "There is no such connection.") from None
