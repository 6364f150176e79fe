"""Those who keep the plan, and those who send events by it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import psycopg

from backend.audit.relay import queries as audit_queries
from tests.conftest import Api

BASE = "/api/analytics"
INGEST = "/api/ingest/events"
KEEPER, VIEWER, PIPELINE, STOREFRONT, OTHER = (
    "administrator",
    "operations-lead",
    "pipeline",
    "storefront",
    "compliance-officer",
)
ORDER: dict[str, Any] = {
    "eventName": "Order Completed",
    "description": "A customer has paid.",
    "owners": ["operations-lead"],
    "properties": [
        {"name": "order_id", "required": True, "schema": {"type": "string", "maxLength": 40}},
        {"name": "total", "required": True, "schema": {"type": "number", "minimum": 0}},
        {"name": "currency", "schema": {"enum": ["EUR", "GBP", "USD"]}},
        {"name": "email", "schema": {"type": "string"}, "personal": "personal", "purpose": "Sends the receipt"},
        {"name": "items", "schema": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
    ],
    "definitions": {"item": {"type": "object", "properties": {"sku": {"type": "string"}, "price": {"type": "number"}}}},
    "additionalProperties": False,
}
GOOD = {"order_id": "CS-1", "total": 319.5, "currency": "EUR"}


class Planner:
    """People and services, over HTTP."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def send(
        self, method: str, path: str, body: Any = None, *, by: str = KEEPER, version: object = None, **more: Any
    ) -> httpx.Response:
        headers = self.api.headers(by) | {"Content-Type": "application/json"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return httpx.request(method, self.api.base_url + path, headers=headers, timeout=60, **content, **more)

    def done(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """As ``send``, of what must work; the answer."""
        answer = self.send(method, path, body, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def refused(self, answer: httpx.Response, status: int, words: str = "", pointer: str | None = None) -> None:
        """It is a problem that says so."""
        assert answer.status_code == status, answer.text
        problem = answer.json()
        assert words in str(problem), problem
        if pointer is not None:
            assert pointer in [each["pointer"] for each in problem["errors"]], problem

    def draft(self, **more: Any) -> dict[str, Any]:
        """A draft of an event."""
        return dict(self.done("POST", f"{BASE}/schema", ORDER | more))

    def state(self, definition: dict[str, Any], state: str, **more: Any) -> Any:
        """A version in another state."""
        path = f"{BASE}/schema/{definition['eventName']}/{definition['version']}"
        now = self.done("GET", path)
        body = {"state": state, "reason": "as planned"} | more
        return self.done("POST", f"{path}/state", body, version=now["revision"])

    def planned(self, state: str = "enforced", mode: str | None = None, **more: Any) -> dict[str, Any]:
        """An event of the plan whose version has come to a state."""
        made = self.draft(**more)
        for each in ("observed", "enforced"):
            made = self.state(made, each)
            if each == state:
                break
        if mode is not None:
            self.mode(mode, made["eventName"])
        return made

    def mode(self, mode: str, event_name: str = "Order Completed") -> None:
        """What happens to what does not fit."""
        known = {each["eventName"]: each["version"] for each in self.done("GET", f"{BASE}/schema")["modes"]}
        body = {"eventName": event_name, "mode": mode, "reason": "as planned"}
        self.done("POST", f"{BASE}/modes", body | {"version": known.get(event_name)})

    def ingest(self, *events: dict[str, Any] | bytes, **more: Any) -> dict[str, Any]:
        """A batch that comes in."""
        if any(isinstance(each, bytes) for each in events):
            parts = [
                each if isinstance(each, bytes) else httpx.Request("POST", "http://x", json=each).content
                for each in events
            ]
            return dict(self.done("POST", INGEST, b'{"batch":[' + b",".join(parts) + b"]}", by=PIPELINE, **more))
        return dict(self.done("POST", INGEST, {"batch": list(events)}, by=PIPELINE, **more))

    def validate(self, event_name: str, payload: Any, **more: Any) -> dict[str, Any]:
        """What the plan says of an event."""
        body = {"eventName": event_name, "payload": payload} | more
        return dict(self.done("POST", f"{BASE}/events/validate", body, by=STOREFRONT))

    def follows(self) -> None:
        """The API judges by the plan as it is now."""
        version = self.done("GET", f"{BASE}/schema")["version"]
        body = {"events": [{"eventName": "Nothing", "payload": {}}]}
        while self.done("POST", f"{BASE}/events/validate", body, by=STOREFRONT)["planVersion"] != version:
            pass

    def sql(self, statement: str, values: Any = None) -> list[Any]:
        """What the owner of the database reads, or does."""
        with psycopg.connect(self.api.owner_url, autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def audited(self, action: str) -> list[dict[str, Any]]:
        """Entries of the audit log."""
        names = ("actor", "resource_id", "before", "after", "reason")
        rows = self.sql(
            "select actor, resource_id, before, after, reason from audit_log where action = %s order by seq", [action]
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def stamped(self) -> None:
        """All entries of the log have positions."""
        with psycopg.connect(self.api.owner_url, autocommit=True) as connection:
            while connection.execute(audit_queries.lag).fetchone() != (0.0,):
                connection.execute(audit_queries.stamp)

    def kept(self) -> tuple[int, int, int]:
        """Events that have landed, that are held, and ids."""
        [row] = self.sql(
            "select (select count(*) from event), (select count(*) from event_quarantine),"
            " (select count(*) from event_id)"
        )
        return (row[0], row[1], row[2])


def track(name: str = "Order Completed", properties: Any = None, **more: Any) -> dict[str, Any]:
    """A track call."""
    return {
        "type": "track",
        "messageId": str(uuid4()),
        "event": name,
        "properties": GOOD if properties is None else properties,
        "context": {"app": {"name": "web", "version": "5.12.0"}},
    } | more
