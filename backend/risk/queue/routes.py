"""``/api/risk/queue``. Specification: "Fraud Monitoring & Risk Queue"."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Response

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Limit, LongCursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.risk.queue import actions, case, reads
from models.core.base import PlainText, UserId
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.risk.case import RiskCase
from models.risk.queue import (
    AddNote,
    BulkAnswer,
    BulkDecision,
    DecideEntry,
    Direction,
    EntryStatus,
    QueueCounts,
    QueueSort,
    ReassignEntry,
    RiskQueueEntry,
    SnoozeEntry,
)
from models.risk.rules import Action, Slug

router = operations_router("/api/risk", "risk queue")

Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]
Decider = Annotated[Principal, require(Permission.APPROVE_ORDERS)]
Points = Annotated[int | None, Query(ge=0, le=100)]
Amount = Annotated[int | None, Query(ge=0, le=10**13, description="Minor units of the reporting currency.")]
Minutes = Annotated[int | None, Query(ge=0, le=5_000_000)]

ME, NOBODY = "me", "none"
WHAT = "entry in the queue"


def _filter(
    principal: Viewer,
    status: Annotated[
        list[EntryStatus] | None, Query(max_length=3, description="Left out: what is not decided, open and escalated.")
    ] = None,
    assigned_to: Annotated[
        UserId | None, Query(alias="assignedTo", description="A person's id, `me`, or `none`.")
    ] = None,
    score_min: Annotated[Points, Query(alias="scoreMin")] = None,
    score_max: Annotated[Points, Query(alias="scoreMax")] = None,
    rule: Annotated[list[Slug] | None, Query(max_length=20, description="All of these fired.")] = None,
    action: Action | None = None,
    amount_min: Annotated[Amount, Query(alias="amountMin")] = None,
    amount_max: Annotated[Amount, Query(alias="amountMax")] = None,
    age_min: Annotated[Minutes, Query(alias="ageMin", description="Minutes in the queue, at least.")] = None,
    age_max: Annotated[Minutes, Query(alias="ageMax", description="Minutes in the queue, at most.")] = None,
    due_within: Annotated[
        Minutes, Query(alias="dueWithin", description="Due in so many minutes or fewer, or overdue.")
    ] = None,
    overdue: bool | None = None,
    snoozed: bool | None = None,
    text: Annotated[
        PlainText | None,
        Query(max_length=200, description="Words that occur in order id, customer, country or rule; in any case."),
    ] = None,
) -> reads.QueueFilter:
    def span(minutes: int | None) -> timedelta | None:
        return None if minutes is None else timedelta(minutes=minutes)

    return reads.QueueFilter(
        status=tuple(status or ()),
        assigned_to=None if assigned_to == NOBODY else principal.user_id if assigned_to == ME else assigned_to,
        unassigned=assigned_to == NOBODY,
        score_min=score_min,
        score_max=score_max,
        rules=tuple(rule or ()),
        action=action,
        amount_min=amount_min,
        amount_max=amount_max,
        age_min=span(age_min),
        age_max=span(age_max),
        due_within=span(due_within),
        overdue=overdue,
        snoozed=snoozed,
        text=text,
    )


@router.get("/queue")
async def list_queue(
    _principal: Viewer,
    connection: Read,
    wanted: Annotated[reads.QueueFilter, Depends(_filter)],
    sort: Annotated[QueueSort | None, Query(description="Left out: score; decided for what is decided.")] = None,
    direction: Annotated[Direction | None, Query(description="Left out: what matters most comes first.")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: LongCursor = None,
) -> Page[RiskQueueEntry]:
    """List entries of the queue."""
    now = await clock(connection)
    items, after, left_out = await reads.page(
        connection, wanted, sort=sort, direction=direction, cursor=cursor, limit=limit, now=now
    )
    return Page[RiskQueueEntry](items=items, next_cursor=after, left_out=left_out, as_of=now)


@router.get("/queue/counts")
async def count_queue(principal: Viewer, connection: Read) -> QueueCounts:
    """How many entries wait, altogether and for the one who asks."""
    return await reads.counts(connection, principal.user_id, await clock(connection))


@router.get("/queue/{entry_id}")
async def get_case(entry_id: str, principal: Viewer, connection: Read, response: Response) -> RiskCase:
    """One entry with all that bears on it; its version is the ETag."""
    found = await case.read(connection, known_id(entry_id, WHAT), principal)
    with_etag(response, found.entry)
    return found


@router.post(
    "/queue/take-next",
    response_model=RiskQueueEntry,
    responses={204: {"description": "Nothing open is left that nobody holds."}},
)
async def take_next(
    principal: Decider, tx: Tx, response: Response, besides: Annotated[list[UUID] | None, Query(max_length=200)] = None
) -> Any:
    """Be given the open entry of the highest score that nobody holds. Two people never get the same one.

    None of those ``besides`` is given: what the caller decided about them is on its way.
    """
    entry = await actions.take_next(tx, actor=principal.user_id, besides=besides or ())
    return Response(status_code=204) if entry is None else with_etag(response, entry)


@router.post("/queue/bulk/preview")
async def preview_bulk(request: BulkDecision, principal: Decider, tx: Tx) -> BulkAnswer:
    """What a decision would do to each entry; nothing is changed."""
    return await actions.decide_many(tx, actor=principal.user_id, request=request, preview=True)


@router.post("/queue/bulk")
async def decide_bulk(request: BulkDecision, principal: Decider, tx: Tx) -> BulkAnswer:
    """Decide entries, each on its own; the answer tells what became of each."""
    return await actions.decide_many(tx, actor=principal.user_id, request=request)


@router.post("/queue/{entry_id}/claim")
async def claim(entry_id: str, principal: Decider, tx: Tx, version: IfMatch, response: Response) -> RiskQueueEntry:
    """Take an entry, so that others leave it alone."""
    return with_etag(
        response, await actions.claim(tx, actor=principal.user_id, entry_id=known_id(entry_id, WHAT), version=version)
    )


@router.post("/queue/{entry_id}/release")
async def release(entry_id: str, principal: Decider, tx: Tx, version: IfMatch, response: Response) -> RiskQueueEntry:
    """Give an entry back."""
    return with_etag(
        response, await actions.release(tx, actor=principal.user_id, entry_id=known_id(entry_id, WHAT), version=version)
    )


@router.post("/queue/{entry_id}/reassign")
async def reassign(
    entry_id: str, request: ReassignEntry, principal: Decider, tx: Tx, version: IfMatch, response: Response
) -> RiskQueueEntry:
    """Give an entry to somebody who may decide it, or to nobody, whoever holds it."""
    changed = await actions.reassign(
        tx, actor=principal.user_id, entry_id=known_id(entry_id, WHAT), version=version, user_id=request.user_id
    )
    return with_etag(response, changed)


@router.post("/queue/{entry_id}/snooze")
async def snooze(
    entry_id: str, request: SnoozeEntry, principal: Decider, tx: Tx, version: IfMatch, response: Response
) -> RiskQueueEntry:
    """Put an entry aside, for at most 30 days. It comes back by itself."""
    changed = await actions.snooze(
        tx,
        actor=principal.user_id,
        entry_id=known_id(entry_id, WHAT),
        version=version,
        until=request.until,
        notes=request.notes,
    )
    return with_etag(response, changed)


@router.post("/queue/{entry_id}/notes")
async def add_note(entry_id: str, request: AddNote, principal: Decider, tx: Tx, response: Response) -> RiskQueueEntry:
    """Write a note on an entry; its version stays."""
    return with_etag(
        response,
        await actions.add_note(tx, actor=principal.user_id, entry_id=known_id(entry_id, WHAT), text=request.text),
    )


@router.post("/queue/{entry_id}/decision")
async def decide(
    entry_id: str, request: DecideEntry, principal: Decider, tx: Tx, version: IfMatch, response: Response
) -> RiskQueueEntry:
    """Decide or escalate an entry. Approved releases the order, rejected refunds or cancels it, some seconds later.

    From an amount of the policy on, the first verdict is a proposal: somebody else confirms it with the same one, or
    opens the entry again with another. Conflicts (409, 412) carry the entry as it is now in ``current``.
    """
    decided = await actions.decide(
        tx, actor=principal.user_id, entry_id=known_id(entry_id, WHAT), version=version, request=request
    )
    return with_etag(response, decided)


@router.post("/queue/{entry_id}/reopen")
async def reopen(entry_id: str, principal: Decider, tx: Tx, version: IfMatch, response: Response) -> RiskQueueEntry:
    """Undo one's own verdict, escalation or proposal, for ten minutes, as long as the shop was not asked."""
    return with_etag(
        response, await actions.reopen(tx, actor=principal.user_id, entry_id=known_id(entry_id, WHAT), version=version)
    )
