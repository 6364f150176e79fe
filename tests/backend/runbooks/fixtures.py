"""A runbook, and who asks about it, as several tests use them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.conftest import Api

RUNBOOKS = "/api/operations/runbooks"
TEXT = "# First five minutes\n\n- [ ] Look\n- [ ] Act, with `opsconsole worker`\n\n## Steps\n\n- [ ] Tell"
DRAFT = {
    "slug": "mirrors-down",
    "title": "Mirrors are down",
    "owner": "operations-lead",
    "reviewBy": "2027-05-31",
    "alerts": ["downloads.failureRate"],
    "services": ["downloads"],
    "text": TEXT,
}


class Desk:
    """Asks the API as one role."""

    def __init__(self, api: Api, role: str = "operations-lead") -> None:
        self.api, self.role = api, role

    def send(self, method: str, path: str = "", body: Any = None, version: int | None = None) -> httpx.Response:
        headers = self.api.headers(self.role) | ({} if version is None else {"If-Match": f'"{version}"'})
        url = f"{self.api.base_url}{RUNBOOKS}{path}"
        return httpx.request(method, url, json=body, headers=headers, timeout=20)

    def done(self, method: str, path: str = "", body: Any = None, version: int | None = None) -> dict[str, Any]:
        answer = self.send(method, path, body, version)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def created(self, **more: Any) -> dict[str, Any]:
        return self.done("POST", "", DRAFT | more)
