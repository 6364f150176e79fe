"""``/api/operations/incidents/rules``: what opens incidents by itself."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.incidents.alerts import actions, reads
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.incidents.matrix import IncidentRule, IncidentRuleChange, IncidentRuleDraft

router = operations_router("/api/operations/incidents", "incidents")

Viewer = Annotated[Principal, require(Permission.VIEW_INCIDENTS)]
Keeper = Annotated[Principal, require(Permission.MANAGE_ONCALL)]


@router.get("/rules")
async def list_rules(
    _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[IncidentRule]:
    """List the rules that open incidents, oldest first."""
    (after,) = decode_cursor(cursor, UUID)
    found = await reads.rules(connection, after=after, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.rule_id,))
    return Page[IncidentRule](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.post("/rules", status_code=201)
async def create_rule(request: IncidentRuleDraft, principal: Keeper, tx: Tx, response: Response) -> IncidentRule:
    """Store a new rule."""
    return with_etag(response, await actions.create_rule(tx, actor=principal.user_id, request=request))


@router.get("/rules/{rule_id}")
async def get_rule(rule_id: str, _principal: Viewer, connection: Read, response: Response) -> IncidentRule:
    """One rule; its version is the ETag."""
    return with_etag(response, await reads.rule(connection, known_id(rule_id, "rule")))


@router.put("/rules/{rule_id}")
async def change_rule(
    rule_id: str, request: IncidentRuleChange, principal: Keeper, tx: Tx, version: IfMatch, response: Response
) -> IncidentRule:
    """Put another rule in its place."""
    rule = await actions.change_rule(
        tx, actor=principal.user_id, rule_id=known_id(rule_id, "rule"), version=version, request=request
    )
    return with_etag(response, rule)
