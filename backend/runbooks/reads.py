"""Reading runbooks, their versions and their runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from backend.core.database import Connection, load_queries
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.core.search import escape_like, search_words
from models.runbooks import Runbook, RunbookRun, RunbookSummary, RunbookVersion

queries = load_queries(__package__)

MISSING = "There is no such runbook."
MISSING_RUN = "There is no such run of this runbook."


async def page(
    connection: Connection,
    *,
    text: str | None,
    alert: str | None,
    service: str | None,
    retired: bool | None,
    after: tuple[str | None, UUID | None],
    limit: int,
) -> list[RunbookSummary | Unreadable]:
    """Runbooks behind the last one of the page before, by title."""
    values = {
        "like": [f"%{escape_like(word)}%" for word in search_words(text)],
        "alert": alert,
        "service": service,
        "retired": retired,
        "title": after[0],
        "last_id": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(RunbookSummary)) as cursor:
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()


async def find(connection: Connection, runbook_id: UUID) -> Runbook:
    """A runbook as it is. Raises ProblemError 404."""
    return await _runbook(connection, queries.one, MISSING, runbook_id=runbook_id)


async def at_version(connection: Connection, runbook_id: UUID, version: int) -> Runbook:
    """A runbook as a version of it was. Raises ProblemError 404."""
    words = "There is no such version of this runbook."
    return await _runbook(connection, queries.at_version, words, runbook_id=runbook_id, version=version)


async def _runbook(connection: Connection, statement: Any, missing: str, **values: object) -> Runbook:
    async with connection.cursor(row_factory=lenient_row(Runbook)) as cursor:
        await cursor.execute(statement, values)
        return the_one(await cursor.fetchall(), missing)


async def everything(connection: Connection) -> tuple[Runbook, ...]:
    """All runbooks that are not retired, with their texts; one that cannot be read is left out."""
    async with connection.cursor(row_factory=lenient_row(Runbook)) as cursor:
        await cursor.execute(queries.everything)
        return readable(await cursor.fetchall())


async def versions(
    connection: Connection, runbook_id: UUID, *, before: int | None, limit: int
) -> list[RunbookVersion | Unreadable]:
    """Who changed a runbook, newest first. Raises ProblemError 404."""
    await find(connection, runbook_id)
    async with connection.cursor(row_factory=lenient_row(RunbookVersion)) as cursor:
        await cursor.execute(queries.versions, {"runbook_id": runbook_id, "before": before, "limit": limit})
        return await cursor.fetchall()


async def runs(
    connection: Connection,
    runbook_id: UUID,
    *,
    incident_id: str | None,
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[RunbookRun | Unreadable]:
    """Runs of a runbook, newest first. Raises ProblemError 404."""
    await find(connection, runbook_id)
    values = {
        "runbook_id": runbook_id,
        "incident_id": await known_incident(connection, incident_id),
        "started_at": after[0],
        "last_id": after[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(RunbookRun)) as cursor:
        await cursor.execute(queries.runs, values)
        return await cursor.fetchall()


async def known_incident(connection: Connection, called: str | None) -> str | None:
    """The id of an incident that is called by its id or its reference; of one that is not ours what it is called."""
    if called is None:
        return None
    row = await (await connection.execute(queries.incident, {"called": called})).fetchone()
    assert row is not None  # noqa: S101 - it has no table of its own
    return str(row[0])


async def run(connection: Connection, runbook_id: UUID, run_id: UUID) -> RunbookRun:
    """One run. Raises ProblemError 404."""
    async with connection.cursor(row_factory=lenient_row(RunbookRun)) as cursor:
        await cursor.execute(queries.run, {"runbook_id": runbook_id, "run_id": run_id})
        return the_one(await cursor.fetchall(), MISSING_RUN)


@dataclass(frozen=True, slots=True)
class Overdue:
    """A runbook that is past its review."""

    id: str
    title: str
    owner: str
    owner_name: str
    review_by: date
    remind: bool
    """Its owner has not heard of it for a week."""


async def overdue(connection: Connection) -> list[Overdue]:
    """Those past their review, the longest first."""
    async with connection.cursor(row_factory=class_row(Overdue)) as cursor:
        await cursor.execute(queries.overdue)
        return await cursor.fetchall()


async def keepers(connection: Connection, owner: str) -> tuple[str, ...]:
    """Whom an owner stands for: the holders of the role, else the person."""
    rows = await (await connection.execute(queries.keepers, {"owner": owner})).fetchall()
    return tuple(row[0] for row in rows)


async def slugs(connection: Connection) -> frozenset[str]:
    """What all runbooks are called, the retired ones too."""
    return frozenset(await ids_by_slug(connection))


async def ids_by_slug(connection: Connection) -> dict[str, UUID]:
    """All runbooks by what they are called."""
    return dict(await (await connection.execute(queries.ids)).fetchall())
