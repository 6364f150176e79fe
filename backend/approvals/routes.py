"""``/api/operations/rbac/approvals``: what waits for somebody else's yes. Specification: "RBAC Foundation"."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response

from backend.approvals import actions, reads
from backend.approvals.reads import OVERSEERS
from backend.core.capability import ApprovalKinds
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.dependencies import Read, Tx
from backend.core.http import Kinds, known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from models.access import Approval, ApprovalDecision, ApprovalState, Withdraw
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code

router = operations_router("/api/operations/rbac", "rbac")

STEP_UP = 300
"""Seconds a second factor opens decisions."""

Anybody = Annotated[Principal, require(None)]
Approver = Annotated[Principal, require(Permission.APPROVE_ROLES, step_up=STEP_UP)]


@router.get("/approvals")
async def list_approvals(
    principal: Anybody,
    connection: Read,
    kinds: Kinds,
    state: ApprovalState | None = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Approval]:
    """What waits for approval, or did, newest first: what one may decide, asked for, or gains by."""
    found = await reads.approvals(
        connection,
        state=state,
        concerning=None if principal.permissions & OVERSEERS else (principal.user_id, principal.permissions),
        before=decode_cursor(cursor, datetime, UUID),
        limit=limit + 1,
    )
    items, following, left_out = cut_page(found, limit, lambda last: (last.requested_at, last.approval_id))
    return Page[Approval](
        items=tuple([await _for(connection, kinds, approval, principal) for approval in items]),
        next_cursor=following,
        left_out=left_out,
        as_of=await clock(connection),
    )


@router.get("/approvals/{approval_id}")
async def get_approval(
    approval_id: str, principal: Anybody, connection: Read, kinds: Kinds, response: Response
) -> Approval:
    """One approval; its version is the ETag."""
    approval = await reads.find(connection, known_id(approval_id, "approval"))
    mine = principal.user_id in {approval.requested_by, approval.gainer}
    if not mine and approval.permission not in principal.permissions and not principal.permissions & OVERSEERS:
        raise ProblemError(Code.NOT_FOUND, "There is no such approval.")
    return with_etag(response, await _for(connection, kinds, approval, principal))


@router.post("/approvals/{approval_id}/decision")
async def decide(
    approval_id: str,
    request: ApprovalDecision,
    principal: Approver,
    tx: Tx,
    kinds: Kinds,
    version: IfMatch,
    response: Response,
) -> Approval:
    """Approve or deny; never what one asked for or would gain by."""
    decided = await actions.decide(
        tx,
        kinds,
        principal=principal,
        approval_id=known_id(approval_id, "approval"),
        version=version,
        verdict=request.decision,
        reason=request.reason,
    )
    return with_etag(response, await _for(tx, kinds, decided, principal))


@router.post("/approvals/{approval_id}/withdraw")
async def withdraw(
    approval_id: str, request: Withdraw, principal: Anybody, tx: Tx, version: IfMatch, response: Response
) -> Approval:
    """Take back what one asked for oneself."""
    gone = await actions.withdraw(
        tx,
        actor=principal.user_id,
        approval_id=known_id(approval_id, "approval"),
        version=version,
        reason=request.reason,
    )
    return with_etag(response, gone)


async def _for(connection: Connection, kinds: ApprovalKinds, approval: Approval, principal: Principal) -> Approval:
    words = await reads.decision_blocker(connection, kinds, approval, principal)
    return approval.model_copy(update={"objection": words})
