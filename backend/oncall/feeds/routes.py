"""``/api/operations/oncall/feeds``."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Header, Path, Response

from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import Secret, known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.oncall.feeds import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.oncall.rosters import Feed, FeedRequest, NewFeed

PREFIX = "/api/operations/oncall/feeds"
router = operations_router(PREFIX, "oncall")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]


@router.get("")
async def list_feeds(
    principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[Feed]:
    """List one's calendars, or everybody's for those who manage on-call; addresses are not shown again."""
    before = decode_cursor(cursor, datetime, UUID)
    viewer = None if Permission.MANAGE_ONCALL in principal.permissions else principal.user_id
    found = await reads.feeds(connection, viewer=viewer, before=(before[0], before[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.created_at, UUID(last.id)))
    return Page[Feed](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201, dependencies=[Secret])
async def create_feed(request: FeedRequest, principal: Viewer, tx: Tx, response: Response) -> NewFeed:
    """Make a calendar; its address is shown this once."""
    feed_id, secret = await actions.create(tx, principal=principal, request=request)
    feed = await reads.feed(tx, feed_id)
    return with_etag(response, NewFeed(**dict(feed), path=f"{PREFIX}/{secret}.ics"))


@router.post("/{feed_id}/revoke")
async def revoke_feed(feed_id: str, principal: Viewer, tx: Tx, response: Response) -> Feed:
    """End a calendar: its address answers nothing from now on."""
    key = known_id(feed_id, "calendar")
    await actions.revoke(tx, principal=principal, feed_id=key)
    return with_etag(response, await reads.feed(tx, key))


@router.get(
    "/{secret}.ics",
    response_class=Response,
    responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}, 304: {"description": "Unchanged."}},
)
async def get_calendar(
    secret: Annotated[str, Path(max_length=200)],
    database: Db,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
) -> Response:
    """The calendar itself, for programs that know its address and nothing else."""
    person, name, team = await actions.read_by_secret(database, secret)
    async with database.read() as connection:
        text = await reads.calendar_text(connection, person, name, team)
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="text/calendar; charset=utf-8", headers=headers)
