"""``/api/risk/snoozes``."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.risk.mask import hidden
from backend.risk.probing import note_value
from backend.risk.snoozes import actions, reads
from models.access import Approval
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.risk.suppression import EndSnooze, Snooze, SnoozeDraft

router = operations_router("/api/risk", "risk")

Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]
Analyst = Annotated[Principal, require(Permission.APPROVE_ORDERS)]
WAITS: dict[int | str, dict[str, Any]] = {202: {"model": Approval, "description": "Waits for approval."}}


@router.get("/snoozes")
async def list_snoozes(
    principal: Viewer,
    connection: Read,
    active: Annotated[bool, Query(description="Only those that hold now.")] = True,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Snooze]:
    """List rules that are quiet for somebody, newest first."""
    (before,) = decode_cursor(cursor, UUID)
    now = await clock(connection)
    found = await reads.snoozes(connection, active=active, before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.snooze_id,))
    shown = tuple(hidden(snooze, snooze.subject, principal) for snooze in items)
    return Page[Snooze](items=shown, next_cursor=following, left_out=left_out, as_of=now)


@router.post("/snoozes", status_code=201, responses=WAITS)
async def create_snooze(
    http: Request, request: SnoozeDraft, principal: Analyst, database: Db, tx: Tx, response: Response
) -> Snooze | Approval:
    """Keep one rule quiet for one customer, card or e-mail, for at most 90 days.

    Beyond seven of the last 90 days it was quiet for them, all in all, only once somebody else agrees (202).
    """
    if request.value:
        await note_value(database, http.app.state.guesses, principal, request.subject, request.value)
    made = await actions.create_snooze(tx, actor=principal.user_id, request=request)
    if isinstance(made, Approval):
        response.status_code = 202
        return with_etag(response, made)
    return with_etag(response, hidden(made, made.subject, principal))


@router.post("/snoozes/{snooze_id}/end")
async def end_snooze(
    snooze_id: str, request: EndSnooze, principal: Analyst, tx: Tx, version: IfMatch, response: Response
) -> Snooze:
    """End a snooze before its time."""
    ended = await actions.end_snooze(
        tx,
        actor=principal.user_id,
        snooze_id=known_id(snooze_id, "snooze"),
        version=version,
        reason=request.reason,
    )
    return with_etag(response, hidden(ended, ended.subject, principal))
