"""``/api/operations/incidents/{id}/updates``: what everybody outside of the response is told."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.incidents.records.reads import incident
from backend.incidents.updates import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.incidents.updates import IncidentUpdate, UpdateDraft, UpdatePhase, UpdatePreview, UpdateSuggestion

router = operations_router("/api/operations/incidents", "incidents")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]


@router.get("/{incident_id}/updates")
async def list_updates(
    incident_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[IncidentUpdate]:
    """List the updates of an incident, newest first."""
    (below,) = decode_cursor(cursor, int)
    known = known_id(incident_id, "incident")
    await incident(connection, known)
    found = await reads.updates(connection, known, below=below, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.number,))
    return Page[IncidentUpdate](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/{incident_id}/updates/suggestion")
async def suggest_update(
    incident_id: str,
    _principal: Responder,
    connection: Read,
    phase: Annotated[UpdatePhase, Query()] = UpdatePhase.INVESTIGATING,
) -> UpdateSuggestion:
    """An update to begin with: text, where it can go, and when the next one would be due."""
    return await reads.suggestion(connection, await incident(connection, known_id(incident_id, "incident")), phase)


@router.post("/{incident_id}/updates/preview")
async def preview_update(
    incident_id: str, request: UpdateDraft, principal: Responder, connection: Read
) -> UpdatePreview:
    """What each channel would be sent; nothing is."""
    audit_trail.nothing_changed()  # it only looks
    known = await incident(connection, known_id(incident_id, "incident"))
    return await reads.preview(connection, known, request, actor=principal.user_id)


@router.post("/{incident_id}/updates", status_code=201)
async def post_update(incident_id: str, request: UpdateDraft, principal: Responder, tx: Tx) -> IncidentUpdate:
    """Post an update to the channels chosen, in the thread of the incident."""
    return await actions.post(
        tx, actor=principal.user_id, incident_id=known_id(incident_id, "incident"), request=request
    )
