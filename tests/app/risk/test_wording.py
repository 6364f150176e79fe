"""Why a rule fired, in plain words: every kind of metric, every operator."""

from __future__ import annotations

from typing import Any

import pytest

from app.risk.wording import Run, WordingContext, duration, fired_words, plain, why, window_of
from models.risk.metrics import METRICS, MetricType, Operator
from models.risk.rules import Action, Compared, Condition, Fired
from models.risk.wording import condition_words

NAMES = {"DE": "Germany", "NG": "Nigeria"}
COUNTRIES = {"card_country": "DE", "ip_country": "NG", "billing_country": "DE"}
AROUND = WordingContext("EUR", COUNTRIES, lambda code: NAMES.get(code, code))


def sentence(metric: str, operator: str, value: Any, actual: Any) -> str:
    return plain(
        fired_words(Compared(metric=metric, operator=operator, value=value, actual=actual, holds=True), AROUND)
    )


@pytest.mark.parametrize(
    ("metric", "operator", "value", "actual", "words"),
    [
        ("card_orders_1h", "gt", 3, 7, "7 orders with this card in one hour. The limit is 3."),
        ("card_orders_1h", "gte", 4, 7, "7 orders with this card in one hour. The rule asks for at least 4."),
        ("ip_orders_10m", "gt", 0, 1, "1 order from this IP in ten minutes. The limit is 0."),
        ("customer_amount_30d", "gt", 5, 10, "0.10 EUR by this customer in 30 days. The limit is 0.05 EUR."),
        ("ip_amount_24h", "gte", 500, 1000, "10.00 EUR from this IP in 24 hours. The rule asks for at least 5.00 EUR."),
        ("ip_card_differ", "is", True, True, "Card from Germany, order sent from Nigeria."),
        ("billing_ip_differ", "is", True, True, "Billed to Germany, order sent from Nigeria."),
        ("billing_shipping_differ", "is", True, True, "Countries of billing and shipping differ."),
        ("ip_card_differ", "is", False, False, "Countries of the IP and the card are the same."),
        ("customer_age", "lt", 1440, 26, "The account is 26 minutes old. Accounts under 24 hours count."),
        ("customer_age", "lte", 60, 60, "The account is 1 hour old. Accounts up to 1 hour count."),
        ("customer_age", "gt", 60, 3000, "The account is 2 days 2 h old. The limit is 1 hour."),
        ("order_value", "gt", 20_000, 24_960, "The order is worth 249.60 EUR. The limit is 200.00 EUR."),
        ("order_value", "lte", 100, 99, "The order is worth 0.99 EUR. The rule asks for at most 1.00 EUR."),
        ("item_count", "eq", 1, 1, "1 item in the order. The rule asks for exactly 1."),
        ("hour_of_day", "lt", 5, 3, "Ordered between 03:00 and 04:00 UTC. Rule: 00:00–05:00 UTC."),
        ("hour_of_day", "gte", 23, 23, "Ordered between 23:00 and 00:00 UTC. Rule: 23:00–24:00 UTC."),
        ("customer_refunds", "gte", 2, 3, "The customer was refunded 3 times. The rule asks for at least 2."),
        ("customer_chargebacks", "gt", 0, 1, "The customer has charged back 1 time. The limit is 0."),
        ("customer_orders", "ne", 0, 2, "The customer has 2 earlier orders. The rule asks for anything but 0."),
        (
            "payment_method_age",
            "lt",
            90,
            5,
            "The means of payment was first used 5 minutes ago. Means of payment under 90 minutes count.",
        ),
        ("email_domain", "in", ["a.org"], "a.org", "The e-mail's domain is a.org."),
        ("ip_country", "eq", "NG", "NG", "Country of the IP is Nigeria."),
        ("card", "in_list", "stolen", "hidden", "Card hidden is on the list stolen."),
        ("ip", "not_in_list", "office", "10.0.0.0/24", "The IP 10.0.0.0/24 is not on the list office."),
    ],
)
def test_what_fired_is_said_with_its_numbers(metric: str, operator: str, value: Any, actual: Any, words: str) -> None:
    assert sentence(metric, operator, value, actual) == words


def test_numbers_are_strong() -> None:
    found = fired_words(Compared(metric="card_orders_1h", operator="gt", value=3, actual=7, holds=True))
    assert [run for run in found if run.strong] == [Run("7 orders", strong=True), Run("3", strong=True)]


def test_a_rule_says_only_what_held() -> None:
    conditions = (
        Compared(metric="item_count", operator="gt", value=5, actual=2, holds=False),
        Compared(metric="customer_age", operator="lt", value=60, actual=None, holds=False),
        Compared(metric="card_orders_1h", operator="gt", value=3, actual=4, holds=True),
    )
    rule = Fired(rule_id="r", description="d", severity=5, action=Action.REVIEW, conditions=conditions)
    assert plain(why(rule)) == "4 orders with this card in one hour. The limit is 3."
    nothing = rule.model_copy(update={"conditions": conditions[:2]})
    assert plain(why(nothing)) == "d"


def test_the_hours_of_a_rule_are_said_once() -> None:
    conditions = tuple(
        Compared(metric="hour_of_day", operator=operator, value=value, actual=3, holds=True)
        for operator, value in (("gte", 1), ("lt", 5))
    )
    rule = Fired(rule_id="r", description="d", severity=5, action=Action.REVIEW, conditions=conditions)
    assert plain(why(rule)) == "Ordered between 03:00 and 04:00 UTC. Rule: 01:00–05:00 UTC."


def test_where_bill_and_parcel_go_to_one_country_that_is_said_once() -> None:
    conditions = tuple(
        Compared(metric=metric, operator="eq", value=True, actual=True, holds=True)
        for metric in ("billing_card_differ", "shipping_card_differ")
    )
    rule = Fired(rule_id="r", description="d", severity=5, action=Action.REVIEW, conditions=conditions)
    values = {"billing_country": "BE", "shipping_country": "BE", "card_country": "US"}
    assert plain(why(rule, WordingContext(values=values))) == "Billed and sent to BE, card from US."
    values["shipping_country"] = "NL"
    assert plain(why(rule, WordingContext(values=values))) == "Billed to BE, card from US. Sent to NL, card from US."


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.key)
def test_every_metric_has_words_for_every_operator(metric: Any) -> None:
    values = {
        MetricType.NUMBER: 3,
        MetricType.MONEY: 300,
        MetricType.MINUTES: 90,
        MetricType.FLAG: True,
        MetricType.TEXT: "DE",
    }
    for operator in metric.operators:
        value: Any = values[metric.kind]
        if operator in {Operator.IN, Operator.NOT_IN}:
            value = ("DE", "FR")
        elif operator in {Operator.IN_LIST, Operator.NOT_IN_LIST}:
            value = "some-list"
        condition = Condition(metric=metric.key, operator=operator, value=value)
        asked = condition_words(condition, "EUR")
        assert asked
        assert "None" not in asked
        compared = Compared(metric=metric.key, operator=operator, value=value, actual=values[metric.kind], holds=True)
        words = plain(fired_words(compared, AROUND))
        assert words.endswith(".")
        assert "None" not in words


def test_a_metric_of_another_release_is_said_as_it_came() -> None:
    assert sentence("moon_phase", "eq", 3, 3) == "moon_phase eq 3."


def test_windows_and_durations() -> None:
    assert (window_of("card_orders_10m"), window_of("item_count")) == ("10 min", "")
    assert [duration(m) for m in (1, 26, 60, 90, 150, 1440, 2880, 3000)] == [
        "1 minute", "26 minutes", "1 hour", "90 minutes", "2 hours 30 min", "24 hours", "2 days", "2 days 2 h",
    ]  # fmt: skip
