"""``/api/operations/oncall/swaps``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.oncall.swaps import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.oncall.schedules import Swap, SwapDecision, SwapRequest, SwapState

router = operations_router("/api/operations/oncall/swaps", "oncall")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
"""Whose swap it is, is looked at by the action: people swap by themselves."""


def _swapper(principal: Principal) -> actions.Swapper:
    return actions.Swapper(principal.user_id, Permission.MANAGE_ONCALL in principal.permissions)


@router.get("")
async def list_swaps(
    _principal: Viewer,
    connection: Read,
    state: Annotated[list[SwapState] | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Swap]:
    """List swap requests, the newest first."""
    before = decode_cursor(cursor, datetime, UUID)
    found = await reads.swaps(connection, states=state, before=(before[0], before[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.requested_at, UUID(last.id)))
    return Page[Swap](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def ask_for_swap(request: SwapRequest, principal: Viewer, tx: Tx, response: Response) -> Swap:
    """Ask for somebody else to take a shift or a part of it. It changes nothing until somebody takes it."""
    swap_id = await actions.ask(tx, who=_swapper(principal), request=request)
    return with_etag(response, await reads.swap(tx, swap_id))


@router.get("/{swap_id}")
async def get_swap(swap_id: str, _principal: Viewer, connection: Read, response: Response) -> Swap:
    """One swap request; its version is the ETag."""
    return with_etag(response, await reads.swap(connection, known_id(swap_id, "swap request")))


@router.post("/{swap_id}/decision")
async def decide_swap(
    swap_id: str, request: SwapDecision, principal: Viewer, tx: Tx, version: IfMatch, response: Response
) -> Swap:
    """Take a swap, decline it or withdraw it."""
    key = known_id(swap_id, "swap request")
    await actions.decide(tx, who=_swapper(principal), swap_id=key, version=version, request=request)
    return with_etag(response, await reads.swap(tx, key))
