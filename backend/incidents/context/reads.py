"""Reading what stands around an incident."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid
from backend.incidents.context import queries
from models.incidents.context import Helper, Helpers, IncidentSeries

HELPERS_MOST: Final = 2_000
LONGEST: Final = timedelta(days=14)


async def helpers(connection: Connection) -> Helpers:
    """Everybody who can sign in, or has."""
    rows = await (await connection.execute(queries.helpers, {"limit": HELPERS_MOST})).fetchall()
    people = tuple(Helper(user_id=user_id, name=name) for user_id, name in rows)
    return Helpers(people=people, as_of=await clock(connection))


async def series(connection: Connection, *, since: datetime, until: datetime, stretches: int) -> IncidentSeries:
    """What the shop counted. An end before the beginning, or more than two weeks: 422."""
    if until <= since:
        raise invalid("query:to", "the end lies after the beginning")
    if until - since > LONGEST:
        raise invalid("query:to", "at most 14 days")
    now = await clock(connection)
    values = {"from": since, "step": (until - since) / stretches, "stretches": stretches, "now": now}
    rows = await (await connection.execute(queries.series, values)).fetchall()
    ends, orders, refunds, downloads, failed = zip(*rows, strict=True)
    return IncidentSeries.model_validate(
        {
            "from": since,
            "to": until,
            "ends": ends,
            "orders": orders,
            "refunds": refunds,
            "downloads": downloads,
            "failed": failed,
            "as_of": now,
        }
    )
