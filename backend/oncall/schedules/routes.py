"""``/api/operations/oncall/schedules`` and ``/overrides``."""

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
from backend.oncall.schedules import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.oncall.schedules import (
    Override,
    OverrideMade,
    OverrideRequest,
    Revision,
    RevisionRequest,
    Schedule,
    ScheduleChange,
    ScheduleRequest,
)

router = operations_router("/api/operations/oncall", "oncall")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Manager = Annotated[Principal, require(Permission.MANAGE_ONCALL)]


def _id(schedule_id: str) -> UUID:
    return known_id(schedule_id, "schedule")


@router.get("/schedules")
async def list_schedules(
    _principal: Viewer,
    connection: Read,
    archived: Annotated[bool, Query(description="Those that are archived instead.")] = False,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Schedule]:
    """List schedules by name."""
    after = decode_cursor(cursor, str, UUID)
    found = await reads.schedules(connection, archived=archived, after=(after[0], after[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.name.lower(), UUID(last.id)))
    return Page[Schedule](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/schedules", status_code=201)
async def create_schedule(request: ScheduleRequest, principal: Manager, tx: Tx, response: Response) -> Schedule:
    """Add a schedule, in force from now on."""
    schedule_id = await actions.create(tx, actor=principal.user_id, request=request)
    return with_etag(response, await reads.schedule(tx, schedule_id))


@router.get("/schedules/{schedule_id}")
async def get_schedule(schedule_id: str, _principal: Viewer, connection: Read, response: Response) -> Schedule:
    """One schedule as it stands; its version is the ETag, and rises with every change of who is on."""
    return with_etag(response, await reads.schedule(connection, _id(schedule_id)))


@router.patch("/schedules/{schedule_id}")
async def change_schedule(
    schedule_id: str, request: ScheduleChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Schedule:
    """Rename a schedule, give it to another team, or archive it."""
    key = _id(schedule_id)
    await actions.change(tx, actor=principal.user_id, schedule_id=key, version=version, request=request)
    return with_etag(response, await reads.schedule(tx, key))


@router.get("/schedules/{schedule_id}/revisions")
async def list_revisions(
    schedule_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[Revision]:
    """List every definition of a schedule, the newest first."""
    (before,) = decode_cursor(cursor, int)
    found = await reads.revisions(connection, _id(schedule_id), before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.revision,))
    return Page[Revision](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/schedules/{schedule_id}/revisions")
async def revise_schedule(
    schedule_id: str, request: RevisionRequest, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Schedule:
    """Change layers, turns or what must be covered, from now on or later."""
    key = _id(schedule_id)
    await actions.revise(tx, actor=principal.user_id, schedule_id=key, version=version, request=request)
    return with_etag(response, await reads.schedule(tx, key))


@router.get("/schedules/{schedule_id}/overrides")
async def list_overrides(
    schedule_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[Override]:
    """List every override of a schedule as it was entered, the newest first."""
    before = decode_cursor(cursor, datetime, UUID)
    found = await reads.overrides(
        connection, schedule_id=_id(schedule_id), before=(before[0], before[1]), limit=limit + 1
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.recorded_at, UUID(last.id)))
    return Page[Override](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/schedules/{schedule_id}/overrides", status_code=201)
async def add_override(schedule_id: str, request: OverrideRequest, principal: Manager, tx: Tx) -> OverrideMade:
    """Put somebody else on for a while; what could have no effect is refused and says who is on."""
    return await actions.add_override(tx, actor=principal.user_id, schedule_id=_id(schedule_id), request=request)


@router.post("/overrides/{override_id}/cancel")
async def cancel_override(override_id: str, principal: Manager, tx: Tx) -> Override:
    """End an override from now on; of a swap, both of its halves."""
    key = known_id(override_id, "override")
    await actions.cancel_override(tx, actor=principal.user_id, override_id=key)
    return await reads.override(tx, key)
