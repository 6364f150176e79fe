"""What a new version would change, over HTTP: for events there can be, and for those that came."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from backend.analytics.compatibility.compare import compare
from backend.analytics.plan import reads as plan
from backend.analytics.radius import actions, reads
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router, problems
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from models.analytics.changes import Comparison, Radius, RadiusRequest
from models.core.base import PlainText
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code

router = operations_router("/api/analytics", "analytics")

Viewer = Annotated[Principal, require(Permission.VIEW_SCHEMA)]
Manager = Annotated[Principal, require(Permission.MANAGE_SCHEMA)]
Number = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("/compare", responses=problems(Code.NOT_FOUND))
async def compare_versions(
    _principal: Viewer,
    connection: Read,
    event_name: Annotated[PlainText, Query(alias="eventName", max_length=200)],
    old: Number,
    new: Number,
) -> Comparison:
    """Whether every event that fits the old version fits the new one, with an event that shows it where not."""
    before, after = await plan.version(connection, event_name, old), await plan.version(connection, event_name, new)
    return await compare(connection, before, after)


@router.get("/radius")
async def list_radii(
    _principal: Viewer,
    connection: Read,
    event_name: Annotated[PlainText | None, Query(alias="eventName", max_length=200)] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Radius]:
    """Looks at past events, newest first."""
    asked_at, last_id = decode_cursor(cursor, datetime, UUID)
    found = await reads.radii(connection, event_name=event_name, asked_at=asked_at, last_id=last_id, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.asked_at, UUID(last.id)))
    return Page[Radius](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/radius", status_code=202)
async def ask(request: RadiusRequest, principal: Manager, tx: Tx) -> Radius:
    """Ask what a version would do to the events of the last days; a worker takes it up, and nothing happens to them."""
    return await actions.ask(tx, actor=principal.user_id, request=request)


@router.get("/radius/{radius_id}")
async def get_radius(radius_id: str, _principal: Viewer, connection: Read) -> Radius:
    """One of them, with what was found when it is done."""
    return await reads.radius(connection, known_id(radius_id, "blast radius"))
