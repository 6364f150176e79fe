"""Orders and decisions for tests of rule sets and backtests, put in as a check would leave them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from backend.risk.predicate import EvaluationContext, decide
from models.risk.rules import FraudRule, ListHit, ListKind

NOW = datetime.now(UTC).replace(microsecond=0)
LISTS = {
    "vip": (ListKind.ALLOW, "customer_id"),
    "blocked-cards": (ListKind.BLOCK, "card"),
    "throwaway": (ListKind.CUSTOM, "email_domain"),
}


def rule(rule_id: str = "many-cards", **changed: Any) -> dict[str, Any]:
    """A rule as the wire has it."""
    return {
        "ruleId": rule_id,
        "description": f"What {rule_id} looks for",
        "conditions": [{"metric": "card_orders_1h", "operator": "gt", "value": 3}],
        "severity": 60,
        "action": "review",
    } | changed


def condition(metric: str, operator: str, value: Any) -> dict[str, Any]:
    return {"metric": metric, "operator": operator, "value": value}


RULES = [
    rule(),
    rule("big", conditions=[condition("order_value", "gte", 50_000)], severity=30, action="flag"),
    rule(
        "abroad",
        conditions=[
            condition("ip_card_differ", "is", True),
            {"any": [condition("customer_age", "lt", 600), condition("email_domain", "in_list", "throwaway")]},
        ],
        severity=70,
        action="block",
    ),
    rule("refunds", conditions=[condition("customer_refunds", "gte", 2)], severity=20, action="review"),
]
OTHER = [
    rule(conditions=[condition("card_orders_1h", "gt", 4)]),
    rule("night", conditions=[condition("hour_of_day", "lte", 5)], severity=40, action="review"),
    *RULES[1:3],
]
"""Another set: a number moved, a rule more, a rule less."""


def parsed(rules: Iterable[dict[str, Any]]) -> tuple[FraudRule, ...]:
    return tuple(FraudRule.model_validate(each) for each in rules)


def add_lists(connection: psycopg.Connection[Any]) -> None:
    for name, (kind, metric) in LISTS.items():
        connection.execute(
            "insert into risk_list (id, title, kind, metric) values (%s, %s, %s, %s)", (name, name, kind, metric)
        )


def publish(connection: psycopg.Connection[Any], rules: Sequence[dict[str, Any]]) -> str:
    """Publish rules without any ceremony; answers the set's id."""
    stored = [each.model_dump(mode="json", by_alias=True) for each in parsed(rules)]
    connection.execute("update risk_rule_set set state = 'retired' where state = 'published'")
    row = connection.execute(
        "insert into risk_rule_set (title, state, rules, author, writers, published_at, published_by)"
        " values ('Live', 'published', %s, 'ada', '{ada}', now(), 'bob') returning id::text",
        (Jsonb(stored),),
    ).fetchone()
    assert row is not None
    found: str = row[0]
    return found


def order(number: int, chance: random.Random) -> dict[str, Any]:
    """An order with the metrics the rules above ask for, some of them missing, some held by lists."""
    maybe = lambda value, share=0.9: value if chance.random() < share else None  # noqa: E731
    value = maybe(chance.choice([900, 4_000, 49_999, 50_000, 120_000]))
    found: dict[str, Any] = {
        "id": f"o{number}",
        "source": "check",
        "placed_at": NOW - timedelta(minutes=chance.randrange(1, 20 * 1_440)),
        "minor": value or 1,
        "currency": "EUR" if value is not None else "XXX",
        "order_value": value,
        "customer_id": maybe(f"c{chance.randrange(40)}"),
        "card": maybe(f"card{chance.randrange(60)}"),
        "email_domain": maybe(chance.choice(["example.com", "mail.test"])),
        "card_orders_1h": maybe(chance.randrange(1, 9)),
        "ip_card_differ": maybe(chance.random() < 0.3),
        "customer_age": maybe(chance.choice([5, 599, 600, 90_000])),
        "customer_refunds": maybe(chance.randrange(0, 4)),
    }
    found["hour_of_day"] = found["placed_at"].hour
    hits = []
    for name, metric, value in (("vip", "customer_id", "c1"), ("blocked-cards", "card", "card2")):
        if found[metric] == value:
            hits.append(f"{name}:{metric}")
    if found["email_domain"] == "mail.test":
        hits.append("throwaway:email_domain")
    found["lists"] = hits
    found["snoozed"] = ["abroad"] if chance.random() < 0.05 else []
    found["demoted"] = ["many-cards"] if chance.random() < 0.1 else []
    return found


def circumstances(found: dict[str, Any]) -> EvaluationContext:
    hits = []
    for each in found["lists"]:
        name, metric = each.split(":")
        hits.append(ListHit(list_id=name, kind=LISTS[name][0], metric=metric, value=str(found[metric])))
    return EvaluationContext(tuple(hits), frozenset(found["snoozed"]), frozenset(found["demoted"]))


def add_orders(
    connection: psycopg.Connection[Any],
    orders: Sequence[dict[str, Any]],
    rules: Sequence[dict[str, Any]] = (),
    rule_set_id: str | None = None,
) -> None:
    """Put orders in, and decide about each as the check does, when there is a set to decide by."""
    if not orders:
        return
    columns = list(orders[0])
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL("insert into risk_order ({}) values ({})").format(
                sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join([sql.Placeholder()] * len(columns))
            ),
            [[each[name] for name in columns] for each in orders],
        )
        if rule_set_id is not None:
            asked = parsed(rules)
            for each in orders:
                outcome = decide(asked, each, circumstances(each))
                cursor.execute(
                    "insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation)"
                    " values (%s, %s, %s, %s, %s, '[]')",
                    (each["id"], rule_set_id, outcome.score, outcome.action, list(outcome.triggered)),
                )


def add_outcomes(connection: psycopg.Connection[Any], orders: Iterable[dict[str, Any]]) -> None:
    """Chargebacks; every third twice, as a dispute before."""
    for number, each in enumerate(orders):
        for kind in ("dispute", "chargeback") if number % 3 == 0 else ("chargeback",):
            connection.execute(
                "insert into risk_outcome (id, order_id, customer_id, kind, happened_at, currency, minor)"
                " values (%s, %s, %s, %s, now(), 'EUR', 1)",
                (f"{kind}-{each['id']}", each["id"], each["customer_id"], kind),
            )
