"""Something of everything of on-call, entered over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from tests.conftest import Api

BASE = "/api/operations/oncall"
RESPONDER = "operations-lead"
"""Who may page by hand."""


def post(api: Api, role: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Ask for something to be done; it has to work."""
    headers = api.headers(role) | ({} if path == "/feeds" else {"Idempotency-Key": str(uuid4())})
    answer = httpx.post(f"{api.base_url}{BASE}{path}", json=body, headers=headers, timeout=30)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def add_rosters(api: Api, role: str) -> str:
    """A schedule with somebody on, a swap request, a policy, a page by it and a calendar; answers the schedule's id."""
    httpx.get(f"{api.base_url}{BASE}/now", headers=api.headers(role), timeout=30)  # from then on they are known
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    layer = {
        "name": "First",
        "seats": [[role]],
        "zone": "Europe/Berlin",
        "anchor": f"{start - timedelta(days=2):%Y-%m-%dT%H:%M}",
    }
    definition = {"layers": [layer], "cover": {"zone": "UTC"}}
    made = post(
        api, role, "/schedules", {"name": "Operations", "team": "operations", "zone": "UTC", "definition": definition}
    )
    schedule_id = str(made["id"])
    span = {"start": (start + timedelta(hours=5)).isoformat(), "end": (start + timedelta(hours=9)).isoformat()}
    post(api, role, "/swaps", {"scheduleId": schedule_id, **span, "reason": "A wedding"})
    step = {"afterMinutes": 0, "targets": [{"kind": "on_call", "id": schedule_id}]}
    policy = post(api, role, "/policies", {"name": "Operations", "team": "operations", "definition": {"steps": [step]}})
    post(api, RESPONDER, "/pages", {"policyId": policy["id"], "severity": "P2", "title": "Downloads fail"})
    post(api, role, "/feeds", {"person": role, "purpose": "The phone"})
    return schedule_id
