"""Everything that changes runs and their nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.alerts import clear_condition, raise_alert
from backend.core import audit_trail
from backend.core.capability import PersonalSystem
from backend.core.database import Connection, Database, DatabaseUnavailable
from backend.core.json import dumps
from backend.core.problems import ProblemError, same_version
from backend.core.settings import Settings
from backend.privacy.graph import queries, reads
from backend.privacy.graph.plan import plan
from backend.privacy.graph.steps import EXPORT, NodeTask, StepContext, StepError, StepResult, subject_of
from backend.privacy.keys.reads import hold_key, must_hold_key
from backend.privacy.keys.ring import KeyRing, SealError
from backend.privacy.requests import reads as requests
from backend.privacy.requests.actions import record_request, tell_person
from models.alerts import Severity
from models.core.problems import Code
from models.privacy.graph import GraphSwitch, NodeState, RequestNode
from models.privacy.requests import RequestState, RequestType

SOURCE: Final = "privacy.nodes"
WORDS: Final = "privacy_node.words"
AFTER: Final[Mapping[RequestType, RequestState]] = {
    RequestType.ACCESS: RequestState.REVIEW,
    RequestType.DELETION: RequestState.DONE,
    RequestType.RECTIFICATION: RequestState.DONE,
    RequestType.RESTRICTION: RequestState.DONE,
}
"""Where a request stands when its last node has ended."""


def problem_words(error: Exception) -> str:
    """What went wrong, without anything a row, an address or an answer may hold of a person."""
    match error:
        case StepError() | SealError():
            return str(error)
        case psycopg.Error() if error.sqlstate is not None:
            return f"the database says {error.sqlstate}: {error.diag.message_primary}"
        case DatabaseUnavailable():
            return "the database could not be asked"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return type(error).__name__


async def plan_runs(tx: Connection, systems: Mapping[str, PersonalSystem]) -> None:
    """Give each request that is to run its nodes."""
    for request_id, kind in await (await tx.execute(queries.to_plan)).fetchall():
        before = await requests.find(tx, request_id)
        row = await (await tx.execute(queries.insert_run, {"request_id": request_id})).fetchone()
        assert row is not None  # noqa: S101 - an insert of one row returns one row
        nodes = plan(RequestType(kind), systems)
        for position, node in enumerate(nodes):
            values = {"run_id": row[0], "position": position, "name": node.name, "title": node.title}
            state = NodeState.MANUAL if node.by_hand else NodeState.WAITING
            await tx.execute(queries.insert_node, values | {"needs": list(node.needs), "state": state})
        await tx.execute(queries.begin_request, {"request_id": request_id})
        await _say_what_blocks(tx, request_id)
        after = await requests.find(tx, request_id)
        await record_request(tx, audit_trail.WORKER, "begun", before, after, nodes=[node.name for node in nodes])


async def claim(connection: Connection, node_id: UUID) -> NodeTask | None:
    """Take a node up, for whoever holds its lock; ``None`` when it is not ready any more."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.claim, {"node_id": node_id})
        row = await cursor.fetchone()
    return None if row is None else NodeTask(**row | {"type": RequestType(row["type"])})


async def note_step(tx: Connection, task: NodeTask, result: StepResult) -> bool:
    """Remember how far a node is; False when somebody else has taken it over, or all are paused."""
    values: dict[str, Any] = {"node_id": task.node_id, "fence": task.fence}
    values |= {"cursor": Jsonb(result.cursor), "rows": result.rows, "kept": Jsonb(dict(result.kept))}
    if result.wait_seconds is not None:
        statement, values = queries.wait_node, values | {"seconds": result.wait_seconds}
    else:
        statement = queries.step
    return await (await tx.execute(statement, values)).fetchone() is not None


async def export(tx: Connection, context: StepContext, task: NodeTask) -> StepResult:
    """One part of what a system holds, kept under the key of the request."""
    system = context.systems[task.name]
    subject = await subject_of(tx, context.ring, task)
    key = await hold_key(tx, context.ring, task.request_id)
    if key is None:
        raise StepError("the request's own key is gone")
    at = task.cursor or {"part": 0, "following": None}
    batch = await system.export(tx, subject, at["following"])
    if batch.rows:
        content = dumps([dict(row) for row in batch.rows])
        sealed = key.seal(content, EXPORT, f"{task.node_id} {at['part']}")
        await tx.execute(queries.keep_export, {"node_id": task.node_id, "part": at["part"], "sealed": sealed})
    cursor = {"part": at["part"] + 1, "following": batch.following}
    return StepResult(batch.following is None, cursor, task.rows + len(batch.rows))


async def begin_attempt(connection: Connection, task: NodeTask) -> int:
    """Note that a node is tried."""
    row = await (await connection.execute(queries.begin_attempt, {"node_id": task.node_id})).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    return int(row[0])


async def end_attempt(connection: Connection, task: NodeTask, number: int, problem: str) -> None:
    """Note what a try came to."""
    values = {"node_id": task.node_id, "number": number, "problem": problem}
    await connection.execute(queries.end_attempt, values)


async def end_node(tx: Connection, task: NodeTask) -> None:
    """A node is done; with the last one the run ends, and the request goes on."""
    await tx.execute(queries.lock_run, {"run_id": task.run_id})
    wanted = {"node_id": task.node_id, "fence": task.fence, "actor": audit_trail.WORKER}
    if await (await tx.execute(queries.end_node, wanted)).fetchone() is None:
        raise psycopg.Rollback
    await _after_node(tx, task.run_id, task.request_id, audit_trail.WORKER, task.title)


async def fail_node(tx: Connection, task: NodeTask, error: Exception, *, dead: bool, seconds: float) -> None:
    """A node failed: it is tried again later, or waits for somebody when that was often enough."""
    values = {
        "node_id": task.node_id,
        "fence": task.fence,
        "state": NodeState.DEAD if dead else NodeState.WAITING,
        "problem": problem_words(error),
        "from_start": isinstance(error, StepError) and error.from_start,
        "seconds": seconds,
    }
    if await (await tx.execute(queries.fail_node, values)).fetchone() is not None:
        await _say_what_blocks(tx, task.request_id)


async def _after_node(tx: Connection, run_id: UUID, request_id: UUID, actor: str, title: str) -> None:
    before = await requests.find(tx, request_id)
    if await (await tx.execute(queries.unfinished, {"run_id": run_id})).fetchone() == (True,):
        await _say_what_blocks(tx, request_id)
        await record_request(tx, actor, "step_done", before, await requests.find(tx, request_id), step=title)
        return
    await tx.execute(queries.end_run, {"run_id": run_id})
    state = AFTER[before.type]
    await tx.execute(queries.end_request, {"request_id": request_id, "state": state})
    after = await requests.find(tx, request_id)
    await record_request(tx, actor, "run_ended", before, after, step=title)
    if state is RequestState.DONE:
        await tell_person(tx, after, "done")


async def _say_what_blocks(tx: Connection, request_id: UUID) -> None:
    """Have the request say why it does not go on, so that the list does."""
    row = await (await tx.execute(queries.what_blocks, {"request_id": request_id})).fetchone()
    blocked = ""
    if row is not None:
        title, state, attempts = row
        words = {"dead": f"failed {attempts} times", "manual": "to be done by hand"}
        blocked = f"{title}: {words.get(state, f'failed, try {attempts}')}"
    await tx.execute(queries.set_blocked, {"request_id": request_id, "blocked": blocked})


# --- by hand ---------------------------------------------------------------------------------------------------------


async def retry(tx: Connection, *, actor: str, request_id: UUID, node_id: UUID, version: int) -> RequestNode:
    """Try one node again at once, and no other. Done, or somebody is at it: 409. Stale: 412."""
    row = await _lock(tx, request_id, node_id, version)
    if row.state not in {NodeState.DEAD, NodeState.WAITING}:
        raise ProblemError(Code.CONFLICT, f"It is {row.state}: only what failed or waits is tried again.")
    await tx.execute(queries.retry, {"node_id": node_id})
    await _say_what_blocks(tx, request_id)
    return await _told(tx, actor, "step_retried", request_id, row)


async def skip(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, node_id: UUID, version: int, reason: str
) -> RequestNode:
    """Go on without a node: one person asks for it with a reason, another one agrees by asking as well.

    The same person again, what is done, and what proves or destroys: 409.
    """
    row = await _lock(tx, request_id, node_id, version)
    if row.state in {NodeState.DONE, NodeState.SKIPPED, NodeState.RUNNING}:
        raise ProblemError(Code.CONFLICT, f"It is {row.state}.")
    if row.name in reads.NEVER_SKIPPED:
        raise ProblemError(Code.CONFLICT, "Without this step nothing would show what was done: it is never skipped.")
    if row.skip_asked_by is None:
        key = await must_hold_key(tx, ring, request_id)
        sealed = key.seal(reason, WORDS, node_id)
        await tx.execute(queries.ask_skip, {"node_id": node_id, "actor": actor, "words": sealed})
        return await _told(tx, actor, "skip_asked", request_id, row)
    if row.skip_asked_by == actor:
        raise ProblemError(Code.CONFLICT, "You have asked for it: somebody else has to agree.")
    await tx.execute(queries.lock_run, {"run_id": row.run_id})
    if await (await tx.execute(queries.skip, {"node_id": node_id, "actor": actor})).fetchone() is None:
        raise ProblemError(Code.CONFLICT, "It has begun meanwhile.")
    await _after_node(tx, row.run_id, request_id, actor, row.title)
    return await _told(tx, actor, "step_skipped", request_id, row)


async def complete(
    tx: Connection, ring: KeyRing, *, actor: str, request_id: UUID, node_id: UUID, version: int, words: str
) -> RequestNode:
    """Say that a step by hand is done, and what was done. Not by hand, or not its turn: 409."""
    row = await _lock(tx, request_id, node_id, version)
    if row.state is not NodeState.MANUAL:
        raise ProblemError(Code.CONFLICT, f"It is {row.state}: it is not waiting for anybody's hand.")
    open_before = {node.name for node in await reads.nodes(tx, request_id) if node.state not in reads.FINISHED}
    mine = next(node for node in await reads.nodes(tx, request_id) if node.node_id == str(node_id))
    if open_before & set(mine.needs):
        raise ProblemError(Code.CONFLICT, "What has to come before is not done yet.")
    key = await must_hold_key(tx, ring, request_id)
    await tx.execute(queries.lock_run, {"run_id": row.run_id})
    values = {"node_id": node_id, "actor": actor, "words": key.seal(words, WORDS, node_id)}
    await tx.execute(queries.complete, values)
    await _after_node(tx, row.run_id, request_id, actor, row.title)
    return await _told(tx, actor, "step_by_hand", request_id, row)


async def _lock(tx: Connection, request_id: UUID, node_id: UUID, version: int) -> reads.LockedNode:
    row = await reads.lock(tx, request_id, node_id)
    same_version(row.version, version)
    if row.ended_at is not None:
        raise ProblemError(Code.CONFLICT, "This run has ended.")
    return row


async def _told(tx: Connection, actor: str, verb: str, request_id: UUID, row: reads.LockedNode) -> RequestNode:
    request = await requests.find(tx, request_id)
    await record_request(tx, actor, verb, None, request, step=row.title)
    return next(node for node in await reads.nodes(tx, request_id) if node.node_id == str(row.id))


async def set_switch(tx: Connection, *, actor: str, version: int, paused: bool, reason: str) -> GraphSwitch:
    """Stop all runs between two steps, or let them go on. As it is: nothing changes. Stale: 412."""
    await tx.execute(queries.lock_switch)
    before = await reads.switch(tx)
    same_version(before.version, version)
    if (before.paused_at is not None) == paused:
        audit_trail.nothing_changed()
        return before
    await tx.execute(queries.set_switch, {"paused": paused, "actor": actor})
    after = await reads.switch(tx)
    verb = "paused" if paused else "resumed"
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"privacy.runs.{verb}",
        resource_type="privacy_runs",
        resource_id="all",
        version=after.version,
        before=_snapshot(before),
        after=_snapshot(after),
        reason=reason,
    )
    return after


def _snapshot(switch: GraphSwitch) -> dict[str, Any]:
    return switch.model_dump(mode="json", by_alias=True, exclude={"paused_by_name"})


async def watch_nodes(database: Database, _settings: Settings) -> None:
    """Say which nodes have failed for good, and which have not got on for long; nobody is ended by that."""
    async with database.transaction() as tx:
        rows = await (await tx.execute(queries.dead_nodes)).fetchall()
        for node_id, title, problem, reference, state, step_at in rows:
            slow = f"No step since {step_at:%H:%M UTC}. Whoever is at it goes on; look at the log of the worker."
            await raise_alert(
                tx,
                source=SOURCE,
                key=str(node_id),
                title=f"{reference}: {title} {'failed' if state == 'dead' else 'does not get on'}",
                severity=Severity.P2 if state == "dead" else Severity.P3,
                guidance=f"{problem}\nRetry this step in the Privacy workspace." if state == "dead" else slow,
            )
        still = [str(row[0]) for row in rows]
        for (key,) in await (await tx.execute(queries.alerts_passed, {"still": still})).fetchall():
            await clear_condition(tx, source=SOURCE, key=key)
