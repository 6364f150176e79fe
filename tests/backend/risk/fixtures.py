"""Entries of the risk queue, written as the check writes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
from psycopg.types.json import Jsonb

from tests.conftest import Api

QUEUE = "/api/risk/queue"
PLACED = datetime(2026, 11, 24, 13, 18, 40, tzinfo=UTC)

FIRED = [
    {
        "ruleId": "velocity-card",
        "description": "More than 3 orders with this card in 1 h",
        "severity": 60,
        "action": "review",
        "demoted": False,
        "conditions": [
            {"metric": "card_orders_1h", "operator": "gt", "value": 3, "actual": 5, "holds": True},
            {"metric": "email", "operator": "ne", "value": "a@b.org", "actual": "eve@shop.example", "holds": True},
        ],
    }
]

_ORDER = """
insert into risk_order (id, source, placed_at, minor, currency, customer_id, email, ip, card, device, order_value,
                        item_count, ip_country, card_country, customer_orders, lists)
values (%(order_id)s, 'check', %(placed_at)s, %(minor)s, %(currency)s, %(customer)s, %(email)s, %(ip)s, %(card)s,
        %(device)s, %(reporting_minor)s, 3, %(ip_country)s, %(card_country)s, 2, %(lists)s)
"""
_PAYLOAD = "insert into risk_payload (order_id, payload) values (%(order_id)s, %(payload)s)"
_DECISION = """
insert into risk_decision (order_id, rule_set_id, score, action, triggered, explanation)
select %(order_id)s, id, %(score)s, %(action)s, %(triggered)s, %(explanation)s
  from risk_rule_set where state = 'published'
"""
_ENTRY = """
insert into risk_entry (order_id, score, action, triggered, placed_at, currency, minor, reporting_minor, customer_id,
                        email, card, card_last4, card_country, ip, ip_country, device, created_at, due_at)
values (%(order_id)s, %(score)s, %(action)s, %(triggered)s, %(placed_at)s, %(currency)s, %(minor)s,
        %(reporting_minor)s, %(customer)s, %(email)s, %(card)s, '4417', %(card_country)s, %(ip)s, %(ip_country)s,
        %(device)s, %(created_at)s, %(due_at)s)
returning id::text
"""


class RiskShop:
    """An API with a queue that can be filled."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.made = 0

    def sql(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        """What the owner of the database is answered."""
        with psycopg.connect(self.api.owner_url) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def order(self, **changes: Any) -> dict[str, Any]:
        """An order that risk knows."""
        self.made += 1
        values = {
            "order_id": f"CS-{48000 + self.made}",
            "placed_at": PLACED + timedelta(seconds=self.made),
            "minor": 24_960,
            "currency": "EUR",
            "reporting_minor": 24_960,
            "customer": f"C-{self.made}",
            "email": "eve@shop.example",
            "ip": f"105.112.7.{self.made % 250}",
            "card": f"card-{self.made}",
            "device": None,
            "ip_country": "NG",
            "card_country": "DE",
            "lists": [],
        } | changes
        self.sql(_ORDER, values)
        return values

    def entry(self, **changes: Any) -> str:
        """An entry of the queue, with its order and decision; returns its id."""
        values = self.order(**{name: value for name, value in changes.items() if name not in _OWN})
        payload = {
            "id": values["order_id"],
            "items": [{"title": "A320 pack", "quantity": 2}, {"sku": "liv", "quantity": 1}],
            "customer": {"name": "Eve Adams", "email": values["email"]},
            "vendorField": 5,
        }
        now = datetime.now(UTC)
        values |= {
            "score": 91,
            "action": "review",
            "triggered": ["velocity-card"],
            "explanation": Jsonb(FIRED),
            "payload": Jsonb(payload, json.dumps),
            "created_at": now,
            "due_at": now + timedelta(hours=24),
        } | {name: value for name, value in changes.items() if name in _OWN}
        self.sql(_PAYLOAD, values)
        self.sql(_DECISION, values)
        return str(self.sql(_ENTRY, values)[0][0])

    def get(self, path: str, role: str = "risk-analyst", **parameters: Any) -> httpx.Response:
        """An answer to a role."""
        url = f"{self.api.base_url}{path}"
        return httpx.get(url, params=parameters, headers=self.api.headers(role), timeout=10)

    def ids(self, **parameters: Any) -> list[str]:
        """Order ids of a page of the queue."""
        answer = self.get(QUEUE, **parameters)
        assert answer.status_code == 200, answer.text
        return [item["orderId"] for item in answer.json()["items"]]

    def post(
        self, path: str, body: Any = None, *, role: str = "risk-analyst", version: int | None = None
    ) -> httpx.Response:
        """A request of a role, based on a version."""
        headers = self.api.headers(role) | ({} if version is None else {"If-Match": f'"{version}"'})
        return httpx.post(f"{self.api.base_url}{path}", json=body, headers=headers, timeout=20)

    def done(self, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        """What a request that must succeed was answered."""
        answer = self.post(path, body, **more)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def fulfilment(self, entry_id: str) -> dict[str, Any] | None:
        """What the shop is to do about an entry."""
        found: dict[str, Any] | None = self.get(f"{QUEUE}/{entry_id}").json()["intent"]
        return found

    def history(self, entry_id: str) -> list[str]:
        """Actions in the log, oldest first."""
        rows = self.sql(
            "select action from audit_log where resource_type = 'risk_entry' and resource_id = %s order by seq",
            [entry_id],
        )
        return [row[0] for row in rows]


_OWN = frozenset({"score", "action", "triggered", "explanation", "payload", "created_at", "due_at"})

APPROVE = {"status": "reviewed", "verdict": "approved"}
REJECT = {"status": "reviewed", "verdict": "rejected", "notes": "stolen card"}
ESCALATE = {"status": "escalated", "escalateTo": "finance", "notes": "please look"}
