"""The inbox of violations and the live tail, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from backend.analytics.inbox import actions, reads
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from models.analytics.events import Tail, ViolationChange, ViolationGroup, ViolationState
from models.core.base import Instant, PlainText
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission

router = operations_router("/api/analytics", "analytics")

Viewer = Annotated[Principal, require(Permission.VIEW_SCHEMA)]
Manager = Annotated[Principal, require(Permission.MANAGE_SCHEMA)]
EventNameFilter = Annotated[PlainText | None, Query(alias="eventName", max_length=200)]


@router.get("/violations")
async def list_violations(
    _principal: Viewer,
    connection: Read,
    state: ViolationState | None = None,
    event_name: EventNameFilter = None,
    assigned_to: Annotated[PlainText | None, Query(alias="assignedTo", max_length=255)] = None,
    unassigned: bool = False,
    since: Annotated[Instant | None, Query(description="First seen from then on.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[ViolationGroup]:
    """Violations by mistake, the one that was seen last first."""
    last_seen, last_id = decode_cursor(cursor, datetime, UUID)
    wanted = reads.ViolationFilter(state, event_name, assigned_to, unassigned, since)
    found = await reads.violations(connection, wanted, last_seen=last_seen, last_id=last_id, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.last_seen, UUID(last.id)))
    return Page[ViolationGroup](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/violations/{violation_id}")
async def get_violation(violation_id: str, _principal: Viewer, connection: Read, response: Response) -> ViolationGroup:
    """A mistake, with how often it was seen."""
    return with_etag(response, await reads.violation(connection, known_id(violation_id, "violation")))


@router.patch("/violations/{violation_id}")
async def change_violation(
    violation_id: str,
    request: ViolationChange,
    principal: Manager,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> ViolationGroup:
    """Assign a mistake, mute it until an instant, or say that it is fixed: seen again, it is open again."""
    known = known_id(violation_id, "violation")
    after = await actions.change(tx, actor=principal.user_id, violation_id=known, version=version, request=request)
    return with_etag(response, after)


@router.get("/tail")
async def get_tail(
    http: Request,
    _principal: Viewer,
    connection: Read,
    event_name: EventNameFilter = None,
    producer: Annotated[PlainText | None, Query(max_length=60)] = None,
    violations: Annotated[bool, Query(description="Only those that do not fit.")] = False,
    since: Annotated[Instant | None, Query(description="Received after this instant.")] = None,
    limit: Limit = PAGE_DEFAULT,
) -> Tail:
    """The newest events, newest first. Values that say something about a person are never in it."""
    plan = await http.app.state.plans.current(connection)
    items = await reads.tail(
        connection,
        plan,
        event_name=event_name,
        producer=producer,
        violations=violations,
        since=since,
        limit=limit,
    )
    return Tail(items=items, as_of=await clock(connection))
