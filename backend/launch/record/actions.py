"""Publishing what proves a poll: drawn and sealed first, proven when that seal is in the log.

The closing entry seals what was decided upon. A later one seals the pictures of it. Once both are under a signed
checkpoint, the record is put together out of them.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from backend.audit import ProvenEntries, prove_entries
from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.launch.record import queries
from backend.launch.record.html import to_html
from backend.launch.record.pdf import to_pdf
from backend.launch.record.reads import file_name
from models.audit.proofs import encode

FORMAT = "opsconsole-launch-record/1"
PUBLISHED = "launch.record.published"
_aside = SetAside("launch records")


async def publish(database: Database, _settings: Settings) -> None:
    """Publish the records of closed polls as far as the log is sealed. Of several workers one does."""
    async with database.transaction() as tx:
        if await (await tx.execute(queries.try_lock)).fetchone() != (True,):
            return
        rows = await (await tx.execute(queries.unpublished)).fetchall()
        await _aside.each(tx, rows, lambda row: _publish(tx, row[0], drawn=row[2]), key=lambda row: row[0])


async def _publish(tx: Connection, poll_id: str, *, drawn: bool) -> None:
    positions = await (await tx.execute(queries.positions, {"poll_id": poll_id})).fetchall()
    sealed = await _sealed(tx, poll_id)
    if not drawn:
        await _draw(tx, poll_id, sealed)
        return
    if PUBLISHED not in {action for _, action in positions}:
        return
    proven = await prove_entries(tx, [position for position, _ in positions])
    if proven is not None:
        content = encode(document(sealed, proven)).encode()
        await tx.execute(queries.prove, {"poll_id": poll_id, "json": content, "vkey": proven.vkey})


def document(sealed: dict[str, Any], proven: ProvenEntries) -> dict[str, Any]:
    """The record for machines."""
    return {
        "format": FORMAT,
        "origin": proven.origin,
        "record": sealed,
        "proofs": {
            "earlier": proven.earlier,
            "later": proven.later,
            "consistency": list(proven.consistency),
            "entries": [
                {"position": each.position, "line": each.line, "path": list(each.path)} for each in proven.entries
            ],
        },
    }


async def _sealed(tx: Connection, poll_id: str) -> dict[str, Any]:
    row = await (await tx.execute(queries.sealed, {"poll_id": poll_id})).fetchone()
    assert row is not None  # noqa: S101 - it was found a statement before
    sealed: dict[str, Any] = row[0]
    return sealed


async def _draw(tx: Connection, poll_id: str, sealed: dict[str, Any]) -> None:
    html, pdf = to_html(sealed).encode(), await asyncio.to_thread(to_pdf, sealed)
    await tx.execute(queries.insert, {"poll_id": poll_id, "html": html, "pdf": pdf})
    files = {"html": html, "pdf": pdf}
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action=PUBLISHED,
        resource_type="launch_poll",
        resource_id=poll_id,
        label=sealed["launch"]["title"],
        after={
            "files": {file_name(poll_id, form): hashlib.sha256(content).hexdigest() for form, content in files.items()}
        },
    )
