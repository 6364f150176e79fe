"""Orders to check, and rule sets to check them by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
from psycopg.types.json import Jsonb

from tests.conftest import Api

CHECK = "/api/risk/fraud-check"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def order(number: str, **changed: Any) -> dict[str, Any]:
    """A payload with everything in it."""
    return {
        "id": number,
        "placedAt": NOON.isoformat(),
        "currency": "EUR",
        "total": 5_000,
        "items": [{"sku": "A320", "title": "A320 pack", "quantity": 2}, {"sku": "B", "title": "Scenery"}],
        "customer": {"id": "C-1", "email": "Ada@Example.com", "createdAt": "2026-11-24T11:34:30Z", "name": "Ada"},
        "payment": {
            "method": "Card",
            "methodCreatedAt": "2026-11-20T12:00:00Z",
            "cardFingerprint": "card-4417",
            "cardLast4": "4417",
            "cardCountry": "de",
        },
        "billingCountry": "DE",
        "shippingCountry": "FR",
        "ip": "::ffff:105.112.0.9",
        "ipCountry": "NG",
        "deviceId": "device-1",
    } | changed


def rule(number: str = "velocity-card", **changed: Any) -> dict[str, Any]:
    """A rule that fires from the second order with a card on."""
    return {
        "ruleId": number,
        "description": "Many orders with one card",
        "conditions": [{"metric": "card_orders_1h", "operator": "gte", "value": 2}],
        "severity": 40,
        "action": "review",
    } | changed


def publish(owner_url: str, *rules: dict[str, Any], title: str = "Test") -> str:
    """Publish a rule set as it is, past everything that guards publishing; its id."""
    with psycopg.connect(owner_url, autocommit=True) as connection, connection.transaction():
        connection.execute(
            "update risk_rule_set set state = 'retired', version = version + 1 where state = 'published'"
        )
        row = connection.execute(
            "insert into risk_rule_set (title, state, rules, author, published_at, published_by)"
            " values (%s, 'published', %s, 'ada', clock_timestamp(), 'bob') returning id::text",
            (title, Jsonb(list(rules))),
        ).fetchone()
    assert row is not None
    return str(row[0])


def check(api: Api, payload: dict[str, Any], role: str = "storefront", **headers: str) -> httpx.Response:
    """Send an order to the check."""
    return httpx.post(api.base_url + CHECK, json=payload, headers=api.headers(role) | headers, timeout=20)


def checked(api: Api, payload: dict[str, Any]) -> dict[str, Any]:
    """The decision about an order."""
    answer = check(api, payload)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rows(api: Api, statement: str, *values: Any) -> list[Any]:
    """What the owner of the database reads."""
    with psycopg.connect(api.owner_url) as connection:
        return connection.execute(statement, values).fetchall()
