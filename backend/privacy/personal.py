"""What consent holds of a person, and how it is handed out and erased."""

from __future__ import annotations

from typing import Final

from psycopg.rows import dict_row

from backend.core.capability import ErasedBatch, ExportedBatch, PersonalSystem, Subject
from backend.core.database import Connection
from backend.privacy.consent import queries

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
