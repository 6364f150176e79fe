"""Who orders in the sample shop, honest people and a few who are not; and the risk queue it opens with."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final, LiteralString

from pydantic import TypeAdapter

from backend import audit
from backend.core.database import Connection, array
from backend.core.json import dumps
from backend.risk.backfill import update_velocity_sql
from backend.risk.features import order_values
from backend.risk.lists.actions import add_entry, create_list
from backend.risk.predicate import EvaluationContext, decide, explain, missing
from backend.sample import queries
from backend.sample.market import EPOCH, HOUR, Market, Order, load_catalogue
from models.risk.rules import FraudCheck, FraudRule, ListEntryDraft, ListHit, ListKind, RiskListDraft

CHECKED: Final = timedelta(days=2)
"""So far back the shop's orders were checked when it opens; those of the last day wait in the queue."""
QUEUED: Final = timedelta(days=1)
ADOPTED: Final = timedelta(days=30)
"""So far back orders that were not checked are made known to the rules by and by."""
ATTACK_SHARE = 0.35
"""Of the hours, in which somebody tries stolen cards."""
ATTACK_ORDERS = 7

COUNT = update_velocity_sql(
    "select id, placed_at, order_value, customer_id, email, ip, card, device, seq as below, 0 as own"
    " from risk_order where id = any (%(ids)s::text[])"
)
_RULES: TypeAdapter[tuple[FraudRule, ...]] = TypeAdapter(tuple[FraudRule, ...])


def examples() -> tuple[LiteralString, ...]:
    """Statements put together here, for the test that prepares them all."""
    return (COUNT,)


@cache
def load_fraud() -> dict[str, Any]:
    """Rules, list and words of ``resources/sample-shop``."""
    text = files("resources").joinpath("sample-shop").joinpath("fraud.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def payload(order: Order) -> dict[str, Any]:
    """What the shop's checkout sends about an order: a pure function of it."""
    words = load_fraud()
    dice = _dice("order", order.id)
    who = order.customer_id
    person = _dice("person", who)
    age = timedelta(days=person.uniform(20, 2_000)) if dice.random() > 0.06 else timedelta(hours=dice.uniform(0.1, 20))
    card, country = f"card-{person.randrange(16**10):010x}", order.country
    ip, ip_country = f"198.{person.randrange(256)}.{person.randrange(256)}.{person.randrange(1, 255)}", country
    device, mail = f"device-{person.randrange(16**8):08x}", person.choice(words["mail"])
    last4, card_country = f"{person.randrange(10_000):04d}", country
    if (chance := dice.random()) < 0.06:
        ip, ip_country = f"203.0.{dice.randrange(256)}.{dice.randrange(1, 255)}", dice.choice(["ES", "IT", "VN", "TR"])
    elif chance < 0.075:
        card_country = dice.choice(["US", "GB", "DE"])
    elif chance < 0.125:
        mail = dice.choice(words["list"]["values"])
    if (attack := _attack(order)) is not None:
        age, mail = timedelta(minutes=attack.uniform(5, 90)), attack.choice(words["list"]["values"])
        card, last4 = f"card-{attack.randrange(16**10):010x}", f"{attack.randrange(10_000):04d}"
        ip, ip_country = f"102.{attack.randrange(256)}.{attack.randrange(256)}.7", attack.choice(words["attackers"])
        device, card_country = f"device-{attack.randrange(16**8):08x}", attack.choice(["DE", "FR", "US"])
    return {
        "id": order.id,
        "placedAt": order.placed_at.isoformat(),
        "currency": order.currency,
        "total": order.total,
        "items": [{"title": dice.choice(_products()), "quantity": 1} for _ in range(1 + (person.random() < 0.2))],
        "customer": {
            "id": who,
            "email": f"{who.lower()}@{mail}",
            "createdAt": (order.placed_at - age).isoformat(),
        },
        "payment": {"method": "card", "cardFingerprint": card, "cardLast4": last4, "cardCountry": card_country},
        "billingCountry": country,
        "shippingCountry": country,
        "ip": ip,
        "ipCountry": ip_country,
        "deviceId": device,
    }


@cache
def _products() -> tuple[str, ...]:
    return tuple(product["name"] for product in load_catalogue()["products"])


def _dice(what: str, which: object) -> Random:
    return Random(f"fraud/{what}/{which}")  # noqa: S311 - invented trade, nothing secret


def _attack(order: Order) -> Random | None:
    """The dice of the attack an order belongs to: some orders of an hour, one after the other."""
    hour, number = order.id[3:11], int(order.id[11:])
    first = _dice("attack", hour)
    if first.random() > ATTACK_SHARE or not (begin := first.randrange(12)) <= number < begin + ATTACK_ORDERS:
        return None
    return _dice("attacker", hour)


async def create_fraud(tx: Connection, market: Market) -> None:
    """Publish the rules, and decide the orders of the last two days by them, all at once."""
    words = load_fraud()
    wanted = words["list"]
    made = await create_list(tx, actor="ada", draft=RiskListDraft.model_validate(_without(wanted, "values")))
    for value in wanted["values"]:
        await add_entry(
            tx, actor="ada", list_id=made.list_id, draft=ListEntryDraft(value=value, reason="Addresses for ten minutes")
        )
    rules = _RULES.validate_python(words["rules"])
    await tx.execute(queries.retire_rules)
    told = {"title": words["title"], "rules": dumps(rules), "author": "ada", "published_by": "tomas"}
    row = await (await tx.execute(queries.publish_rules, told)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    await audit.record(
        tx,
        actor="tomas",
        action="risk.rule_set.published",
        resource_type="risk_rule_set",
        resource_id=row[0],
        label=words["title"],
        version=1,
        after={"title": words["title"], "rules": [rule.rule_id for rule in rules]},
    )
    await _decide(tx, market, rules, row[0])


async def _decide(tx: Connection, market: Market, rules: tuple[FraudRule, ...], rule_set_id: str) -> None:
    opened_at = market.opened_at
    hours = range((opened_at - CHECKED - EPOCH) // HOUR, (opened_at - EPOCH) // HOUR + 1)
    older = {"since": opened_at - ADOPTED, "until": opened_at - CHECKED}
    await tx.execute(queries.older_orders_pending, older)
    orders = [o for hour in hours for o in market.orders(hour) if opened_at - CHECKED < o.placed_at <= opened_at]
    payloads = {order.id: payload(order) for order in orders}
    checks = {number: FraudCheck.model_validate(each) for number, each in payloads.items()}
    listed = load_fraud()["list"]
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


def _decision(values: dict[str, Any], check: FraudCheck, rules: Iterable[FraudRule]) -> dict[str, Any]:
    listed = load_fraud()["list"]
    hits = tuple(
        ListHit(list_id=listed["listId"], kind=ListKind.CUSTOM, metric="email_domain", value=values["email_domain"])
        for _ in values["lists"]
    )
    around = EvaluationContext(hits)
    outcome = decide(rules, values, around)
    return {
        "order_id": values["id"],
        "score": outcome.score,
        "action": outcome.action,
        "triggered": outcome.triggered,
        "explanation": [explain(rule, values, around) for rule in rules if rule.rule_id in outcome.triggered],
        "missing": missing(rules, values),
        "card_last4": check.payment.card_last4,
    }


def _without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}
