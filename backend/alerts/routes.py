"""``/api/operations/alerts`` and ``/api/operations/alert-rules``. Specification: "Operations dashboard", AC 2."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from backend.alerts import actions, reads
from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import AsOf, known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from models.alerts import (
    AcknowledgeAlert,
    Alert,
    AlertList,
    AlertRule,
    AlertRuleChange,
    AlertRuleDraft,
    ShelveAlert,
)
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission

router = operations_router("/api/operations", "alerts")

Viewer = Annotated[Principal, require(Permission.VIEW_DASHBOARD)]
Manager = Annotated[Principal, require(Permission.MANAGE_ALERTS)]
States = Annotated[list[AlertList] | None, Query(description="Groups to list; all of them when left out.")]


@router.get("/alerts")
async def list_alerts(
    _principal: Viewer,
    connection: Read,
    state: States = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
    as_of: AsOf = None,
) -> Page[Alert]:
    """List alerts, newest first, as they were at ``asOf``. All pages of a cursor are of the same instant."""
    before, raised_at, alert_id = decode_cursor(cursor, datetime, datetime, UUID)
    instant = before or as_of or await clock(connection)
    found = await reads.alerts(connection, as_of=instant, states=state, before=(raised_at, alert_id), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (instant, last.raised_at, last.id))
    return Page[Alert](items=items, next_cursor=following, left_out=left_out, as_of=instant)


@router.get("/alerts/{alert_id}")
async def get_alert(
    alert_id: str, _principal: Viewer, connection: Read, response: Response, as_of: AsOf = None
) -> Alert:
    """One alert, as it was at ``asOf``; its version is the ETag."""
    instant = as_of or await clock(connection)
    return with_etag(response, await reads.alert_at(connection, known_id(alert_id, "alert"), instant))


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge(
    alert_id: str, request: AcknowledgeAlert, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Alert:
    """Acknowledge an active alert with a comment. It clears at once when its condition has passed already."""
    alert = await actions.acknowledge_alert(
        tx, actor=principal.user_id, alert_id=known_id(alert_id, "alert"), version=version, comment=request.comment
    )
    return with_etag(response, alert)


@router.post("/alerts/{alert_id}/shelve")
async def shelve(
    alert_id: str, request: ShelveAlert, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Alert:
    """Put an open alert aside, for at most 7 days and with a reason. It comes back by itself."""
    alert = await actions.shelve_alert(
        tx,
        actor=principal.user_id,
        alert_id=known_id(alert_id, "alert"),
        version=version,
        until=request.until,
        reason=request.reason,
    )
    return with_etag(response, alert)


@router.post("/alerts/{alert_id}/unshelve")
async def unshelve(alert_id: str, principal: Manager, tx: Tx, version: IfMatch, response: Response) -> Alert:
    """Take an alert off the shelf before its time."""
    alert = await actions.unshelve_alert(
        tx, actor=principal.user_id, alert_id=known_id(alert_id, "alert"), version=version
    )
    return with_etag(response, alert)


@router.get("/alert-rules")
async def list_rules(
    _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[AlertRule]:
    """List alert rules, oldest first."""
    (after,) = decode_cursor(cursor, UUID)
    instant = await clock(connection)
    found = await reads.rules(connection, after=after, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.id,))
    return Page[AlertRule](items=items, next_cursor=following, left_out=left_out, as_of=instant)


@router.get("/alert-rules/{rule_id}")
async def get_rule(rule_id: str, _principal: Viewer, connection: Read, response: Response) -> AlertRule:
    """One rule; its version is the ETag."""
    return with_etag(response, await reads.find_rule(connection, known_id(rule_id, "alert rule")))


@router.post("/alert-rules", status_code=201)
async def create_rule(request: AlertRuleDraft, principal: Manager, tx: Tx, response: Response) -> AlertRule:
    """Store a new rule."""
    return with_etag(response, await actions.create_rule(tx, actor=principal.user_id, request=request))


@router.patch("/alert-rules/{rule_id}")
async def change_rule(
    rule_id: str, request: AlertRuleChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> AlertRule:
    """Change a rule; fields left out stay. ``noDataSeconds`` may be null: never."""
    rule = await actions.change_rule(
        tx, actor=principal.user_id, rule_id=known_id(rule_id, "alert rule"), version=version, request=request
    )
    return with_etag(response, rule)
