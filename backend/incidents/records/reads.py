"""Reading incidents and how they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from psycopg.rows import class_row

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid
from backend.core.rows import Unreadable, lenient_row, the_one
from backend.core.search import escape_like, search_words
from backend.incidents.records import queries
from models.incidents import IncidentRecord, IncidentSeverity, IncidentStatus
from models.incidents.reviews import MonthFigures, ResponseFigures

if TYPE_CHECKING:
    from backend.core.security import Principal

NO_INCIDENT = "There is no such incident."


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents; ``None`` does not matter."""

    statuses: Sequence[IncidentStatus] | None = None
    severities: Sequence[IncidentSeverity] | None = None
    open: bool | None = None
    since: datetime | None = None
    """Detected from then on."""
    until: datetime | None = None
    """Detected before."""
    alert_id: UUID | None = None
    text: str | None = None


async def incident(connection: Connection, incident_id: UUID) -> IncidentRecord:
    """One incident; raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(IncidentRecord)) as cursor:
        await cursor.execute(queries.incident, {"incident_id": incident_id})
        return the_one(await cursor.fetchall(), NO_INCIDENT)


async def incidents(
    connection: Connection, wanted: IncidentFilter, *, below: int | None, limit: int
) -> list[IncidentRecord | Unreadable]:
    """Incidents with a number below that of the last one of the page before, newest first."""
    values = {
        "statuses": None if wanted.statuses is None else [str(each) for each in wanted.statuses],
        "severities": None if wanted.severities is None else [str(each) for each in wanted.severities],
        "open": wanted.open,
        "since": wanted.since,
        "until": wanted.until,
        "alert_id": wanted.alert_id,
        "words": [escape_like(word) for word in search_words(wanted.text)],
        "below": below,
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(IncidentRecord)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def known_person(connection: Connection, user_id: str, pointer: str = "/userId") -> str:
    """How somebody is called; raises ProblemError 422 at the pointer for somebody nobody knows."""
    row = await (await connection.execute(queries.person, {"user_id": user_id})).fetchone()
    if row is None or not row[1]:
        raise invalid(pointer, "nobody of this name has an account that is in use, or has signed in yet")
    return str(row[0])


async def is_known(connection: Connection, user_id: str) -> bool:
    """Whether somebody has an account that is in use, or has signed in."""
    row = await (await connection.execute(queries.person, {"user_id": user_id})).fetchone()
    return row is not None and bool(row[1])


async def response_figures(connection: Connection, months: int) -> ResponseFigures:
    """MTTD, MTTA and MTTR of the last months, this one too."""
    now = await clock(connection)
    async with connection.cursor(row_factory=class_row(MonthFigures)) as cursor:
        await cursor.execute(queries.months, {"now": now, "months": months})
        return ResponseFigures(months=tuple(await cursor.fetchall()), as_of=now)


async def count_open(connection: Connection, _principal: Principal) -> int:
    """How many incidents are open."""
    row = await (await connection.execute(queries.count_open)).fetchone()
    assert row is not None  # noqa: S101 - a count is one row
    return int(row[0])
