"""Everything that changes notes. Each change is audited in the transaction that makes it."""

from __future__ import annotations

import re
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.defer import defer
from backend.core.problems import ProblemError, same_version
from backend.notes.reads import queries
from models.core.problems import Code
from models.notes import Note, NoteDraft

_LINK = re.compile(r"https?://[^\s<>]+")


async def write_note(tx: Connection, *, actor: str, request: NoteDraft) -> Note:
    """Keep a new note, and have a job look for links in it."""
    note = await _one(tx, queries.insert_note, text=request.text, actor=actor)
    await defer(tx, "notes.find_links", note_id=note.id)
    await _record(tx, actor, "written", None, note)
    return note


async def finish_note(tx: Connection, *, actor: str, note_id: UUID, version: int) -> Note:
    """Say that a note is dealt with. Again by the same person: stays so; by another: 409. Stale: 412."""
    before = await _one(tx, queries.lock_note, note_id=note_id)
    if before.done_by == actor:
        audit_trail.nothing_changed()
        return before
    if before.done_by is not None:
        raise ProblemError(Code.CONFLICT, f"{before.done_by} has dealt with this note already.")
    same_version(before.version, version)
    after = await _one(tx, queries.finish_note, note_id=note_id, actor=actor)
    await _record(tx, actor, "finished", before, after)
    return after


async def find_links(tx: Connection, note_id: UUID) -> None:
    """Keep the web addresses in a note's text. A job may run twice: the second time there is nothing to do."""
    before = await _one(tx, queries.lock_note, note_id=note_id)
    links = tuple(_LINK.findall(before.text))
    if links != before.links:
        after = await _one(tx, queries.keep_links, note_id=note_id, links=list(links))
        await _record(tx, audit_trail.WORKER, "linked", before, after)


async def _one(tx: Connection, statement: LiteralString, **values: Any) -> Note:
    async with tx.cursor(row_factory=class_row(Note)) as cursor:
        await cursor.execute(statement, values)
        found = await cursor.fetchone()
    if found is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such note.")
    return found


async def _record(tx: Connection, actor: str, verb: str, before: Note | None, after: Note) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"notes.note.{verb}",
        resource_type="note",
        resource_id=after.id,
        label=after.text[:80],
        version=after.version,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=after.model_dump(mode="json", by_alias=True),
    )
