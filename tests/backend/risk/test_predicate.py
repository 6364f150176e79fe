"""A rule as a Python predicate and as SQL: the same for any rules, orders and circumstances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from pydantic import ValidationError

from backend.risk.predicate import EvaluationContext, decide, explain, missing
from backend.risk.sql_conditions import Names, SqlContext, decision_sql, present_member, recorded_member
from models.risk.metrics import METRICS, MetricType
from models.risk.rules import Action, Condition, FraudRule, ListHit, ListKind
from tests.backend.risk.strategies import LISTS, rule_sets, value_of
from tests.conftest import cloned

ORDERS = st.fixed_dictionaries({}, optional={key: st.none() | value_of(key) for key in sorted(METRICS)})
NAMES = st.lists(st.sampled_from([f"rule-{n}" for n in range(5)]), unique=True)


@pytest.fixture(scope="module")
def connection(postgres_url: str) -> Iterator[psycopg.Connection[Any]]:
    with cloned(postgres_url) as url, psycopg.connect(url) as found:
        for name, (kind, metric) in LISTS.items():
            found.execute(
                "insert into risk_list (id, title, kind, metric) values (%s, %s, %s, %s)", (name, name, kind, metric)
            )
        found.commit()
        yield found
        found.rollback()


def in_sql(
    connection: psycopg.Connection[Any],
    rules: tuple[FraudRule, ...],
    values: dict[str, Any],
    context: EvaluationContext,
) -> tuple[Any, ...]:
    columns = {
        "id": "order",
        "source": "check",
        "placed_at": "2026-11-24T00:00:00Z",
        "minor": 1,
        "currency": "EUR",
        "lists": [f"{hit.list_id}:{hit.metric}" for hit in context.lists],
        "snoozed": sorted(context.snoozed),
        "demoted": sorted(context.demoted),
    } | {key: value for key, value in values.items() if key != "currency" or value is not None}
    names = Names()
    kinds = {kind: [(name, metric) for name, (k, metric) in LISTS.items() if k is kind] for kind in ListKind}
    wanted = SqlContext(recorded_member(names), kinds[ListKind.ALLOW], kinds[ListKind.BLOCK], recorded=True)
    statement = sql.SQL(
        "with o as (insert into risk_order ({}) values ({}) returning *)"
        " select d.score, d.action, d.triggered from o cross join lateral {} as d"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Literal, columns.values())),
        decision_sql(rules, names, wanted),
    )
    row = connection.execute(statement).fetchone()
    connection.rollback()
    assert row is not None
    return row


@settings(max_examples=400, deadline=None)
@given(
    rules=rule_sets(),
    values=ORDERS,
    held=st.lists(st.sampled_from(sorted(LISTS)), unique=True),
    snoozed=NAMES,
    demoted=NAMES,
)
def test_python_and_sql_decide_alike(
    connection: psycopg.Connection[Any],
    rules: tuple[FraudRule, ...],
    values: dict[str, Any],
    held: list[str],
    snoozed: list[str],
    demoted: list[str],
) -> None:
    values = values | {"currency": values.get("currency") or "EUR"}
    hits = tuple(
        ListHit(list_id=name, kind=LISTS[name][0], metric=LISTS[name][1], value=str(values[LISTS[name][1]]))
        for name in held
        if values.get(LISTS[name][1]) is not None
    )
    context = EvaluationContext(hits, frozenset(snoozed), frozenset(demoted))
    outcome = decide(rules, values, context)
    assert in_sql(connection, rules, values, context) == (outcome.score, outcome.action, list(outcome.triggered))
    for rule in rules:
        told = explain(rule, values, context)
        assert all(not each.holds for each in told.conditions if each.actual is None)
    asked = {each.metric for rule in rules if rule.enabled for each in rule.each_condition()}
    assert set(missing(rules, values)) == {key for key in asked if values.get(key) is None}


def rule(**changed: Any) -> FraudRule:
    return FraudRule.model_validate(
        {
            "ruleId": "many-cards",
            "description": "Many orders with one card",
            "conditions": [{"metric": "card_orders_1h", "operator": "gt", "value": 3}],
            "severity": 60,
            "action": "review",
        }
        | changed
    )


def test_the_rule_with_the_most_points_is_named_first() -> None:
    rules = (rule(ruleId="light", severity=5), rule(ruleId="heavy", severity=40), rule(ruleId="even", severity=40))
    assert decide(rules, {"card_orders_1h": 4}, EvaluationContext()).triggered == ("heavy", "even", "light")


def test_precedence() -> None:
    block = rule(ruleId="b", action="block", severity=70)
    flag = rule(ruleId="f", action="flag", severity=5)
    values = {"card_orders_1h": 4, "card": "c", "customer_id": "ada"}
    allow = ListHit(list_id="vip", kind=ListKind.ALLOW, metric="customer_id", value="ada")
    deny = ListHit(list_id="bad", kind=ListKind.BLOCK, metric="card", value="c")
    rules = (rule(), block, flag)

    def evaluate(*hits: ListHit, snoozed: set[str] = set(), demoted: set[str] = set()) -> tuple[int, Action]:  # noqa: B006
        outcome = decide(rules, values, EvaluationContext(hits, frozenset(snoozed), frozenset(demoted)))
        return outcome.score, outcome.action

    assert evaluate() == (100, Action.BLOCK)
    assert evaluate(allow) == (0, Action.APPROVE)
    assert evaluate(deny) == (100, Action.BLOCK)
    assert evaluate(allow, deny) == (0, Action.APPROVE)
    assert evaluate(snoozed={"b"}) == (65, Action.REVIEW)
    assert evaluate(demoted={"b"}) == (100, Action.REVIEW)
    assert evaluate(demoted={"b", "many-cards"}) == (100, Action.FLAG)
    assert decide(rules, {}, EvaluationContext()).action is Action.APPROVE


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"metric": "luck", "operator": "gt", "value": 1}, "no metric"),
        ({"metric": "order_value", "operator": "in", "value": ["1"]}, "cannot be asked"),
        ({"metric": "order_value", "operator": "gt", "value": "5"}, "whole number"),
        ({"metric": "order_value", "operator": "gt", "value": 5.5}, "whole number"),
        ({"metric": "order_value", "operator": "gt", "value": True}, "whole number"),
        ({"metric": "card_orders_1h", "operator": "gt", "value": 201}, "between 0 and 200"),
        ({"metric": "billing_ip_differ", "operator": "is", "value": 1}, "true or false"),
        ({"metric": "billing_country", "operator": "in", "value": "DE"}, "list of texts"),
        ({"metric": "billing_country", "operator": "eq", "value": ["DE"]}, "is a text"),
        ({"metric": "currency", "operator": "in_list", "value": "x"}, "cannot be asked"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(condition: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Condition.model_validate(condition)


def test_texts_are_compared_in_one_form() -> None:
    found = rule(conditions=[{"metric": "billing_country", "operator": "in", "value": [" de ", "fr"]}])
    assert decide([found], {"billing_country": "DE"}, EvaluationContext()).triggered == ("many-cards",)


def test_present_lists_are_asked_when_replayed_with_them(connection: psycopg.Connection[Any]) -> None:
    names = Names()
    context = SqlContext(present_member(names), [("vip", "customer_id")], [], recorded=False)
    statement = sql.SQL(
        "with o as (insert into risk_order (id, source, placed_at, minor, currency, customer_id)"
        " values ('o', 'check', now(), 1, 'EUR', 'ada') returning *)"
        " select d.action from o cross join lateral {} as d"
    ).format(
        decision_sql([rule(conditions=[{"metric": "currency", "operator": "eq", "value": "EUR"}])], names, context)
    )
    assert connection.execute(statement).fetchone() == ("review",)
    connection.rollback()
    connection.execute(
        "insert into risk_list_entry (list_id, value, reason, added_by) values ('vip', 'ada', 'test', 'ada')"
    )
    assert connection.execute(statement).fetchone() == ("approve",)
    connection.rollback()


def test_every_metric_is_a_column(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "select column_name, data_type from information_schema.columns where table_name = 'risk_order'"
    ).fetchall()
    columns = dict(rows)
    types = {
        MetricType.NUMBER: "integer",
        MetricType.MONEY: "bigint",
        MetricType.MINUTES: "bigint",
        MetricType.FLAG: "boolean",
        MetricType.TEXT: "text",
    }
    assert {key: columns.get(key) for key in METRICS} == {key: types[each.kind] for key, each in METRICS.items()}
