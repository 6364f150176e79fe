"""``/api/operations/notes``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.notes import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.notes import Note, NoteDraft

router = operations_router("/api/operations/notes", "notes")

Viewer = Annotated[Principal, require(Permission.VIEW_DASHBOARD)]
Writer = Annotated[Principal, require(Permission.MANAGE_ALERTS)]


@router.get("")
async def list_notes(
    _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[Note]:
    """List open notes, newest first."""
    written_at, last_id = decode_cursor(cursor, datetime, UUID)
    found = await reads.open_notes(connection, written_at=written_at, last_id=last_id, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.written_at, last.id))
    return Page[Note](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/{note_id}")
async def get_note(note_id: str, _principal: Viewer, connection: Read, response: Response) -> Note:
    """One note; its version is the ETag."""
    return with_etag(response, await reads.find_note(connection, known_id(note_id, "note")))


@router.post("", status_code=201)
async def write_note(request: NoteDraft, principal: Writer, tx: Tx, response: Response) -> Note:
    """Write a note."""
    return with_etag(response, await actions.write_note(tx, actor=principal.user_id, request=request))


@router.post("/{note_id}/finish")
async def finish_note(note_id: str, principal: Writer, tx: Tx, version: IfMatch, response: Response) -> Note:
    """Say that a note is dealt with."""
    note = await actions.finish_note(tx, actor=principal.user_id, note_id=known_id(note_id, "note"), version=version)
    return with_etag(response, note)
