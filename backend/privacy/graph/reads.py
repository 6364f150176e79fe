"""Reading runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.core.rows import lenient_row, readable
from backend.privacy.graph import queries
from backend.privacy.graph.plan import CERTIFICATE, KEY, LEDGER, SCAN
from models.core.problems import Code
from models.privacy.graph import GraphSwitch, NodeAttempt, NodeState, RequestNode

NEVER_SKIPPED: Final = frozenset({LEDGER, SCAN, CERTIFICATE, KEY})
FINISHED: Final = frozenset({NodeState.DONE, NodeState.SKIPPED})


@dataclass(frozen=True, slots=True)
class LockedNode:
    """A node that nobody else changes meanwhile."""

    id: UUID
    run_id: UUID
    state: NodeState
    version: int
    title: str
    name: str
    skip_asked_by: str | None
    ended_at: datetime | None


async def nodes(connection: Connection, request_id: UUID) -> tuple[RequestNode, ...]:
    """The nodes of a request's newest run, in order; none before it runs."""
    async with connection.cursor(row_factory=lenient_row(RequestNode)) as cursor:
        await cursor.execute(queries.nodes, {"request_id": request_id})
        return readable(await cursor.fetchall())


async def attempts(connection: Connection, node_id: UUID) -> tuple[NodeAttempt, ...]:
    """The tries of a node, the newest first."""
    async with connection.cursor(row_factory=lenient_row(NodeAttempt)) as cursor:
        await cursor.execute(queries.attempts, {"node_id": node_id})
        return readable(await cursor.fetchall())


async def lock(tx: Connection, request_id: UUID, node_id: UUID) -> LockedNode:
    """A node of a request. Raises ProblemError 404."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.lock_node, {"request_id": request_id, "node_id": node_id})
        row = await cursor.fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such step of this request.")
    del row["request_id"]
    return LockedNode(**row | {"state": NodeState(row["state"])})


async def switch(connection: Connection) -> GraphSwitch:
    """Whether all runs are paused."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.switch)
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    return GraphSwitch(**row)
