"""``/api/deliveries/letters``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Query

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import KnownQuery, known_id, operations_router
from backend.core.pages import Limit, LongCursor, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.deliveries.letters import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.deliveries.letters import (
    DiscardRequest,
    Letter,
    LetterDetail,
    LetterSource,
    LetterState,
    ReplayRequest,
    ReplayResult,
    ResolutionRequest,
)

router = operations_router("/api/deliveries/letters", "deliveries", dependencies=[KnownQuery])

Viewer = Annotated[Principal, require(Permission.VIEW_CONNECTIONS)]
Operator = Annotated[Principal, require(Permission.REPLAY_LETTERS)]


@router.get("")
async def list_letters(
    _principal: Viewer,
    database: Read,
    state: LetterState = LetterState.DEAD,
    connection: Annotated[str | None, Query(max_length=200, description="Of this connection only.")] = None,
    source: LetterSource | None = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> Page[Letter]:
    """List letters of a state, newest first."""
    at, after = decode_cursor(cursor, datetime, str)
    key = None if connection is None else known_id(connection, "connection")
    found = await reads.letters(
        database, state=state, connection_id=key, source=source, after=(at, after), limit=limit + 1
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.ended_at or last.first_at, last.id))
    return Page[Letter](items=items, next_cursor=following, left_out=left_out, as_of=await clock(database))


@router.get("/{letter_id}")
async def get_letter(letter_id: str, _principal: Viewer, connection: Read) -> LetterDetail:
    """One letter with its last request and the answer, secrets masked."""
    return await reads.letter(connection, letter_id)


@router.post("/replay")
async def replay_letters(request: ReplayRequest, principal: Operator, tx: Tx) -> ReplayResult:
    """Try dead letters again, or count them with ``dryRun``."""
    return await actions.replay(tx, actor=principal.user_id, request=request)


@router.post("/discard")
async def discard_letters(request: DiscardRequest, principal: Operator, tx: Tx) -> ReplayResult:
    """Give dead letters up, with the reason."""
    return await actions.discard(tx, actor=principal.user_id, request=request)


@router.post("/{letter_id}/resolve")
async def resolve_letter(letter_id: str, request: ResolutionRequest, principal: Operator, tx: Tx) -> LetterDetail:
    """Say what became of a command whose answer was lost."""
    await actions.resolve(tx, actor=principal.user_id, letter_id=letter_id, request=request)
    return await reads.letter(tx, letter_id)
