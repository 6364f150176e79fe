"""``/api/operations/incidents/{id}/timeline`` and ``POST /api/ingest/deploys``."""

from __future__ import annotations

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from backend.core.capability import Audiences
from backend.core.database import Connection
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Limit, cut_page
from backend.core.problems import invalid
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.incidents.records.reads import incident
from backend.incidents.timeline import actions, export, reads
from models.core.base import INT64, Instant
from models.core.paging import PAGE_DEFAULT
from models.core.permissions import Permission
from models.incidents import IncidentRecord
from models.incidents.timeline import (
    EntryCorrection,
    EntryPin,
    NoteDraft,
    TimelineEntry,
    TimelineKind,
    TimelineLanes,
    TimelinePage,
)
from models.shop.ingest import Batch, IngestResult

router = operations_router("/api/operations/incidents", "incidents")
ingest = operations_router("/api/ingest", "ingest")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]
Pipeline = Annotated[Principal, require(Permission.INGEST)]
Kinds = Annotated[list[TimelineKind] | None, Query(description="Only these; all when left out.")]
Story = Annotated[
    bool, Query(description="Its own, deploys of its services, and changes of the rules that raised its alerts.")
]
From = Annotated[Instant | None, Query(alias="from", description="Recorded from this instant on.")]
To = Annotated[Instant | None, Query(alias="to", description="Recorded before this instant.")]
Position = Annotated[int | None, Query(ge=0, le=INT64)]


@router.get("/{incident_id}/timeline")
async def read_timeline(
    http: Request,
    incident_id: str,
    principal: Viewer,
    connection: Read,
    kind: Kinds = None,
    since: From = None,
    until: To = None,
    own: Annotated[bool, Query(description="Nothing of what happened elsewhere at the time.")] = False,
    story: Story = False,
    pinned: Annotated[bool, Query(description="Only what tells the story.")] = False,
    before: Annotated[Position, Query(description="Under this position, downwards.")] = None,
    after: Annotated[Position, Query(description="Over this position, upwards.")] = None,
    limit: Limit = PAGE_DEFAULT,
) -> TimelinePage:
    """What happened, by position: the newest first, or with ``after`` the oldest first. Names what you may read.

    ``nextCursor`` is the position to go on at, in the same direction.
    """
    if before is not None and after is not None:
        raise invalid("query:after", "give one of before and after")
    of = await reads.timeline(
        connection,
        known_id(incident_id, "incident"),
        audiences=_audiences(http),
        permissions=principal.permissions,
        kinds=kind,
        window=(since, until),
        only_own=own,
        story=story,
    )
    newest, now = await reads.newest(connection)
    if pinned:
        positions = await reads.pinned(connection, of, after or reads.FIRST, reads.LAST if before is None else before)
        positions = (positions if after is not None else positions[::-1])[: limit + 1]
    elif after is not None:
        positions = await reads.newer(connection, of, after, limit + 1)
    else:
        positions = await reads.older(connection, of, reads.LAST if before is None else before, limit + 1)
    found = await reads.entries(connection, of, positions[:limit])
    items, _, left_out = cut_page(found, limit, lambda last: (last.position,))
    return TimelinePage(
        items=items,
        left_out=left_out,
        next_cursor=str(positions[limit - 1]) if len(positions) > limit else None,
        newest=newest,
        as_of=now,
    )


@router.get("/{incident_id}/timeline/lanes")
async def read_lanes(
    http: Request,
    incident_id: str,
    principal: Viewer,
    connection: Read,
    since: Annotated[Instant, Query(alias="from")],
    until: Annotated[Instant, Query(alias="to")],
    own: bool = False,
    story: Story = False,
    buckets: Annotated[int, Query(ge=1, le=500, description="Stretches.")] = 120,
) -> TimelineLanes:
    """How many entries of each kind there are in each stretch: what a time axis draws, however many entries."""
    of = await reads.timeline(
        connection,
        known_id(incident_id, "incident"),
        audiences=_audiences(http),
        permissions=principal.permissions,
        only_own=own,
        story=story,
    )
    return await reads.lanes(connection, of, since=since, until=until, buckets=buckets)


@router.get("/{incident_id}/timeline.md", response_class=Response, responses={200: {"content": {"text/markdown": {}}}})
async def timeline_markdown(
    http: Request,
    incident_id: str,
    principal: Viewer,
    connection: Read,
    own: bool = False,
    story: Story = False,
    kind: Kinds = None,
) -> Response:
    """The timeline as Markdown, oldest first, up to 20 000 entries."""
    made = await _export(http, incident_id, principal, connection, own, story, kind, export.ENTRIES_MOST)
    return _file(await asyncio.to_thread(export.to_markdown, made), "text/markdown; charset=utf-8", made, "md")


@router.get(
    "/{incident_id}/timeline.json", response_class=Response, responses={200: {"content": {"application/json": {}}}}
)
async def timeline_json(
    http: Request,
    incident_id: str,
    principal: Viewer,
    connection: Read,
    own: bool = False,
    story: Story = False,
    kind: Kinds = None,
) -> Response:
    """The timeline as JSON, oldest first, up to 20 000 entries."""
    made = await _export(http, incident_id, principal, connection, own, story, kind, export.ENTRIES_MOST)
    return _file(await asyncio.to_thread(export.to_json, made), "application/json", made, "json")


@router.get(
    "/{incident_id}/timeline.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}}
)
async def timeline_pages(
    http: Request,
    incident_id: str,
    principal: Viewer,
    connection: Read,
    own: bool = False,
    story: Story = False,
    kind: Kinds = None,
) -> Response:
    """The timeline as PDF, oldest first, up to 2 000 entries."""
    # Only here: the library is large, and the API's start does not wait for it.
    from backend.incidents.timeline.pdf import to_pdf

    made = await _export(http, incident_id, principal, connection, own, story, kind, export.PAGES_MOST)
    return _file(await asyncio.to_thread(to_pdf, made), "application/pdf", made, "pdf")


@router.post("/{incident_id}/notes", status_code=201)
async def write_note(
    incident_id: str, request: NoteDraft, principal: Responder, tx: Tx, response: Response
) -> IncidentRecord:
    """Note what the log does not know, with when it happened. It stands in the timeline a moment later."""
    noted = await actions.write_note(
        tx, actor=principal.user_id, incident_id=known_id(incident_id, "incident"), request=request
    )
    return with_etag(response, noted)


@router.post("/{incident_id}/timeline/{position}/pin")
async def pin_entry(
    http: Request, incident_id: str, position: str, request: EntryPin, principal: Responder, tx: Tx
) -> TimelineEntry:
    """Say that an entry tells the story, or no longer does."""
    of = await _whole(http, incident_id, principal, tx)
    at = _position(position)
    await actions.pin_entry(
        tx, actor=principal.user_id, incident_id=UUID(of.incidents[0]), of=of, position=at, pinned=request.pinned
    )
    return await reads.entry(tx, of, at)


@router.post("/{incident_id}/timeline/{position}/correct")
async def correct_entry(
    http: Request, incident_id: str, position: str, request: EntryCorrection, principal: Responder, tx: Tx
) -> TimelineEntry:
    """Say what is right about an entry; the entry stays."""
    of = await _whole(http, incident_id, principal, tx)
    at = _position(position)
    await actions.correct_entry(
        tx, actor=principal.user_id, incident_id=UUID(of.incidents[0]), of=of, position=at, request=request
    )
    return await reads.entry(tx, of, at)


@ingest.post("/deploys")
async def deploys(principal: Pipeline, tx: Tx, request: Batch) -> IngestResult:
    """Store deploys: ``{id, service, version, environment?, deployedAt, deployedBy?, url?}``."""
    return await actions.ingest_deploys(tx, request, sent_by=principal.user_id)


async def _whole(http: Request, incident_id: str, principal: Principal, connection: Connection) -> reads.Timeline:
    return await reads.timeline(
        connection,
        known_id(incident_id, "incident"),
        audiences=_audiences(http),
        permissions=principal.permissions,
    )


async def _export(
    http: Request,
    incident_id: str,
    principal: Principal,
    connection: Connection,
    own: bool,
    story: bool,
    kinds: list[TimelineKind] | None,
    most: int,
) -> export.Export:
    known = known_id(incident_id, "incident")
    of = await reads.timeline(
        connection,
        known,
        audiences=_audiences(http),
        permissions=principal.permissions,
        kinds=kinds,
        only_own=own,
        story=story,
    )
    _, now = await reads.newest(connection)
    return await export.collect(connection, await incident(connection, known), of, most=most, made_at=now)


def _audiences(http: Request) -> Audiences:
    audiences: Audiences = http.app.state.incident_audiences
    return audiences


def _position(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _file(data: bytes, media_type: str, made: export.Export, ending: str) -> Response:
    name = f"{made.incident.reference}.{ending}"
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
