"""``/api/risk/lists``, ``/snoozes``, ``/breakers`` and ``/policy``."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import Query, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.problems import ProblemError
from backend.core.rows import left_out, readable
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.risk.lists import actions, reads
from backend.risk.mask import masked, may_see
from backend.shop import reporting_currency
from models.access import Approval
from models.core.base import storable
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.core.problems import Code
from models.risk.rules import ListEntry, ListEntryDraft, RiskList, RiskListDraft, RiskPolicy, RiskPolicyChange
from models.risk.suppression import Breaker, EndSnooze, ResetBreaker, Snooze, SnoozeDraft

router = operations_router("/api/risk", "risk")

STEP_UP = 300
"""Seconds a second factor opens what lets orders pass."""

Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]
Analyst = Annotated[Principal, require(Permission.APPROVE_ORDERS)]
Manager = Annotated[Principal, require(Permission.MANAGE_RISK_RULES)]
Careful = Annotated[Principal, require(Permission.MANAGE_RISK_RULES, step_up=STEP_UP)]
WAITS: dict[int | str, dict[str, Any]] = {202: {"model": Approval, "description": "Waits for approval."}}
R = TypeVar("R", ListEntry, Snooze)


@router.get("/lists")
async def list_lists(
    _principal: Viewer, connection: Read, limit: Limit = PAGE_DEFAULT, cursor: Cursor = None
) -> Page[RiskList]:
    """List the lists by id, each with the rules that ask it."""
    (after,) = decode_cursor(cursor, str)
    now = await clock(connection)
    found = await reads.lists(connection, after=after, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.list_id,))
    return Page[RiskList](items=items, next_cursor=following, left_out=left_out, as_of=now)


@router.get("/lists/{list_id}")
async def get_list(list_id: str, _principal: Viewer, connection: Read, response: Response) -> RiskList:
    """One list; its version is the ETag."""
    found = await reads.find_list(connection, _slug(list_id, "list"))
    return with_etag(response, found)


@router.post("/lists", status_code=201)
async def create_list(request: RiskListDraft, principal: Manager, tx: Tx, response: Response) -> RiskList:
    """Create an empty list of values of one metric."""
    made = await actions.create_list(tx, actor=principal.user_id, request=request)
    return with_etag(response, made)


@router.delete("/lists/{list_id}", status_code=204)
async def delete_list(list_id: str, principal: Manager, tx: Tx, version: IfMatch) -> None:
    """Delete a list. Refused while a rule of the published set or of a draft asks it."""
    await actions.delete_list(tx, actor=principal.user_id, list_id=_slug(list_id, "list"), version=version)


@router.get("/lists/{list_id}/entries")
async def list_entries(
    list_id: str,
    principal: Viewer,
    connection: Read,
    value: Annotated[str | None, Query(max_length=400, description="Only this value, in any spelling.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[ListEntry]:
    """List what is on a list, newest first. Personal data is hidden from those who may not see it."""
    found = await reads.find_list(connection, _slug(list_id, "list"))
    if value is not None and not storable(value):
        raise ProblemError(Code.NOT_FOUND, "No order can have this value.")
    now = await clock(connection)
    (before,) = decode_cursor(cursor, UUID)
    known = None if value is None else actions.value_of(found.metric, value)
    entries = await reads.entries(connection, found.list_id, value=known, before=before, limit=limit + 1)
    items, following, left_out = cut_page(entries, limit, lambda last: (last.entry_id,))
    shown = tuple(_hidden(entry, found.metric, principal) for entry in items)
    return Page[ListEntry](items=shown, next_cursor=following, left_out=left_out, as_of=now)


@router.post("/lists/{list_id}/entries", status_code=201, responses=WAITS)
async def add_entry(
    list_id: str, request: ListEntryDraft, principal: Careful, tx: Tx, response: Response
) -> ListEntry | Approval:
    """Put a value on a list, for good or until an instant; on a list that allows, once somebody else agrees (202)."""
    entry = await actions.add_entry(tx, actor=principal.user_id, list_id=_slug(list_id, "list"), request=request)
    if isinstance(entry, Approval):
        response.status_code = 202
        return with_etag(response, entry)
    return _hidden(entry, (await reads.find_list(tx, entry.list_id)).metric, principal)


@router.delete("/lists/{list_id}/entries/{entry_id}", status_code=204)
async def remove_entry(list_id: str, entry_id: str, principal: Manager, tx: Tx) -> None:
    """Take a value off a list."""
    await actions.remove_entry(
        tx, actor=principal.user_id, list_id=_slug(list_id, "list"), entry_id=known_id(entry_id, "entry")
    )


@router.get("/snoozes")
async def list_snoozes(
    principal: Viewer,
    connection: Read,
    active: Annotated[bool, Query(description="Only those that hold now.")] = True,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[Snooze]:
    """List rules that are quiet for somebody, newest first."""
    (before,) = decode_cursor(cursor, UUID)
    now = await clock(connection)
    found = await reads.snoozes(connection, active=active, before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.snooze_id,))
    shown = tuple(_hidden(snooze, snooze.subject, principal) for snooze in items)
    return Page[Snooze](items=shown, next_cursor=following, left_out=left_out, as_of=now)


@router.post("/snoozes", status_code=201)
async def create_snooze(request: SnoozeDraft, principal: Analyst, tx: Tx, response: Response) -> Snooze:
    """Keep one rule quiet for one customer, card or e-mail, for at most 90 days."""
    made = await actions.create_snooze(tx, actor=principal.user_id, request=request)
    return with_etag(response, _hidden(made, made.subject, principal))


@router.post("/snoozes/{snooze_id}/end")
async def end_snooze(
    snooze_id: str, request: EndSnooze, principal: Analyst, tx: Tx, version: IfMatch, response: Response
) -> Snooze:
    """End a snooze before its time."""
    ended = await actions.end_snooze(
        tx,
        actor=principal.user_id,
        snooze_id=known_id(snooze_id, "snooze"),
        version=version,
        reason=request.reason,
    )
    return with_etag(response, _hidden(ended, ended.subject, principal))


@router.get("/breakers")
async def list_breakers(_principal: Viewer, connection: Read) -> Page[Breaker]:
    """List rules that went past their cap and only flag, oldest first."""
    now = await clock(connection)
    found = await reads.breakers(connection)
    return Page[Breaker](items=readable(found), left_out=left_out(found), as_of=now)


@router.post("/breakers/{rule_id}/reset")
async def reset_breaker(
    rule_id: str, request: ResetBreaker, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> Breaker:
    """Let a rule act again. What it did before does not count any more, and its alert clears."""
    reset = await actions.reset_breaker(
        tx, actor=principal.user_id, rule_id=_slug(rule_id, "rule"), version=version, reason=request.reason
    )
    return with_etag(response, reset)


@router.get("/policy")
async def get_policy(_principal: Viewer, connection: Read, response: Response) -> RiskPolicy:
    """What holds for the queue; its version is the ETag."""
    found = await reads.find_policy(connection)
    return with_etag(response, found)


@router.patch("/policy", responses=WAITS)
async def change_policy(
    http: Request, request: RiskPolicyChange, principal: Careful, tx: Tx, version: IfMatch, response: Response
) -> RiskPolicy | Approval:
    """Change what holds for the queue; fields left out stay. The amount for two people waits for another one (202)."""
    currency = await reporting_currency(tx, http.app.state.settings.currency)
    changed = await actions.change_policy(
        tx, actor=principal.user_id, version=version, request=request, currency=currency
    )
    if isinstance(changed, Approval):
        response.status_code = 202
    return with_etag(response, changed)


def _slug(text: str, what: str) -> str:
    if not storable(text):
        raise ProblemError(Code.NOT_FOUND, f"There is no such {what}.")
    return text


def _hidden(record: R, metric: str, principal: Principal) -> R:
    if may_see(principal):
        return record
    return record.model_copy(update={"value": masked(metric, record.value)})
