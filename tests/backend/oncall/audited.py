"""A request for each writing route of on-call, and the entry it must leave in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

ONCALL = "/api/operations/oncall"
LEAD = "operations-lead"
LAYER = {"name": "First", "seats": [[LEAD]], "zone": "UTC", "anchor": "2026-01-05T08:00"}
STEPS = {"steps": [{"afterMinutes": 0, "targets": [{"kind": "person", "id": LEAD}]}]}


def _later(hours: int) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def _schedule(world: Any) -> str:
    world.people += 1
    body = {
        "name": f"Schedule {world.people}",
        "team": "operations",
        "zone": "UTC",
        "definition": {"layers": [LAYER]},
    }
    return str(world.done("POST", f"{ONCALL}/schedules", LEAD, body)["id"])


def _policy(world: Any) -> dict[str, Any]:
    world.people += 1
    body = {"name": f"Policy {world.people}", "team": "operations", "definition": STEPS}
    found: dict[str, Any] = world.done("POST", f"{ONCALL}/policies", LEAD, body)
    return found


def _page(world: Any) -> str:
    body = {"policyId": _policy(world)["id"], "severity": "P2", "title": "Downloads fail"}
    return str(world.done("POST", f"{ONCALL}/pages", LEAD, body)["id"])


def _override(world: Any, send: Any) -> Any:
    body = {
        "start": _later(1),
        "end": _later(2),
        "people": ["viewer"],
        "insteadOf": "person",
        "person": LEAD,
        "reason": "away",
    }
    return send("POST", f"{ONCALL}/schedules/{_schedule(world)}/overrides", LEAD, body)


def _cancel(world: Any, send: Any) -> Any:
    made = _override(world, world.send).json()["override"]["id"]
    return send("POST", f"{ONCALL}/overrides/{made}/cancel", LEAD)


def _swap(world: Any, send: Any) -> Any:
    body = {"scheduleId": _schedule(world), "start": _later(5), "end": _later(6), "to": "viewer"}
    return send("POST", f"{ONCALL}/swaps", LEAD, body)


def _take(world: Any, send: Any) -> Any:
    swap = _swap(world, world.send).json()["id"]
    return send("POST", f"{ONCALL}/swaps/{swap}/decision", "viewer", {"decision": "taken"}, If_Match=1)


def _feed(_world: Any, send: Any) -> Any:
    return send("POST", f"{ONCALL}/feeds", LEAD, {"person": LEAD, "purpose": "phone"})


def _revoke(world: Any, send: Any) -> Any:
    return send("POST", f"{ONCALL}/feeds/{_feed(world, world.send).json()['id']}/revoke", LEAD)


def _change_policy(world: Any, send: Any) -> Any:
    found = _policy(world)
    body = {"name": found["name"], "team": "risk", "definition": STEPS, "reason": "moved"}
    return send("PUT", f"{ONCALL}/policies/{found['id']}", LEAD, body, If_Match=1)


def oncall_cases(case: Callable[..., Any]) -> dict[tuple[str, str], Any]:
    """By method and route; ``case`` makes one."""
    revision = {"definition": {"layers": [LAYER | {"every": 1}]}, "reason": "days"}
    new = {"name": "New", "team": "operations", "zone": "UTC", "definition": {"layers": [LAYER]}}
    return {
        ("POST", f"{ONCALL}/schedules"): case(
            lambda _, send: send("POST", f"{ONCALL}/schedules", LEAD, new),
            "oncall.schedule.created",
            "schedule",
            "after",
        ),
        ("PATCH", f"{ONCALL}/schedules/{{schedule_id}}"): case(
            lambda w, send: send("PATCH", f"{ONCALL}/schedules/{_schedule(w)}", LEAD, {"team": "risk"}, If_Match=1),
            "oncall.schedule.changed",
            "schedule",
            "before after",
        ),
        ("POST", f"{ONCALL}/schedules/{{schedule_id}}/revisions"): case(
            lambda w, send: send("POST", f"{ONCALL}/schedules/{_schedule(w)}/revisions", LEAD, revision, If_Match=1),
            "oncall.schedule.revised",
            "schedule",
            "after",
            "days",
        ),
        ("POST", f"{ONCALL}/schedules/{{schedule_id}}/overrides"): case(
            _override, "oncall.override.added", "schedule", "after", "away"
        ),
        ("POST", f"{ONCALL}/overrides/{{override_id}}/cancel"): case(
            _cancel, "oncall.override.cancelled", "schedule", "after"
        ),
        ("PUT", f"{ONCALL}/people/{{person}}/zone"): case(
            lambda _, send: send("PUT", f"{ONCALL}/people/{LEAD}/zone", LEAD, {"zone": "Europe/Berlin"}),
            "oncall.zone.set",
            "person_zone",
            "after",
        ),
        ("POST", f"{ONCALL}/swaps"): case(_swap, "oncall.swap.requested", "swap_request", "after"),
        ("POST", f"{ONCALL}/swaps/{{swap_id}}/decision"): case(_take, "oncall.swap.taken", "swap_request", "after"),
        ("POST", f"{ONCALL}/policies"): case(
            lambda _, send: send(
                "POST", f"{ONCALL}/policies", LEAD, {"name": "New", "team": "operations", "definition": STEPS}
            ),
            "oncall.policy.created",
            "escalation_policy",
            "after",
        ),
        ("PUT", f"{ONCALL}/policies/{{policy_id}}"): case(
            _change_policy, "oncall.policy.changed", "escalation_policy", "before after", "moved"
        ),
        ("POST", f"{ONCALL}/pages"): case(
            lambda w, send: send(
                "POST", f"{ONCALL}/pages", LEAD, {"policyId": _policy(w)["id"], "severity": "P1", "title": "Down"}
            ),
            "oncall.page.started",
            "page",
            "after",
        ),
        ("POST", f"{ONCALL}/pages/test"): case(
            lambda _, send: send("POST", f"{ONCALL}/pages/test", "viewer", {}), "oncall.page.tested", "page", "after"
        ),
        ("POST", f"{ONCALL}/pages/{{page_id}}/acknowledge"): case(
            lambda w, send: send("POST", f"{ONCALL}/pages/{_page(w)}/acknowledge", LEAD),
            "oncall.page.acknowledged",
            "page",
            "after",
        ),
        ("POST", f"{ONCALL}/pages/{{page_id}}/resolve"): case(
            lambda w, send: send("POST", f"{ONCALL}/pages/{_page(w)}/resolve", LEAD, {"reason": "mended"}),
            "oncall.page.resolved",
            "page",
            "after",
            "mended",
        ),
        ("POST", f"{ONCALL}/feeds"): case(_feed, "oncall.feed.created", "calendar_feed", "after"),
        ("POST", f"{ONCALL}/feeds/{{feed_id}}/revoke"): case(_revoke, "oncall.feed.revoked", "calendar_feed", "after"),
    }
