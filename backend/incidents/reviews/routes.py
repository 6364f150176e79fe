"""``/api/operations/incidents/{id}/review`` and action items."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from backend.core.capability import Audiences
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import invalid
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.incidents.reviews import actions, reads
from models.core.base import Text
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.incidents.reviews import (
    ActionItem,
    ActionItemChange,
    ActionItemDraft,
    IncidentReview,
    ReviewChange,
    ReviewState,
    ReviewSummary,
    ReviewVerdict,
)

router = operations_router("/api/operations/incidents", "incidents")
"""Reviews of incidents, by their ids."""
collections = operations_router("/api/operations/incidents", "incidents")
"""Reviews and action items of all incidents."""

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]


@collections.get("/reviews")
async def list_reviews(
    _principal: Viewer,
    connection: Read,
    state: Annotated[list[ReviewState] | None, Query()] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[ReviewSummary]:
    """List reviews, those of the newest incidents first."""
    (below,) = decode_cursor(cursor, int)
    found = await reads.reviews(connection, states=state, below=below, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.number,))
    return Page[ReviewSummary](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@collections.get("/actions")
async def list_actions(
    _principal: Viewer,
    connection: Read,
    incident_id: Annotated[str | None, Query(alias="incidentId", max_length=200)] = None,
    owner: Annotated[Text | None, Query()] = None,
    open_: Annotated[bool | None, Query(alias="open", description="Whether it is still to be done.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[ActionItem]:
    """List action items, the one due first before the others."""
    day, after = decode_cursor(cursor, str, UUID)
    try:
        due_on = None if day is None else date.fromisoformat(day)
    except ValueError:
        raise invalid("query:cursor", "the cursor is not one of ours; start again without it") from None
    found = await reads.actions(
        connection,
        incident_id=None if incident_id is None else known_id(incident_id, "incident"),
        owner=owner,
        is_open=open_,
        after=(due_on, after),
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (str(last.due_on), last.action_id))
    return Page[ActionItem](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@collections.patch("/actions/{action_id}")
async def change_action(
    action_id: str, request: ActionItemChange, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> ActionItem:
    """Change an action item, or say that it is done."""
    item = await actions.change_action(
        tx, actor=principal.user_id, action_id=known_id(action_id, "action item"), version=version, request=request
    )
    return with_etag(response, item)


@router.post("/{incident_id}/actions", status_code=201)
async def add_action(
    incident_id: str, request: ActionItemDraft, principal: Responder, tx: Tx, response: Response
) -> ActionItem:
    """Somebody is to do something so that it does not come back."""
    item = await actions.add_action(tx, actor=principal.user_id, incident_id=_id(incident_id), request=request)
    return with_etag(response, item)


@router.post("/{incident_id}/review", status_code=201)
async def begin_review(
    http: Request, incident_id: str, principal: Responder, tx: Tx, response: Response
) -> IncidentReview:
    """Begin its review, filled with what the records say; or answer the one there is."""
    review = await actions.begin(tx, actor=principal.user_id, incident_id=_id(incident_id), audiences=_audiences(http))
    return with_etag(response, review)


@router.get("/{incident_id}/review")
async def get_review(
    http: Request, incident_id: str, _principal: Viewer, connection: Read, response: Response
) -> IncidentReview:
    """Its review; its version is the ETag."""
    return with_etag(response, await reads.review(connection, _id(incident_id), _audiences(http)))


@router.patch("/{incident_id}/review")
async def change_review(
    http: Request,
    incident_id: str,
    request: ReviewChange,
    principal: Responder,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> IncidentReview:
    """Change what it says; it is a draft then, and you have written a part of it."""
    review = await actions.change(
        tx,
        actor=principal.user_id,
        incident_id=_id(incident_id),
        version=version,
        request=request,
        audiences=_audiences(http),
    )
    return with_etag(response, review)


@router.post("/{incident_id}/review/submit")
async def submit_review(
    http: Request, incident_id: str, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> IncidentReview:
    """Ask somebody else to approve it."""
    review = await actions.submit(
        tx, actor=principal.user_id, incident_id=_id(incident_id), version=version, audiences=_audiences(http)
    )
    return with_etag(response, review)


@router.post("/{incident_id}/review/decision")
async def decide_review(
    http: Request,
    incident_id: str,
    request: ReviewVerdict,
    principal: Responder,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> IncidentReview:
    """Approve it, or send it back; never by somebody who has written a part of it."""
    review = await actions.decide(
        tx,
        actor=principal.user_id,
        incident_id=_id(incident_id),
        version=version,
        request=request,
        audiences=_audiences(http),
    )
    return with_etag(response, review)


@router.post("/{incident_id}/review/publish")
async def publish_review(
    http: Request, incident_id: str, principal: Responder, tx: Tx, version: IfMatch, response: Response
) -> IncidentReview:
    """Publish it: figures and moments are kept as they are now, and the incident is reviewed."""
    review = await actions.publish(
        tx, actor=principal.user_id, incident_id=_id(incident_id), version=version, audiences=_audiences(http)
    )
    return with_etag(response, review)


def _audiences(http: Request) -> Audiences:
    audiences: Audiences = http.app.state.incident_audiences
    return audiences


def _id(text: str) -> UUID:
    return known_id(text, "incident")
