"""``/api/operations/oncall/policies``."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.oncall.policies import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.oncall.policies import Policy, PolicyChange, PolicyRequest, PolicyVersion

router = operations_router("/api/operations/oncall/policies", "oncall")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Manager = Annotated[Principal, require(Permission.MANAGE_ONCALL)]


def _id(policy_id: str) -> UUID:
    return known_id(policy_id, "escalation policy")


@router.get("")
async def list_policies(
    _principal: Viewer,
    connection: Read,
    archived: Annotated[bool, Query(description="Those that are archived instead.")] = False,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Policy]:
    """List escalation policies by name."""
    after = decode_cursor(cursor, str, UUID)
    found = await reads.policies(connection, archived=archived, after=(after[0], after[1]), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.name.lower(), UUID(last.id)))
    return Page[Policy](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("", status_code=201)
async def create_policy(request: PolicyRequest, principal: Manager, tx: Tx, response: Response) -> Policy:
    """Add an escalation policy."""
    policy_id = await actions.create(tx, actor=principal.user_id, request=request)
    return with_etag(response, await reads.policy(tx, policy_id))


@router.get("/{policy_id}")
async def get_policy(policy_id: str, _principal: Viewer, connection: Read, response: Response) -> Policy:
    """One policy; its version is the ETag."""
    return with_etag(response, await reads.policy(connection, _id(policy_id)))


@router.put("/{policy_id}")
async def change_policy(
    policy_id: str, request: PolicyChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Policy:
    """Put another version in the place of this one; pages that run stay under theirs."""
    key = _id(policy_id)
    await actions.change(tx, actor=principal.user_id, policy_id=key, version=version, request=request)
    return with_etag(response, await reads.policy(tx, key))


@router.get("/{policy_id}/versions")
async def list_versions(
    policy_id: str, _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[PolicyVersion]:
    """List every version of a policy, the newest first."""
    (before,) = decode_cursor(cursor, int)
    found = await reads.versions(connection, _id(policy_id), before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.version,))
    return Page[PolicyVersion](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))
