"""``/api/operations/rbac/reviews``: grants of break glass to be looked at. Specification: "RBAC Foundation"."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from backend.access.break_glass import actions, reads
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from models.access import AccessReview, CloseReview
from models.core.paging import Page
from models.core.permissions import Permission

router = operations_router("/api/operations/rbac", "rbac")

Auditor = Annotated[Principal, require(Permission.VIEW_AUDIT)]
Approver = Annotated[Principal, require(Permission.APPROVE_ROLES, step_up=300)]


@router.get("/reviews")
async def list_reviews(
    _principal: Auditor, connection: Read, open_only: Annotated[bool | None, Query(alias="open")] = None
) -> Page[AccessReview]:
    """Break-glass grants to be looked at, newest first, 200 at most."""
    found = await reads.reviews(connection, open_only=open_only)
    return Page[AccessReview](items=readable(found), left_out=left_out(found), as_of=await clock(connection))


@router.post("/reviews/{review_id}/close")
async def close_review(
    review_id: str, request: CloseReview, principal: Approver, tx: Tx, version: IfMatch, response: Response
) -> AccessReview:
    """Close a review with what was found; never by who asked for the grant or gained by it."""
    closed = await actions.close_review(
        tx,
        actor=principal.user_id,
        review_id=known_id(review_id, "review"),
        version=version,
        findings=request.findings,
    )
    return with_etag(response, closed)
