"""The database's clock: the one every instant of ours is taken from."""

from __future__ import annotations

from datetime import datetime

from backend.core.database import Connection


async def clock(connection: Connection) -> datetime:
    """The present instant; read after locks are held, so that versions of one record follow each other in time."""
    cursor = await connection.execute("select clock_timestamp()")
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    now: datetime = row[0]
    return now
