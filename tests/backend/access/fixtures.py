"""People who ask for roles and decide about them over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg

from tests.conftest import Api

BASE = "/api/operations/rbac"
Answer = httpx.Response


class _Http:
    """A connection for each request: nobody has to close it."""

    def __init__(self, base: str, token: str) -> None:
        self._base, self._headers = base, {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **more: Any) -> Answer:
        return self._send("GET", path, **more)

    def post(self, path: str, **more: Any) -> Answer:
        return self._send("POST", path, **more)

    def patch(self, path: str, **more: Any) -> Answer:
        return self._send("PATCH", path, **more)

    def _send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        return httpx.request(method, self._base + path, headers=self._headers | (headers or {}), timeout=10, **more)


class Desk:
    """One person's requests."""

    def __init__(self, api: Api, role: str, *, url: str | None = None, **claims: Any) -> None:
        self.http = _Http((url or api.base_url) + BASE, api.token(role, **claims))

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any], version: int | None = None) -> Answer:
        return self.http.post(path, json=body, headers={"If-Match": f'"{version}"'} if version else {})

    def assign(self, user: str, role: str, reason: str = "cover", **more: Any) -> Answer:
        return self.post("/assign", {"userId": user, "roleId": role, "reason": reason, **more})

    def decide(self, approval: dict[str, Any], decision: str = "approve", **more: Any) -> Answer:
        path = f"/approvals/{approval['approvalId']}/decision"
        return self.post(path, {"decision": decision, **more}, approval["version"])

    def permissions(self) -> set[str]:
        return set(self.get("/me")["permissions"])


def audit_rows(api: Api, action: str) -> list[dict[str, Any]]:
    with psycopg.connect(api.owner_url) as connection:
        cursor = connection.execute(
            "select actor, resource_id, before, after, reason, request_id from audit_log"
            " where action = %s order by seq",
            (action,),
        )
        return [
            dict(zip(("actor", "resource", "before", "after", "reason", "request"), row, strict=True)) for row in cursor
        ]


def alerts(api: Api) -> list[dict[str, Any]]:
    address = f"{api.base_url}/api/operations/alerts"
    listed: list[dict[str, Any]] = httpx.get(address, headers=api.headers()).json()["items"]
    return listed


def owner(api: Api, statement: str, *values: Any) -> None:
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute(statement, values)
