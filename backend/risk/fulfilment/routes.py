"""``/api/risk/intents``: what the shop has not done yet. Specification: none; ours."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Limit, LongCursor, cut_page, decode_cursor
from backend.risk.fulfilment import actions, reads
from backend.risk.queue.routes import Decider, Viewer
from models.core.paging import PAGE_DEFAULT, Page
from models.risk.queue import FulfilmentRequest

router = operations_router("/api/risk/intents", "risk queue")


@router.get("")
async def list_intents(
    _principal: Viewer,
    connection: Read,
    state: Annotated[
        Literal["failed", "waiting"], Query(description="What nobody tries any more, or what is to come.")
    ] = "failed",
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> Page[FulfilmentRequest]:
    """List what the shop has not done yet, oldest first."""
    created_at, after = decode_cursor(cursor, datetime, UUID)
    found = await reads.pending(connection, state=state, after=(created_at, after), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.created_at, last.intent_id))
    return Page[FulfilmentRequest](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/{intent_id}/retry")
async def retry_intent(intent_id: str, principal: Decider, tx: Tx) -> FulfilmentRequest:
    """Ask the shop again for what it has failed to do; what waits or is done stays as it is."""
    return await actions.retry(tx, actor=principal.user_id, intent_id=known_id(intent_id, "fulfilment request"))
