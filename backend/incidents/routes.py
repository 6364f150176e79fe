"""``/api/operations/incidents``: the records, who works on them, their alerts. Specification: "Incident Response"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import invalid
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.deliveries import thread_notices
from backend.incidents import notices, paging
from backend.incidents.alerts import actions as alert_actions
from backend.incidents.alerts import reads as alert_reads
from backend.incidents.crew import actions as crew
from backend.incidents.merging import actions as merging
from backend.incidents.records import actions, reads
from models.core.base import Instant, Text
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.incidents import (
    AlertIncident,
    AttachAlerts,
    IncidentChange,
    IncidentDraft,
    IncidentRecord,
    IncidentSeverity,
    IncidentStatus,
    IncidentUpdateRequest,
    KeyTimesChange,
    LeaveRequest,
    MergeRequest,
    PageRequest,
    ParticipantRequest,
    RoleRequest,
)
from models.incidents.alerts import AttachedAlert
from models.incidents.deliveries import IncidentDeliveries
from models.incidents.reviews import ResponseFigures

NOTICES_MOST = 200

router = operations_router("/api/operations/incidents", "incidents")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]


@router.get("")
async def list_incidents(
    _principal: Viewer,
    connection: Read,
    status: Annotated[list[IncidentStatus] | None, Query()] = None,
    severity: Annotated[list[IncidentSeverity] | None, Query()] = None,
    open_: Annotated[bool | None, Query(alias="open", description="Whether it is still worked on.")] = None,
    since: Annotated[Instant | None, Query(alias="from", description="Detected from this instant on.")] = None,
    until: Annotated[Instant | None, Query(alias="to", description="Detected before this instant.")] = None,
    alert_id: Annotated[str | None, Query(alias="alertId", max_length=200, description="An alert of it.")] = None,
    text: Annotated[Text | None, Query(description="Words of reference, title, description or services.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[IncidentRecord]:
    """List incidents, newest first."""
    (below,) = decode_cursor(cursor, int)
    wanted = reads.IncidentFilter(
        statuses=status,
        severities=severity,
        open=open_,
        since=since,
        until=until,
        alert_id=None if alert_id is None else known_id(alert_id, "alert"),
        text=text,
    )
    found = await reads.incidents(connection, wanted, below=below, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.number,))
    return Page[IncidentRecord](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def create_incident(request: IncidentDraft, principal: Responder, tx: Tx, response: Response) -> IncidentRecord:
    """Open an incident; whoever is on call for its severity is paged."""
    return with_etag(response, await actions.open_incident(tx, actor=principal.user_id, request=request))


@router.post("/from-alert", status_code=201)
async def open_from_alert(request: AlertIncident, principal: Responder, tx: Tx, response: Response) -> IncidentRecord:
    """Open an incident out of an alert, or answer the open one that it or its group belongs to."""
    return with_etag(response, await alert_actions.open_from_alert(tx, actor=principal.user_id, request=request))


@router.get("/figures")
async def response_figures(
    _principal: Viewer,
    connection: Read,
    months: Annotated[int, Query(ge=1, le=60, description="So many months, this one too.")] = 12,
) -> ResponseFigures:
    """Mean times to detect, to acknowledge and to resolve, by month and severity."""
    return await reads.response_figures(connection, months)


@router.get("/{incident_id}")
async def get_incident(incident_id: str, _principal: Viewer, connection: Read, response: Response) -> IncidentRecord:
    """One incident; its version is the ETag."""
    return with_etag(response, await reads.incident(connection, _id(incident_id)))


@router.post("/{incident_id}/update")
async def update_incident(
    incident_id: str,
    request: IncidentUpdateRequest,
    principal: Responder,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> IncidentRecord:
    """Say how far it has come, what was done, or both. Alerts that still burn go on."""
    incident = await actions.update_incident(
        tx, principal=principal, incident_id=_id(incident_id), version=version, request=request
    )
    return with_etag(response, incident)


@router.patch("/{incident_id}")
async def change_incident(
    incident_id: str, request: IncidentChange, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> IncidentRecord:
    """Change what it is; fields left out stay. A worse severity pages by the matrix anew."""
    incident = await actions.change_incident(
        tx, principal=principal, incident_id=_id(incident_id), version=version, request=request
    )
    return with_etag(response, incident)


@router.post("/{incident_id}/times")
async def change_times(
    incident_id: str, request: KeyTimesChange, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> IncidentRecord:
    """Other key times, with the reason; those before stay in the log."""
    incident = await actions.change_times(
        tx, actor=principal.user_id, incident_id=_id(incident_id), version=version, request=request
    )
    return with_etag(response, incident)


@router.post("/{incident_id}/roles")
async def assign_role(
    incident_id: str, request: RoleRequest, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> IncidentRecord:
    """Give a role to somebody, hand it over, or take it back."""
    incident = await crew.assign_role(
        tx, actor=principal.user_id, incident_id=_id(incident_id), version=version, request=request
    )
    return with_etag(response, incident)


@router.post("/{incident_id}/participants")
async def add_participant(
    incident_id: str, request: ParticipantRequest, principal: Responder, tx: Tx, response: Response
) -> IncidentRecord:
    """Somebody works on it, for a reason."""
    incident = await crew.add_participant(tx, actor=principal.user_id, incident_id=_id(incident_id), request=request)
    return with_etag(response, incident)


@router.delete("/{incident_id}/participants/{user_id}")
async def remove_participant(
    incident_id: str, user_id: str, request: LeaveRequest, principal: Responder, tx: Tx, response: Response
) -> IncidentRecord:
    """Somebody works on it no longer, for a reason."""
    incident = await crew.remove_participant(
        tx, actor=principal.user_id, incident_id=_id(incident_id), user_id=user_id, request=request
    )
    return with_etag(response, incident)


@router.post("/{incident_id}/page")
async def page_policy(
    incident_id: str, request: PageRequest, principal: Responder, tx: Tx, response: Response
) -> IncidentRecord:
    """Page an escalation policy for it."""
    incident = await actions.page_policy(tx, actor=principal.user_id, incident_id=_id(incident_id), request=request)
    return with_etag(response, incident)


@router.get("/{incident_id}/deliveries")
async def list_deliveries(incident_id: str, _principal: Viewer, connection: Read) -> IncidentDeliveries:
    """Who was paged and answered, what was told to whom, and what became of each message."""
    found = await reads.incident(connection, _id(incident_id))
    return IncidentDeliveries(
        pages=await paging.pages(connection, found.incident_id),
        notices=await thread_notices(connection, notices.thread_of(found.incident_id), NOTICES_MOST),
        as_of=await clock(connection),
    )


@router.post("/{incident_id}/merge")
async def merge(
    incident_id: str, request: MergeRequest, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> IncidentRecord:
    """Say that it is a part of another one, which is answered; both timelines are read there."""
    try:
        into = UUID(request.into)
    except ValueError:
        raise invalid("/into", "there is no such incident") from None
    whole = await merging.merge(
        tx, principal=principal, incident_id=_id(incident_id), into=into, version=version, request=request
    )
    return with_etag(response, whole)


@router.get("/{incident_id}/alerts")
async def list_alerts(
    incident_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[AttachedAlert]:
    """List its alerts as they are now, the one attached last first."""
    after = decode_cursor(cursor, datetime, UUID)
    await reads.incident(connection, _id(incident_id))
    found = await alert_reads.attached(connection, _id(incident_id), after=(after[0], after[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.attached_at, last.id))
    return Page[AttachedAlert](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/{incident_id}/alerts")
async def attach_alerts(
    incident_id: str, request: AttachAlerts, principal: Responder, tx: Tx, response: Response
) -> IncidentRecord:
    """Attach alerts; later ones of their groups join by themselves."""
    incident = await alert_actions.attach_alerts(
        tx, actor=principal.user_id, incident_id=_id(incident_id), request=request
    )
    return with_etag(response, incident)


@router.delete("/{incident_id}/alerts/{alert_id}")
async def detach_alert(
    incident_id: str, alert_id: str, principal: Responder, tx: Tx, response: Response
) -> IncidentRecord:
    """Say that an alert has nothing to do with it; it stays apart from then on."""
    incident = await alert_actions.detach_alert(
        tx, actor=principal.user_id, incident_id=_id(incident_id), alert_id=known_id(alert_id, "alert")
    )
    return with_etag(response, incident)


def _id(text: str) -> UUID:
    return known_id(text, "incident")
