"""What consent holds of a person, how it is handed out and erased, and how long requests and failed jobs are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row

from backend.core.capability import ErasedBatch, ExportedBatch, PersonalSystem, Retention, Subject
from backend.core.database import Connection
from backend.privacy.consent import queries
from backend.privacy.retention import queries as retention

BATCH: Final = 1_000
PROOF: Final = "What was agreed to and taken back stays as proof, without saying by whom"


async def _export(connection: Connection, subject: Subject, after: str | None) -> ExportedBatch:
    async with connection.cursor(row_factory=dict_row) as cursor:
        values = {"person_id": subject.person_id, "after": after, "limit": BATCH}
        await cursor.execute(queries.export, values)
        rows = await cursor.fetchall()
    return ExportedBatch(rows, str(rows[-1]["id"]) if len(rows) == BATCH else None)


async def _erase(tx: Connection, subject: Subject) -> ErasedBatch:
    rows = await (await tx.execute(queries.erase, {"person_id": subject.person_id, "limit": BATCH})).fetchall()
    row = await (await tx.execute(queries.count_of, {"person_id": subject.person_id})).fetchone()
    assert row is not None  # noqa: S101 - a select of a count returns one row
    return ErasedBatch(len(rows), {PROOF: row[0]} if row[0] else {})


CONSENT = PersonalSystem(
    name="privacy.consent",
    title="Consent",
    holds="what the person agreed to or took back, when, by which channel, and what shows it",
    purpose="to prove consent, a legal obligation",
    keeps="as proof for as long as there is a claim; after an erasure without anything that says whose it was",
    export=_export,
    erase=_erase,
)


async def _count(connection: Connection, statement: Any, before: datetime) -> int:
    row = await (await connection.execute(statement, {"before": before})).fetchone()
    assert row is not None  # noqa: S101 - a select of a count returns one row
    return int(row[0])


async def _forget(tx: Connection, statement: Any, before: datetime) -> int:
    return (await tx.execute(statement, {"before": before, "limit": BATCH})).rowcount


REQUESTS = Retention(
    name="privacy.requests",
    title="What people wrote in their requests, and who they said they were",
    days=3 * 365,
    why="To show that a request was answered, for as long as somebody may claim that it was not",
    count=lambda connection, before: _count(connection, retention.count_requests, before),
    forget=lambda tx, before: _forget(tx, retention.forget_requests, before),
)
JOBS = Retention(
    name="jobs.failed",
    title="Failed jobs with their arguments",
    days=90,
    why="Whoever looks after them has retried or given them up by then; older ones hold text in the clear",
    count=lambda connection, before: _count(connection, retention.count_jobs, before),
    forget=lambda tx, before: _forget(tx, retention.forget_jobs, before),
)
