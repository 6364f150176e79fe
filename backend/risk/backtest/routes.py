"""``/api/risk/backtests``: a rule set over real history, before anyone publishes it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import with_etag
from backend.risk.backtest import actions, reads
from backend.risk.probing import note_guesses, refuse_guesses
from backend.risk.rule_sets.reads import find_rule_set, published_rules
from models.core.base import Identifier
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.risk.backtest import Backtest, BacktestDraft, BacktestSummary

router = operations_router("/api/risk", "risk backtests")

Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]
Manager = Annotated[Principal, require(Permission.MANAGE_RISK_RULES)]


@router.get("/backtests")
async def list_backtests(
    _principal: Viewer,
    connection: Read,
    rule_set_id: Annotated[Identifier | None, Query(alias="ruleSetId")] = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[BacktestSummary]:
    """List backtests, newest first, without their results."""
    created_at, after = decode_cursor(cursor, datetime, UUID)
    wanted = known_id(rule_set_id, "rule set") if rule_set_id is not None else None
    found = await reads.backtests(connection, rule_set_id=wanted, before=(created_at, after), limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.created_at, last.backtest_id))
    return Page[BacktestSummary](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/backtests/{backtest_id}")
async def get_backtest(backtest_id: Identifier, _principal: Viewer, connection: Read, response: Response) -> Backtest:
    """One backtest: how far it is, or what it found."""
    return with_etag(response, await reads.find_backtest(connection, known_id(backtest_id, "backtest")))


@router.post("/backtests", status_code=201)
async def ask_backtest(
    http: Request, request: BacktestDraft, principal: Manager, database: Db, tx: Tx, response: Response
) -> Backtest:
    """Ask for a backtest of a stored set, or of rules as they stand in an editor. It runs as a job.

    Rules that ask about what is hidden from the caller must be stored first, where others see them.
    """
    published = await published_rules(tx)
    if request.rules is not None:
        await refuse_guesses(database, http.app.state.guesses, principal, request.rules, published)
    elif request.rule_set_id is not None:
        stored = await find_rule_set(tx, known_id(request.rule_set_id, "rule set"))
        await note_guesses(database, http.app.state.guesses, principal, stored.rules, published)
    return with_etag(response, await actions.ask(tx, actor=principal.user_id, request=request))


@router.post("/backtests/{backtest_id}/cancel")
async def cancel_backtest(backtest_id: Identifier, principal: Manager, tx: Tx, response: Response) -> Backtest:
    """End a backtest that waits or runs; it stops with its next slice."""
    found = await actions.cancel(tx, actor=principal.user_id, backtest_id=known_id(backtest_id, "backtest"))
    return with_etag(response, found)
