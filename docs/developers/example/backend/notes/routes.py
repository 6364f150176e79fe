"""``/api/operations/notes``."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import IfMatch, Limit, decode_place, encode_cursor, known_id, operations_router, set_etag
from backend.core.security import Principal, require
from backend.notes import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.notes import Note, NoteDraft

router = operations_router("/api/operations/notes", "notes")

Viewer = Annotated[Principal, require(Permission.VIEW_DASHBOARD)]
Writer = Annotated[Principal, require(Permission.MANAGE_ALERTS)]


@router.get("")
async def list_notes(
    _principal: Viewer,
    connection: Read,
    limit: Limit = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Page[Note]:
    """List open notes, newest first."""
    written_at, last_id = decode_place(cursor)
    found = await reads.open_notes(connection, written_at=written_at, last_id=last_id, limit=limit + 1)
    items = tuple(found[:limit])
    more = encode_cursor(items[-1].written_at, items[-1].id) if len(found) > limit else None
    return Page[Note](items=items, next_cursor=more, as_of=await clock(connection))


@router.get("/{note_id}")
async def get_note(note_id: str, _principal: Viewer, connection: Read, response: Response) -> Note:
    """One note; its version is the ETag."""
    return _tagged(response, await reads.find_note(connection, known_id(note_id, "note")))


@router.post("", status_code=201)
async def write_note(request: NoteDraft, principal: Writer, tx: Tx, response: Response) -> Note:
    """Write a note."""
    return _tagged(response, await actions.write_note(tx, actor=principal.user_id, request=request))


@router.post("/{note_id}/finish")
async def finish_note(note_id: str, principal: Writer, tx: Tx, version: IfMatch, response: Response) -> Note:
    """Say that a note is dealt with."""
    note = await actions.finish_note(tx, actor=principal.user_id, note_id=known_id(note_id, "note"), version=version)
    return _tagged(response, note)


def _tagged(response: Response, note: Note) -> Note:
    set_etag(response, note.version)
    return note
