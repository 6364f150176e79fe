"""``/api/privacy/policies``: versions of the privacy policy, and who has acknowledged them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import KnownQuery, Secret, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor, encode_cursor
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.privacy.access import Ring
from backend.privacy.looks import record_look
from backend.privacy.policies import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.privacy.consent import (
    AcknowledgementRequest,
    Campaign,
    OutstandingPerson,
    OutstandingRequest,
    Policy,
    PolicyAcknowledgement,
    PolicyRequest,
)

router = operations_router("/api/privacy/policies", "privacy", dependencies=[KnownQuery])

Recorder = Annotated[Principal, require(Permission.RECORD_CONSENT)]
Viewer = Annotated[Principal, require(Permission.VIEW_PRIVACY_REQUESTS)]
Confidant = Annotated[Principal, require(Permission.VIEW_PERSONAL_DATA)]
Manager = Annotated[Principal, require(Permission.MANAGE_PRIVACY_REQUESTS)]
Publisher = Annotated[Principal, require(Permission.MANAGE_PRIVACY_REQUESTS, step_up=300)]
PolicyVersion = Annotated[int, Path(alias="version", ge=1, le=2**31 - 1)]


@router.get("")
async def list_policies(
    _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[Policy]:
    """List versions, the newest first, with how many have acknowledged them."""
    (below,) = decode_cursor(cursor, int)
    found = await reads.page(connection, below, limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.version,))
    return Page[Policy](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def publish_policy(request: PolicyRequest, principal: Publisher, tx: Tx, response: Response) -> Policy:
    """Publish a version with the texts of its forms; it is in force at once."""
    return with_etag(response, await actions.publish(tx, actor=principal.user_id, request=request))


@router.get("/{version}")
async def get_policy(version: PolicyVersion, _principal: Viewer, connection: Read, response: Response) -> Policy:
    """One version."""
    return with_etag(response, await reads.find(connection, version))


@router.post("/{version}/acknowledge", status_code=201)
async def acknowledge_policy(
    version: PolicyVersion, request: AcknowledgementRequest, principal: Recorder, ring: Ring, tx: Tx
) -> PolicyAcknowledgement:
    """A person acknowledges a version; again answers when they did."""
    return await actions.acknowledge(tx, ring, actor=principal.user_id, version=version, request=request)


@router.post("/{version}/outstanding", dependencies=[Secret])
async def list_outstanding(
    version: PolicyVersion, request: OutstandingRequest, principal: Confidant, ring: Ring, tx: Tx
) -> Page[OutstandingPerson]:
    """Who still has to acknowledge a version. The look is audited with its purpose."""
    await reads.find(tx, version)
    after: tuple[UUID | None] = decode_cursor(request.cursor, UUID)
    people = await reads.outstanding(tx, version, after[0], request.limit + 1)
    shown = people[: request.limit]
    await record_look(
        tx, actor=principal.user_id, what=f"outstanding of policy {version}", person_id=None, purpose=request.purpose
    )
    known = await reads.who(tx, ring, shown)
    items = tuple(
        OutstandingPerson(
            person_id=str(each),
            user_id=next(iter(known.get(each, {}).get("customer_id", ())), None),
            email=next(iter(known.get(each, {}).get("email", ())), None),
        )
        for each in shown
    )
    following = encode_cursor(shown[-1]) if len(people) > len(shown) else None
    return Page[OutstandingPerson](items=items, next_cursor=following, as_of=await clock(tx))


@router.post("/{version}/campaign", status_code=202)
async def begin_campaign(version: PolicyVersion, principal: Manager, tx: Tx) -> Campaign:
    """Have the shop ask those who still have to acknowledge it."""
    return await actions.begin_campaign(tx, actor=principal.user_id, version=version)
