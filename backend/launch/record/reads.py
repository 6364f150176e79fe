"""Reading what proves a poll."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.launch.record import queries
from models.core.problems import Code
from models.launch.poll import Poll, PollRecord, RecordFile

MEDIA: Mapping[str, str] = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
}


def file_name(poll_id: str, form: str) -> str:
    """What a file of a record is called; the verifier looks for it beside the record."""
    return f"launch-{poll_id}.{form}"


async def files(connection: Connection, poll: Poll) -> dict[str, bytes]:
    """The files of a poll's record, by form. It is open, or its seal is not there yet: 409."""
    return {form: bytes(content) for form, content in (await _row(connection, poll)).items() if form in MEDIA}


async def poll_record(connection: Connection, poll: Poll) -> PollRecord:
    """What is kept of a poll. It is open, or its seal is not there yet: 409."""
    row = await _row(connection, poll)
    return PollRecord(
        poll_id=row["poll_id"],
        published_at=row["published_at"],
        files=tuple(
            RecordFile(
                name=file_name(poll.poll_id, form),
                media_type=media,
                sha256=hashlib.sha256(row[form]).hexdigest(),
                bytes=len(row[form]),
            )
            for form, media in MEDIA.items()
        ),
        vkey=row["vkey"],
    )


async def _row(connection: Connection, poll: Poll) -> dict[str, Any]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries.published, {"poll_id": poll.poll_id})
        found = await cursor.fetchone()
    if found is None or found["json"] is None:
        words = "is open" if poll.closed_at is None else "is being sealed; that takes some seconds. Try again then"
        raise ProblemError(Code.CONFLICT, f"Poll {poll.round} {words}.")
    return found
