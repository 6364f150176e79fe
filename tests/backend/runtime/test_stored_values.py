"""What was stored before there was one form of a value is put into it, and counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from backend.migrations.migrate import migrate, upgrade
from backend.migrations.revisions import NUMBERED
from tests.conftest import Api

NOW = datetime.now(UTC)
OLD = """
insert into orders (id, placed_at, country, customer_id, currency, minor) values
  (E'\\ufeffA-1', now(), 'Turkey', E'C\\u200b1', 'EUR', 100), ('A-2', now(), 'DE', null, 'EUR', 200),
  (E'A-2\\u200b', now(), 'XX', null, 'EUR', 300), ('A-3', now(), 'Channel Islands', null, 'EUR', 400);
insert into refunds (id, order_id, refunded_at, country, currency, minor) values
  ('F-1', E'\\ufeffA-1', now(), 'UK', 'EUR', 1), ('F-2', E'A-2\\u200b', now(), null, 'EUR', 1);
insert into risk_order (id, source, placed_at, minor, currency, email, email_domain, ip, billing_country, ip_country,
                        billing_ip_differ) values
  (E'\\ufeffA-1', 'check', now(), 100, 'EUR', E'jose\\u0301@M\\u00fcnchen.example', E'M\\u00fcnchen.example',
   '2001:db8:aa:bb::1', 'Germany', 'DE', true);
insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation)
  select E'\\ufeffA-1', id, 0, 'review', '{}', '[]' from risk_rule_set;
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, email, due_at)
  values (E'\\ufeffA-1', 0, 'review', '{}', now(), 'EUR', 100, E'jose\\u0301@M\\u00fcnchen.example', now());
insert into risk_list (id, title, kind, metric) values ('l', 'L', 'block', 'email');
insert into risk_list_entry (list_id, value, reason, added_by, until) values
  ('l', E'jose\\u0301@example.com', 'r', 'ada', null), ('l', E'jos\\u00e9@example.com', 'r', 'ada', now() + '1 day');
"""


def _rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[arg-type]


def test_stored_values_are_put_into_the_form(empty_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(empty_url, autocommit=True) as connection:
        upgrade(connection, [NUMBERED], "0012")
        connection.execute(OLD)
    caplog.set_level("INFO", "backend.migrations.stored_values")
    migrate(empty_url)
    assert _rows(empty_url, "select id, country, customer_id, given from orders order by minor") == [
        ("A-1", "TR", "C1", {"id": "\ufeffA-1", "country": "Turkey", "customerId": "C\u200b1"}),
        ("A-2", "DE", None, None),
        ("A-2\u200b", None, None, {"country": "XX"}),
        ("A-3", "Channel Islands", None, None),
    ], "ids that would be one stay two: no order is lost"
    assert _rows(empty_url, "select order_id, country from refunds order by id") == [("A-1", "GB"), ("A-2\u200b", None)]
    address = "josé@xn--mnchen-3ya.example"
    assert _rows(
        empty_url,
        "select id, email, email_alias, email_domain, ip_network, billing_country, billing_ip_differ from risk_order",
    ) == [("A-1", address, address, "xn--mnchen-3ya.example", "2001:db8:aa:bb::/64", "DE", False)]
    assert _rows(empty_url, "select order_id, email, words like '%a-1%' from risk_entry") == [("A-1", address, True)]
    assert _rows(empty_url, "select order_id from risk_decision") == [("A-1",)]
    assert _rows(empty_url, "select value, given, until from risk_list_entry where removed_at is null") == [
        ("josé@example.com", "jose\u0301@example.com", None)
    ], "the one that holds longest"
    told = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    counted = {(each["table"], each["column"]): each["rows"] for each in told if "rows" in each}
    assert counted["orders", "country"] == 2
    assert counted["risk_order", "email"] == counted["risk_list_entry", "value"] == 1
    assert any(each["event"] == "ids that differ in what nobody sees stay as they are" for each in told)
    assert migrate(empty_url) is False


def test_a_query_finds_what_came_in_another_form(api: Api) -> None:
    """What the cases of countries and addresses over HTTP say."""
    at = (NOW - timedelta(minutes=5)).isoformat()
    rows = [
        {"id": f"CT-{n}", "placedAt": at, "country": country, "currency": "eur", "total": 100}
        for n, country in enumerate(["DE", "de", "DEU", "Germany"])
    ]
    told = httpx.post(f"{api.base_url}/api/ingest/orders", json={"rows": rows}, headers=api.headers("pipeline")).json()
    assert (told["inserted"], told["rejected"]) == (4, [])
    window = {"from": (NOW - timedelta(hours=1)).isoformat(), "to": (NOW + timedelta(hours=1)).isoformat()}
    for asked in ("DE", "germany", "DEU"):
        page = httpx.get(
            f"{api.base_url}/api/operations/orders", params=window | {"country": asked}, headers=api.headers()
        ).json()
        assert page["summary"]["count"] == 4
    assert _rows(api.owner_url, "select given from orders order by id") == [
        ({"currency": "eur"},),
        ({"country": "de", "currency": "eur"},),
        ({"country": "DEU", "currency": "eur"},),
        ({"country": "Germany", "currency": "eur"},),
    ]
