"""``/api/risk/rule-sets`` and ``/api/risk/rules/match``. Specification: "Fraud Monitoring & Risk Queue", FraudRule."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.dependencies import Db, Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.pages import Cursor, Limit, cut_page, decode_cursor
from backend.core.security import Principal, require
from backend.core.versions import IfMatch, with_etag
from backend.risk.probing import note_guesses, refuse_guesses
from backend.risk.rule_sets import actions, reads
from backend.risk.rule_sets.difference import difference
from backend.risk.rule_sets.match import match
from models.core.base import Identifier
from models.core.paging import PAGE_DEFAULT, Page
from models.core.permissions import Permission
from models.risk.backtest import MatchRules, RuleMatches, RuleSetDifference, ShadowSwitch
from models.risk.rules import PublishRuleSet, RuleSet, RuleSetChange, RuleSetDraft, RuleSetState, RuleSetSummary

router = operations_router("/api/risk", "risk rules")

STEP_UP = 300
"""Seconds a second factor opens what decides about every order."""

Viewer = Annotated[Principal, require(Permission.VIEW_RISK_QUEUE)]
Manager = Annotated[Principal, require(Permission.MANAGE_RISK_RULES)]
Publisher = Annotated[Principal, require(Permission.PUBLISH_RISK_RULES, step_up=STEP_UP)]
States = Annotated[list[RuleSetState] | None, Query(description="All but discarded ones when left out.")]


@router.get("/rule-sets")
async def list_rule_sets(
    _principal: Viewer,
    connection: Read,
    state: States = None,
    limit: Limit = PAGE_DEFAULT,
    cursor: Cursor = None,
) -> Page[RuleSetSummary]:
    """List rule sets, newest number first, without their rules."""
    (before,) = decode_cursor(cursor, int)
    wanted = state or [each for each in RuleSetState if each is not RuleSetState.DISCARDED]
    found = await reads.rule_sets(connection, states=wanted, before=before, limit=limit + 1)
    items, following, left_out = cut_page(found, limit, lambda last: (last.number,))
    return Page[RuleSetSummary](items=items, next_cursor=following, left_out=left_out, as_of=await clock(connection))


@router.get("/rule-sets/{rule_set_id}")
async def get_rule_set(rule_set_id: Identifier, _principal: Viewer, connection: Read, response: Response) -> RuleSet:
    """One rule set; its version is the ETag."""
    return with_etag(response, await reads.find_rule_set(connection, known_id(rule_set_id, "rule set")))


@router.post("/rule-sets", status_code=201)
async def create_rule_set(request: RuleSetDraft, principal: Manager, tx: Tx, response: Response) -> RuleSet:
    """Begin a draft, with rules or with those of another set; of the published one when neither is named."""
    return with_etag(response, await actions.create_draft(tx, actor=principal.user_id, request=request))


@router.patch("/rule-sets/{rule_set_id}")
async def change_rule_set(
    rule_set_id: Identifier, request: RuleSetChange, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> RuleSet:
    """Change a draft. Other rules end its shadow run and outdate its backtest."""
    found = await actions.change_draft(
        tx, actor=principal.user_id, rule_set_id=known_id(rule_set_id, "rule set"), version=version, request=request
    )
    return with_etag(response, found)


@router.post("/rule-sets/{rule_set_id}/discard")
async def discard_rule_set(
    rule_set_id: Identifier, principal: Manager, tx: Tx, version: IfMatch, response: Response
) -> RuleSet:
    """Put a draft away for good."""
    found = await actions.discard_draft(
        tx, actor=principal.user_id, rule_set_id=known_id(rule_set_id, "rule set"), version=version
    )
    return with_etag(response, found)


@router.post("/rule-sets/{rule_set_id}/publish")
async def publish_rule_set(
    rule_set_id: Identifier, request: PublishRuleSet, principal: Publisher, tx: Tx, version: IfMatch, response: Response
) -> RuleSet:
    """Let a set decide from now on: a draft, or an earlier one again. Not by whoever wrote its rules."""
    found = await actions.publish(
        tx, actor=principal.user_id, rule_set_id=known_id(rule_set_id, "rule set"), version=version, request=request
    )
    return with_etag(response, found)


@router.get("/rule-sets/{rule_set_id}/difference")
async def compare_rule_sets(
    http: Request,
    rule_set_id: Identifier,
    _principal: Viewer,
    connection: Read,
    before: Annotated[
        Identifier | None, Query(description="The set it is held against; the published one when left out.")
    ] = None,
) -> RuleSetDifference:
    """What is different between two sets: rules that come, go, or say something else, and what, in plain words."""
    after = await reads.find_rule_set(connection, known_id(rule_set_id, "rule set"))
    other = known_id(before, "rule set") if before is not None else await reads.published_id(connection)
    found = await reads.find_rule_set(connection, other)
    return difference(found, after, http.app.state.settings.currency)


@router.post("/rule-sets/{rule_set_id}/shadow")
async def switch_shadow(
    http: Request,
    rule_set_id: Identifier,
    request: ShadowSwitch,
    principal: Manager,
    database: Db,
    tx: Tx,
    version: IfMatch,
    response: Response,
) -> RuleSet:
    """Run a draft beside live traffic, without effect, or end that."""
    key = known_id(rule_set_id, "rule set")
    if request.on:
        asked, published = (await reads.find_rule_set(tx, key)).rules, await reads.published_rules(tx)
        await note_guesses(database, http.app.state.guesses, principal, asked, published)
    found = await actions.switch_shadow(tx, actor=principal.user_id, rule_set_id=key, version=version, on=request.on)
    return with_etag(response, found)


@router.post("/rules/match")
async def match_rules(
    http: Request, request: MatchRules, principal: Manager, database: Db, connection: Read
) -> RuleMatches:
    """How many of the newest 1 000 orders some rules match, and each condition alone. Stores nothing.

    What is hidden from the caller is matched only as a published rule does.
    """
    audit_trail.nothing_changed()
    published = await reads.published_rules(connection)
    await refuse_guesses(database, http.app.state.guesses, principal, request.all_rules, published)
    return await match(connection, request.all_rules)
