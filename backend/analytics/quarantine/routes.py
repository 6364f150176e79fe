"""What is held, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from backend.analytics.quarantine import actions, reads
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import operations_router
from backend.core.pages import Limit, LongCursor, cut_page, decode_cursor
from backend.core.security import Principal, require
from models.analytics.events import Discarded, DiscardRequest, QuarantineGroup, QuarantineRequest, ReplayRequest, Trial
from models.core.base import PlainText
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission

router = operations_router("/api/analytics/quarantine", "analytics")

Viewer = Annotated[Principal, require(Permission.VIEW_SCHEMA)]
Manager = Annotated[Principal, require(Permission.MANAGE_SCHEMA)]


@router.get("")
async def list_held(
    _principal: Viewer,
    connection: Read,
    event_name: Annotated[PlainText | None, Query(alias="eventName", max_length=200)] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> Page[QuarantineGroup]:
    """Events that are held, by cause."""
    name, violation_class, pointer, version = decode_cursor(cursor, str, str, str, int)
    after = (name, violation_class, pointer, version)
    found = await reads.groups(connection, event_name=event_name, after=after, limit=limit + 1)
    items, following, left_out = cut_page(
        found,
        limit,
        lambda last: (last.event_name, last.violation_class, last.pointer, last.schema_version or 0),
    )
    return Page[QuarantineGroup](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/trial")
async def trial(http: Request, request: QuarantineRequest, _principal: Viewer, connection: Read) -> Trial:
    """What a replay of the events of one cause would do. Nothing is changed or sent."""
    audit_trail.nothing_changed()
    return await actions.trial(connection, http.app.state.intake, request)


@router.post("/replay")
async def replay(http: Request, request: ReplayRequest, principal: Manager, tx: Tx) -> Trial:
    """Judge the events of one cause again, and let those land that fit now; up to 10 000 at once."""
    return await actions.replay(tx, http.app.state.intake, actor=principal.user_id, request=request)


@router.post("/discard")
async def discard(request: DiscardRequest, principal: Manager, tx: Tx) -> Discarded:
    """Delete the events of one cause for good."""
    count = await actions.discard(tx, actor=principal.user_id, request=request)
    return Discarded(discarded=count, as_of=await clock(tx))
