"""Reading what is held, by cause. What stands in the events is sealed, and is not read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from backend.analytics.quarantine import queries
from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row
from backend.core.security import Principal
from models.analytics.events import QuarantineGroup

HELD_DAYS: Final = 14
"""How long an event is held before it is deleted."""


async def groups(
    connection: Connection,
    *,
    event_name: str | None,
    after: tuple[str | None, str | None, str | None, int | None],
    limit: int,
) -> Sequence[QuarantineGroup | Unreadable]:
    """Causes behind the last one of the page before, by event."""
    name, violation_class, pointer, version = after
    values = {
        "days": HELD_DAYS,
        "event_name": event_name,
        "after": name,
        "class": violation_class,
        "pointer": pointer,
        "version": version,
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(QuarantineGroup)) as cursor:
        await cursor.execute(queries.groups, values)
        return await cursor.fetchall()


async def count_held(connection: Connection, _principal: Principal) -> int:
    """How many events are held."""
    row = await (await connection.execute(queries.count_held)).fetchone()
    assert row is not None  # noqa: S101 - a count is one row
    return int(row[0])
