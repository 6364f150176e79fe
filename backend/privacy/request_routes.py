"""``/api/privacy/access-requests``: people's requests on the clock of the law. Specification: PrivacyRequest."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import KnownQuery, Secret, known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import invalid
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.privacy.access import Confidant, Manager, Officer, Ring, Viewer
from backend.privacy.clocks import reads as clocks
from backend.privacy.deadlines import actions as deadlines
from backend.privacy.looks import record_look
from backend.privacy.requests import actions, reads
from models.core.base import Instant
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import BUILT_IN_ROLE_BY_ID, Permission
from models.privacy import Jurisdiction
from models.privacy.requests import (
    AccessRequest,
    AccessRequestImport,
    AccessRequestImportResult,
    ExtendClock,
    JurisdictionChange,
    JurisdictionRules,
    LinkRequest,
    LookRequest,
    PauseClock,
    PrivacyRequest,
    RequestChange,
    RequestDetail,
    RequestFigures,
    RequestPerson,
    RequestSource,
    RequestState,
    RequestType,
    VerifyRequest,
)

router = operations_router("/api/privacy/access-requests", "privacy", dependencies=[KnownQuery])
jurisdictions = operations_router("/api/privacy/jurisdictions", "privacy", dependencies=[KnownQuery])

Submitter = Annotated[Principal, require(Permission.SUBMIT_PRIVACY_REQUESTS)]

_REFERENCE = re.compile(r"(?:PR-?)?0*(\d{1,15})", re.IGNORECASE)


@router.get("")
async def list_requests(
    _principal: Viewer,
    connection: Read,
    open_: Annotated[bool, Query(alias="open", description="Only those that are worked on.")] = True,
    status: Annotated[list[RequestState] | None, Query()] = None,
    type_: Annotated[list[RequestType] | None, Query(alias="type")] = None,
    owner: Annotated[str | None, Query(max_length=255)] = None,
    reference: Annotated[str | None, Query(max_length=30, description="Such as PR-0012.")] = None,
    due_before: Annotated[Instant | None, Query(alias="dueBefore")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[PrivacyRequest]:
    """List requests; what falls due first stands first."""
    wanted = reads.RequestFilter(
        open=open_, states=status, types=type_, owner=owner, number=_number(reference), due_before=due_before
    )
    after: tuple[datetime | None, UUID | None] = decode_cursor(cursor, datetime, UUID)
    found = await reads.page(connection, wanted, after, limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.due_at, UUID(last.request_id)))
    return Page[PrivacyRequest](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


def _number(reference: str | None) -> int | None:
    if reference is None:
        return None
    found = _REFERENCE.fullmatch(reference.strip())
    if found is None:
        raise invalid("query:reference", "a reference looks like PR-0012")
    return int(found[1])


@router.post("", status_code=201, dependencies=[Secret])
async def take_in(
    request: AccessRequest, principal: Submitter, ring: Ring, tx: Tx, response: Response
) -> PrivacyRequest:
    """Take in a request, from the shop or by support for a person. It waits for proof of identity."""
    machine = any(role in BUILT_IN_ROLE_BY_ID and BUILT_IN_ROLE_BY_ID[role].service for role in principal.roles)
    source = RequestSource.SHOP if machine else RequestSource.SUPPORT
    intake = actions.Intake(principal.user_id, source, vouches=machine)
    return with_etag(response, await actions.take_in(tx, ring, intake=intake, request=request))


@router.post("/import", dependencies=[Secret])
async def import_requests(
    request: AccessRequestImport, principal: Manager, ring: Ring, tx: Tx
) -> AccessRequestImportResult:
    """Take in many from another system; each waits for proof of identity, whatever that system knew."""
    return await actions.import_requests(tx, ring, actor=principal.user_id, request=request)


@router.get("/figures")
async def request_figures(principal: Viewer, connection: Read) -> RequestFigures:
    """How many are open, of what kind, and late."""
    return await reads.figures(connection, principal.user_id)


@router.get("/{request_id}")
async def get_request(
    request_id: str, http: Request, principal: Viewer, connection: Read, response: Response
) -> RequestDetail:
    """One request; what was written about it only for those who see personal data. Its version is the ETag."""
    personal = Permission.VIEW_PERSONAL_DATA in principal.permissions
    found = await reads.detail(connection, http.app.state.key_ring, _id(request_id), personal=personal)
    return with_etag(response, found)


@router.patch("/{request_id}")
async def change_request(
    request_id: str,
    request: RequestChange,
    principal: Manager,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> PrivacyRequest:
    """Give it to somebody, under another law, or close it with a reason the person is told."""
    changed = await actions.change(
        tx, ring, actor=principal.user_id, request_id=_id(request_id), version=version, request=request
    )
    return with_etag(response, changed)


@router.post("/{request_id}/person", dependencies=[Secret])
async def look_at_person(
    request_id: str, request: LookRequest, principal: Confidant, ring: Ring, tx: Tx
) -> RequestPerson:
    """Who it is from and what they wrote. The look is audited with its purpose."""
    found, person_id = await reads.person_of(tx, ring, _id(request_id))
    await record_look(
        tx, actor=principal.user_id, what=f"request {found.request_id}", person_id=person_id, purpose=request.purpose
    )
    return found


@router.post("/{request_id}/verify")
async def verify_person(
    request_id: str,
    request: VerifyRequest,
    principal: Officer,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> PrivacyRequest:
    """Say whether the person is who they say."""
    found = await actions.verify(
        tx, ring, actor=principal.user_id, request_id=_id(request_id), version=version, request=request
    )
    return with_etag(response, found)


@router.post("/{request_id}/link")
async def link_request(
    request_id: str, request: LinkRequest, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> PrivacyRequest:
    """Say that it is the same as another one, which is worked on instead."""
    found = await actions.link(
        tx, actor=principal.user_id, request_id=_id(request_id), version=version, request=request
    )
    return with_etag(response, found)


@router.post("/{request_id}/unlink")
async def unlink_request(
    request_id: str, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> PrivacyRequest:
    """Say that it is no duplicate; it waits for proof of identity."""
    found = await actions.unlink(tx, actor=principal.user_id, request_id=_id(request_id), version=version)
    return with_etag(response, found)


@router.post("/{request_id}/pause")
async def pause_clock(
    request_id: str,
    request: PauseClock,
    principal: Manager,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> PrivacyRequest:
    """Stop its clock, for a reason the law allows."""
    found = await deadlines.pause(
        tx, ring, actor=principal.user_id, request_id=_id(request_id), version=version, request=request
    )
    return with_etag(response, found)


@router.post("/{request_id}/resume")
async def resume_clock(
    request_id: str, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> PrivacyRequest:
    """Have its clock run again."""
    found = await deadlines.resume(tx, actor=principal.user_id, request_id=_id(request_id), version=version)
    return with_etag(response, found)


@router.post("/{request_id}/extend")
async def extend_clock(
    request_id: str,
    request: ExtendClock,
    principal: Officer,
    ring: Ring,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> PrivacyRequest:
    """Take the longer time the law gives; the person is sent the notice."""
    found = await deadlines.extend(
        tx, ring, actor=principal.user_id, request_id=_id(request_id), version=version, request=request
    )
    return with_etag(response, found)


@jurisdictions.get("")
async def list_jurisdictions(_principal: Viewer, connection: Read) -> Page[JurisdictionRules]:
    """What the law of each jurisdiction says about requests."""
    found = await clocks.all_rules(connection)
    items, following, left_out = cut_page(found, len(found), lambda _last: ())
    return Page[JurisdictionRules](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@jurisdictions.put("/{code}")
async def change_jurisdiction(
    code: Jurisdiction,
    request: JurisdictionChange,
    principal: Officer,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> JurisdictionRules:
    """Read a law differently; what is open under it is dated anew."""
    found = await deadlines.change_rules(tx, actor=principal.user_id, code=code, version=version, request=request)
    return with_etag(response, found)


def _id(text: str) -> UUID:
    return known_id(text, "request")
