"""Decide about an order and store it. Everything of a check is one transaction, and there is one decision an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from backend.alerts import raise_alert
from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.json import dumps, storable_json
from backend.core.problems import ProblemError
from backend.core.settings import Settings
from backend.risk.check.inputs import CheckInputs, key_of, lock, queries, read_inputs, subject_keys
from backend.risk.check.reads import find_decision
from backend.risk.features import order_values
from backend.risk.predicate import EvaluationContext, Outcome, decide, effective, explain, missing
from backend.shop import claim_currency
from models.alerts import Severity
from models.core.problems import Code
from models.risk.rules import Action, Decision, FraudCheck, FraudRule, ListKind

LEAST_CHECKED = 20
"""From so many orders on a share says something."""
BREAKER = "risk.breaker"
"""Source of the alerts about rules past their cap; the key is the rule."""


async def fraud_check(
    tx: Connection, settings: Settings, *, actor: str, request: FraudCheck, payload: Mapping[str, Any]
) -> Decision:
    """Check an order. Specification: ``POST /api/risk/fraud-check``.

    Args:
        tx: The transaction of the request; what was answered is stored when it commits.
        settings: For the reporting currency, should none have been chosen yet.
        actor: Who asks.
        request: The order.
        payload: The same as it came, with the fields we do not know.

    Raises:
        ProblemError: 409 when the order was checked before with another payload.
    """
    values = order_values(request)
    payload = storable_json(payload)
    # Checks of orders that have something in common count each other: one after the other from here on.
    reporting = await lock(tx, subject_keys(values)) or await claim_currency(tx, settings.currency)
    inputs = await read_inputs(tx, values, reporting)
    if inputs.decided:
        return await _decided_before(tx, request, payload)
    if inputs.is_backfilled:
        await tx.execute(queries.forget_backfilled, {"order_id": request.id})
    context = EvaluationContext(inputs.lists, inputs.snoozed, inputs.demoted)
    outcome = decide(inputs.rules, inputs.values, context)
    acting = _acting(inputs.rules, outcome, context)
    if acting and (past := await _past_cap(tx, acting, inputs, actor=actor)):
        context = EvaluationContext(inputs.lists, inputs.snoozed, inputs.demoted | past)
        outcome = decide(inputs.rules, inputs.values, context)
        acting = _acting(inputs.rules, outcome, context)
    decision = await _store(tx, request, payload, inputs, context, outcome, acting)
    await _record_decision(tx, decision, actor=actor)
    return decision


ERASED: Final = {"erased": True}
"""Stands in the place of an order whose customer was erased."""


async def _decided_before(tx: Connection, request: FraudCheck, payload: Mapping[str, Any]) -> Decision:
    row = await (
        await tx.execute(queries.payload_before, {"order_id": request.id, "payload": Jsonb(payload)})
    ).fetchone()
    if row is None or not (row[1] or _says_the_same(row[0], request)):
        raise ProblemError(
            Code.CONFLICT,
            "An order with this id was checked already, with other data; its decision stands. "
            "Send the same data again to be told the decision, or check another order under another id.",
        )
    audit_trail.nothing_changed()
    return await find_decision(tx, request.id)


def _says_the_same(payload: Any, request: FraudCheck) -> bool:
    """Whether an order that came before is this one, in whatever spelling. A field we do not know must be the same.

    Of one whose customer was erased nothing is left to compare: what was decided about it is told again.
    """
    if payload == ERASED:
        return True
    try:
        before = FraudCheck.model_validate(payload)
    except ValidationError:
        return False  # it was taken by an earlier version, which let more pass
    return order_values(before) == order_values(request) and _beside_values(before) == _beside_values(request)


def _beside_values(request: FraudCheck) -> dict[str, Any]:
    """What is not in the values of the order, which are in their form."""
    return request.model_dump(exclude={"customer": {"email"}, "payment": {"method"}}, exclude_none=True)


def _acting(rules: Sequence[FraudRule], outcome: Outcome, context: EvaluationContext) -> tuple[FraudRule, ...]:
    """Rules that hold the order back: what their caps count. A list that allows leaves none."""
    if any(hit.kind is ListKind.ALLOW for hit in context.lists):
        return ()
    fired = frozenset(outcome.triggered)
    return tuple(
        rule for rule in rules if rule.rule_id in fired and effective(rule, context) in {Action.REVIEW, Action.BLOCK}
    )


async def _past_cap(tx: Connection, acting: Sequence[FraudRule], inputs: CheckInputs, *, actor: str) -> frozenset[str]:
    """Rules that this order would take past their cap: they only flag, from this very order on."""
    by_id = {rule.rule_id: rule for rule in acting}
    # Always after the locks of the order's own values, so that nobody waits in a circle.
    await lock(tx, [key_of("rule", rule_id) for rule_id in by_id])
    rows = await tx.execute(
        queries.load,
        {
            "rules": list(by_id),
            "shares": [rule.cap.share for rule in by_id.values()],
            "least_checked": LEAST_CHECKED,
        },
    )
    past = set[str]()
    for rule_id, is_open, orders, amount, checked in await rows.fetchall():
        total = amount + (inputs.values["order_value"] or 0)
        words = past_cap(by_id[rule_id], orders + 1, total, checked + 1)
        if words and not is_open:
            await _open_breaker(tx, by_id[rule_id], words, actor=actor)
        if words or is_open:
            past.add(rule_id)
    return frozenset(past)


def past_cap(rule: FraudRule, orders: int, amount: int, checked: int) -> str:
    """Which cap of a rule is passed, in words; empty when none is. Figures are of the last hour, with this order."""
    cap = rule.cap
    if cap.orders is not None and orders > cap.orders:
        return f"{orders} orders in an hour, at most {cap.orders} are allowed"
    if cap.amount is not None and amount > cap.amount:
        return f"orders worth {amount} minor units in an hour, at most {cap.amount} are allowed"
    if cap.share is not None and checked >= LEAST_CHECKED and orders * 100 > cap.share * checked:
        return f"{orders} of {checked} orders in an hour, at most {cap.share} % are allowed"
    return ""


async def _open_breaker(tx: Connection, rule: FraudRule, words: str, *, actor: str) -> None:
    row = await (await tx.execute(queries.open_breaker, {"rule_id": rule.rule_id, "words": words})).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action="risk.breaker.opened",
        resource_type="risk_breaker",
        resource_id=row[0],
        label=rule.rule_id,
        version=1,
        after={"ruleId": rule.rule_id, "words": words, "action": rule.action, "askedBy": actor},
    )
    await raise_alert(
        tx,
        source=BREAKER,
        key=rule.rule_id,
        title=f"Fraud rule {rule.rule_id} went past its cap and only flags",
        severity=Severity.P2,
        guidance=f"It fired on {words}.\nLook at the orders it held back: an attack, or a rule that is too wide?\n"
        "Mend the rule or its cap, then reset the breaker under Rules.",
    )


async def _store(
    tx: Connection,
    request: FraudCheck,
    payload: Mapping[str, Any],
    inputs: CheckInputs,
    context: EvaluationContext,
    outcome: Outcome,
    acting: Sequence[FraudRule],
) -> Decision:
    values = inputs.values
    fired = frozenset(outcome.triggered)
    explanation = tuple(explain(rule, values, context) for rule in inputs.rules if rule.rule_id in fired)
    lacking = missing(inputs.rules, values)
    kept = {
        **values,
        "source": "check",
        "lists": [f"{hit.list_id}:{hit.metric}" for hit in inputs.lists],
        "snoozed": sorted(inputs.snoozed),
        "demoted": sorted(context.demoted),
    }
    row = await (
        await tx.execute(
            queries.store,
            {
                "order": dumps(kept),
                "order_id": request.id,
                "payload": Jsonb(payload),
                "rule_set_id": inputs.rule_set_id,
                "score": outcome.score,
                "action": outcome.action.value,
                "triggered": list(outcome.triggered),
                "explanation": dumps(explanation),
                "quiet": list(outcome.snoozed),
                "missing": list(lacking),
                "acting": [rule.rule_id for rule in acting],
                "card_last4": request.payment.card_last4,
            },
            prepare=True,
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    decision_id, decided_at, entry_id = row
    return Decision(
        decision_id=decision_id,
        order_id=request.id,
        score=outcome.score,
        action=outcome.action,
        triggered_rules=outcome.triggered,
        explanation=explanation,
        lists=inputs.lists,
        snoozed_rules=outcome.snoozed,
        missing=lacking,
        rule_set_id=inputs.rule_set_id,
        rule_set_number=inputs.rule_set_number,
        entry_id=entry_id,
        decided_at=decided_at,
    )


async def _record_decision(tx: Connection, decision: Decision, *, actor: str) -> None:
    """Audit it. Orders, scores and rules only: who the customer is has no place in the log."""
    after = {"orderId": decision.order_id, "score": decision.score, "action": decision.action}
    await audit_trail.record(
        tx,
        actor=actor,
        action="risk.decision.made",
        resource_type="risk_decision",
        resource_id=decision.decision_id,
        label=decision.order_id,
        after=after | {"triggeredRules": decision.triggered_rules, "ruleSetNumber": decision.rule_set_number},
    )
    if decision.entry_id is not None:
        await audit_trail.record(
            tx,
            actor=actor,
            action="risk.entry.opened",
            resource_type="risk_entry",
            resource_id=decision.entry_id,
            label=decision.order_id,
            version=1,
            after=after | {"triggeredRules": decision.triggered_rules, "status": "open"},
        )
