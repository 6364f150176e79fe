"""Where facts stand: the number everything is cut at."""

from __future__ import annotations

from datetime import datetime

from backend.core.database import Connection
from backend.reporting.facts import queries


async def cut_now(connection: Connection) -> int:
    """The last number there is."""
    row = await (await connection.execute(queries.cut_now)).fetchone()
    assert row is not None  # noqa: S101 - the counter is one row
    return int(row[0])


async def cut_at(connection: Connection, at: datetime) -> int:
    """The last number that was known at an instant. What lies between two folds was never a fact."""
    row = await (await connection.execute(queries.cut_at, {"at": at})).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return int(row[0])


async def behind(connection: Connection) -> bool:
    """Whether documents have changed that facts do not hold yet."""
    row = await (await connection.execute(queries.waiting)).fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    return bool(row[0] or row[1])


async def refolding(connection: Connection) -> bool:
    """Whether facts are being written anew, because a registration changed."""
    row = await (await connection.execute(queries.waiting)).fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    return bool(row[1])
