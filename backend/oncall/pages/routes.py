"""``/api/operations/oncall/pages``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.oncall.pages import actions, reads
from backend.oncall.people import known_people
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code
from models.oncall.pages import (
    ManualPageRequest,
    PageDetail,
    PageState,
    PageSummary,
    ResolvePage,
    TestPageRequest,
    TestPages,
)

router = operations_router("/api/operations/oncall/pages", "oncall")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Responder = Annotated[Principal, require(Permission.MANAGE_INCIDENTS)]

MANUAL = "manual"


def _id(page_id: str) -> UUID:
    return known_id(page_id, "page")


@router.get("")
async def list_pages(
    _principal: Viewer,
    connection: Read,
    state: Annotated[list[PageState] | None, Query()] = None,
    test: Annotated[bool | None, Query(description="Only tests, or none.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[PageSummary]:
    """List pages, the newest first."""
    before = decode_cursor(cursor, datetime, UUID)
    found = await reads.pages(connection, states=state, test=test, before=(before[0], before[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.started_at, UUID(last.id)))
    return Page[PageSummary](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def start_page(request: ManualPageRequest, principal: Responder, tx: Tx, response: Response) -> PageDetail:
    """Page by a policy, by hand."""
    subject = actions.Subject(MANUAL, str(uuid4()), request.title, request.severity, "")
    policy_id = known_id(request.policy_id, "escalation policy")
    page_id = await actions.start(tx, actor=principal.user_id, policy_id=policy_id, subject=subject)
    return with_etag(response, await reads.page(tx, page_id))


@router.post("/test", status_code=201)
async def test_pages(request: TestPageRequest, principal: Viewer, tx: Tx) -> TestPages:
    """Page oneself to see that it arrives; others only for those who manage on-call. Nothing is escalated."""
    people = request.people or (principal.user_id,)
    if set(people) != {principal.user_id} and Permission.MANAGE_ONCALL not in principal.permissions:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "Only those who manage on-call test whether others are reached.",
            permission=Permission.MANAGE_ONCALL,
        )
    await known_people(tx, people, "/people")
    made = await actions.start_tests(tx, actor=principal.user_id, people=people)
    return TestPages(pages=await reads.some(tx, made))


@router.get("/{page_id}")
async def get_page(page_id: str, _principal: Viewer, connection: Read, response: Response) -> PageDetail:
    """One page: who was called, by which roster, and what became of each message."""
    return with_etag(response, await reads.page(connection, _id(page_id)))


@router.post("/{page_id}/acknowledge")
async def acknowledge_page(page_id: str, principal: Viewer, tx: Tx, response: Response) -> PageDetail:
    """Answer a page. It is based on no version: one that has moved on meanwhile is answered all the same."""
    key = _id(page_id)
    await _may_answer(tx, principal, key)
    await actions.acknowledge(tx, actor=principal.user_id, page_id=key)
    return with_etag(response, await reads.page(tx, key))


@router.post("/{page_id}/resolve")
async def resolve_page(page_id: str, request: ResolvePage, principal: Viewer, tx: Tx, response: Response) -> PageDetail:
    """End a page."""
    key = _id(page_id)
    await _may_answer(tx, principal, key)
    await actions.resolve(tx, actor=principal.user_id, page_id=key, reason=request.reason)
    return with_etag(response, await reads.page(tx, key))


async def _may_answer(tx: Connection, principal: Principal, page_id: UUID) -> None:
    """Whoever was paged may, and those who work incidents."""
    if Permission.MANAGE_INCIDENTS in principal.permissions:
        return
    if principal.user_id not in (await reads.page(tx, page_id)).paged:
        raise ProblemError(
            Code.PERMISSION_MISSING,
            "Only those who were paged answer a page, and those who manage incidents.",
            permission=Permission.MANAGE_INCIDENTS,
        )
