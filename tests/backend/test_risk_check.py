"""The fraud check over HTTP: what is decided, what is stored, once and exactly, whatever comes at once."""

from __future__ import annotations

from tests.backend.risk_samples import check, checked, order, publish, rows, rule
from tests.conftest import Api


def test_an_order_is_decided_and_kept(api: Api) -> None:
    publish(
        api.owner_url,
        rule(),
        rule(
            "ip-card",
            conditions=[
                {"metric": "ip_card_differ", "operator": "is", "value": True},
                {"metric": "email", "operator": "eq", "value": "ADA@example.com"},
            ],
            severity=30,
        ),
    )
    first = checked(api, order("1", loyalty={"tier": "gold"}))
    assert (first["score"], first["action"], first["triggeredRules"]) == (30, "review", ["ip-card"])
    assert first["explanation"][0]["conditions"][0] == {
        "metric": "ip_card_differ",
        "operator": "is",
        "value": True,
        "actual": True,
        "holds": True,
    }
    assert first["explanation"][0]["conditions"][1]["actual"] == "a***@example.com"
    second = checked(api, order("2", placedAt="2026-11-24T13:59:00+01:00"))
    assert (second["score"], second["triggeredRules"]) == (70, ["velocity-card", "ip-card"])
    assert rows(api, "select payload -> 'loyalty' ->> 'tier' from risk_payload where order_id = '1'") == [("gold",)]
    found = rows(
        api,
        """select source, ip, email, email_domain, card_country, item_count, hour_of_day, customer_age,
        payment_method, payment_method_age, billing_shipping_differ, billing_card_differ, ip_card_differ, order_value,
        customer_orders, customer_refunds, card_orders_1h, card_amount_1h, card_orders_10m, device_orders_30d
        from risk_order order by seq""",
    )
    assert found == [
        (
            "check",
            "105.112.0.9",
            "ada@example.com",
            "example.com",
            "DE",
            3,
            12,
            25,
            "card",
            5_760,
            True,
            False,
            True,
            5_000,
            0,
            0,
            1,
            5_000,
            1,
            1,
        ),
        (
            "check",
            "105.112.0.9",
            "ada@example.com",
            "example.com",
            "DE",
            3,
            12,
            84,
            "card",
            5_819,
            True,
            False,
            True,
            5_000,
            1,
            0,
            2,
            10_000,
            1,
            2,
        ),
    ]
    entry = rows(
        api,
        "select order_id, score, action, triggered, status, minor, reporting_minor, card_last4, due_at -"
        " created_at = interval '24 hours' from risk_entry order by created_at",
    )
    assert entry[1] == ("2", 70, "review", ["velocity-card", "ip-card"], "open", 5_000, 5_000, "4417", True)
    assert rows(api, "select rule_id, order_id, minor from risk_hit order by order_id, rule_id") == [
        ("ip-card", "1", 5_000),
        ("ip-card", "2", 5_000),
        ("velocity-card", "2", 5_000),
    ]


def test_the_same_order_again_is_told_the_first_decision(api: Api) -> None:
    publish(api.owner_url, rule(conditions=[{"metric": "card_orders_1h", "operator": "gte", "value": 1}]))
    first = checked(api, order("1"))
    publish(api.owner_url)
    assert checked(api, order("1")) == first
    other = check(api, order("1", total=5_001))
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert "other data" in other.json()["detail"]
    assert rows(api, "select count(*) from risk_entry") == [(1,)]
