"""Reading connections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection as Database
from backend.core.problems import ProblemError
from backend.core.rows import Unreadable, read_row, readable
from backend.core.security import Principal
from backend.deliveries.connections import queries
from backend.deliveries.connections.state import HOOKED, advice_of, breaker_of, is_paused, state_of
from backend.deliveries.plan import TRIES
from models.core.problems import Code
from models.deliveries.connections import (
    HISTORY_HOURS,
    Breaker,
    Connection,
    ConnectionDetail,
    ConnectionKind,
    ConnectionState,
    DeliveryHour,
)

ALL = 10_000
WRONG = frozenset(
    {
        ConnectionState.LATE,
        ConnectionState.FAILING,
        ConnectionState.PAUSED,
        ConnectionState.MISCONFIGURED,
        ConnectionState.DISABLED,
    }
)
"""States that somebody should look at."""
STILL = frozenset({ConnectionState.PAUSED, ConnectionState.MISCONFIGURED, ConnectionState.DISABLED})
"""States in which nothing is tried, whatever is due."""


async def connections(
    database: Database,
    *,
    kind: ConnectionKind | None = None,
    state: ConnectionState | None = None,
    after: tuple[str | None, UUID | None] = (None, None),
    limit: int = ALL,
) -> list[Connection | Unreadable]:
    """Connections by name, after the one named; a state is worked out, so it is picked after reading."""
    rows = await _rows(database, kind=kind, after=after, limit=ALL if state is not None else limit)
    found = [read_row(Connection, _record(row)) for row in rows]
    return [each for each in found if state is None or each.state is state][:limit]


async def connection(database: Database, connection_id: UUID) -> ConnectionDetail:
    """One with its last day; raises ProblemError 404."""
    rows = await _rows(database, connection_id=connection_id, limit=1)
    if not rows:
        raise ProblemError(Code.NOT_FOUND, "There is no such connection.")
    async with database.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.hours, {"connection_id": connection_id, "hours": HISTORY_HOURS})
        hours = tuple(DeliveryHour.model_validate(row) for row in await cursor.fetchall())
    return ConnectionDetail.model_validate(_record(rows[0]) | {"hours": hours, "tries": TRIES})


async def count_wrong(database: Database, _principal: Principal) -> int:
    """How many connections need attention."""
    return sum(each.state in WRONG for each in readable(await connections(database)))


async def _rows(
    database: Database,
    *,
    connection_id: UUID | None = None,
    kind: ConnectionKind | None = None,
    after: tuple[str | None, UUID | None] = (None, None),
    limit: int,
) -> list[dict[str, Any]]:
    values = {"connection_id": connection_id, "kind": kind, "after": after[0], "after_id": after[1], "limit": limit}
    async with database.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.connections, values)
        return await cursor.fetchall()


def _record(row: dict[str, Any]) -> dict[str, Any]:
    state, breaker = state_of(row), breaker_of(row)
    paused = is_paused(row)
    goes = state not in {ConnectionState.OFF, *STILL}
    return row | {
        "state": state,
        "breaker": breaker,
        "next_attempt_at": (row["due_at"] if breaker is Breaker.CLOSED else row["opened_until"]) if goes else None,
        "last_error": row["problem"],
        "last_error_at": row["problem_at"],
        "advice": advice_of(row, state),
        "paused_by": row["paused_by"] if paused else None,
        "paused_until": row["paused_until"] if paused else None,
        "pause_reason": row["pause_reason"] if paused else "",
        "hook": f"/api/hooks/{row['id']}" if row["kind"] in HOOKED else "",
    }
