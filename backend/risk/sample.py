"""The risk queue the sample shop opens with: its list, its rules, and the orders of the last days decided by them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, LiteralString

from pydantic import TypeAdapter

from backend.core import audit_trail
from backend.core.database import Connection, array, load_queries
from backend.core.json import dumps
from backend.core.sample_shop import SampleShop, sample_resource
from backend.risk.backfill import update_velocity_sql
from backend.risk.features import order_values
from backend.risk.lists.actions import add_entry, create_list
from backend.risk.predicate import EvaluationContext, decide, explain, missing
from models.risk.rules import FraudCheck, FraudRule, ListEntryDraft, ListHit, ListKind, RiskListDraft

queries = load_queries(__package__, "sample.sql")

CHECKED: Final = timedelta(days=6)
"""So far back the shop's orders were checked when it opens; those of the last day wait in the queue."""
QUEUED: Final = timedelta(days=1)
BACKFILLED: Final = timedelta(days=30)
"""So far back orders that were not checked are made known to the rules by and by."""

COUNT = update_velocity_sql(
    "select id, placed_at, order_value, customer_id, email, email_alias, ip, ip_network, card, device, seq as below,"
    " 0 as own from risk_order where id = any (%(ids)s::text[])"
)
_RULES: TypeAdapter[tuple[FraudRule, ...]] = TypeAdapter(tuple[FraudRule, ...])


def examples() -> tuple[LiteralString, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (COUNT,)


async def create(tx: Connection, shop: SampleShop) -> None:
    """Publish the rules, and decide the orders of the last days by them, all at once."""
    words = sample_resource("fraud")
    wanted = words["list"]
    made = await create_list(tx, actor="ada", request=RiskListDraft.model_validate(_without(wanted, "values")))
    for value in wanted["values"]:
        await add_entry(
            tx,
            actor="ada",
            list_id=made.list_id,
            request=ListEntryDraft(value=value, reason="Addresses for ten minutes"),
        )
    rules = _RULES.validate_python(words["rules"])
    await tx.execute(queries.retire_rules)
    values = {"title": words["title"], "rules": dumps(rules), "author": "ada", "published_by": "tomas"}
    row = await (await tx.execute(queries.publish_rules, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await audit_trail.record(
        tx,
        actor="tomas",
        action="risk.rule_set.published",
        resource_type="risk_rule_set",
        resource_id=row[0],
        label=words["title"],
        version=1,
        after={"title": words["title"], "rules": [rule.rule_id for rule in rules]},
    )
    await _decide(tx, shop, rules, row[0])


async def _decide(tx: Connection, shop: SampleShop, rules: tuple[FraudRule, ...], rule_set_id: str) -> None:
    opened_at = shop.opened_at
    older = {"since": opened_at - BACKFILLED, "until": opened_at - CHECKED}
    await tx.execute(queries.older_orders_pending, older)
    orders = shop.market.orders_placed(opened_at - CHECKED, opened_at)
    payloads = {order.id: shop.market.checkout(order) for order in orders}
    checks = {number: FraudCheck.model_validate(each) for number, each in payloads.items()}
    listed = sample_resource("fraud")["list"]
    rows = []
    for number, check in checks.items():
        values = order_values(check)
        hits = [f"{listed['listId']}:email_domain"] if values["email_domain"] in listed["values"] else []
        times = {"received_at": check.placed_at, "source": "check", "lists": hits, "snoozed": [], "demoted": []}
        rows.append(values | times | {"id": number})
    await tx.execute(queries.insert_checked, {"rows": dumps(rows)})
    await tx.execute("analyze risk_order")
    await tx.execute(COUNT, {"ids": array(checks)})
    found = await (await tx.execute(queries.checked, {"ids": array(checks)})).fetchall()
    decisions = [_decision(values, checks[values["id"]], rules) for (values,) in found]
    await tx.execute(
        queries.insert_decisions,
        {
            "rows": dumps(decisions),
            "payloads": dumps(payloads),
            "rule_set_id": rule_set_id,
            "queued_since": opened_at - QUEUED,
        },
    )
    await tx.execute(queries.insert_outcomes, {"until": opened_at, "queued": QUEUED})


def _decision(values: dict[str, Any], check: FraudCheck, rules: Iterable[FraudRule]) -> dict[str, Any]:
    listed = sample_resource("fraud")["list"]
    hits = tuple(
        ListHit(list_id=listed["listId"], kind=ListKind.CUSTOM, metric="email_domain", value=values["email_domain"])
        for _ in values["lists"]
    )
    context = EvaluationContext(hits)
    outcome = decide(rules, values, context)
    return {
        "order_id": values["id"],
        "score": outcome.score,
        "action": outcome.action,
        "triggered": outcome.triggered,
        "explanation": [explain(rule, values, context) for rule in rules if rule.rule_id in outcome.triggered],
        "missing": missing(rules, values),
        "card_last4": check.payment.card_last4,
    }


def _without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}
