"""Something of everything of on-call: entered over HTTP, or as a console has heard of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
from PySide6.QtWidgets import QWidget

from app.console import Console
from app.core.actions import Action
from app.core.query import Query, Sample
from app.oncall.calendar import Bar, Kind, Row
from app.oncall.domain import OnCall
from models.oncall.pages import PageSummary
from models.oncall.policies import Policy
from models.oncall.rosters import Feed
from models.oncall.schedules import Schedule
from tests.app.oncall.rosters import MONDAY, at, board, override, roster, span
from tests.conftest import Api
from views.kit.capability import Window
from views.oncall.desk import Desk
from views.oncall.shift_dialog import VERBS

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


# --- what a console has heard, without a server -----------------------------------------------------------------------


def page(**more: Any) -> PageSummary:
    """One that calls somebody."""
    return PageSummary.model_validate(
        {
            "id": "page-1",
            "policyId": "policy-1",
            "policyName": "Operations",
            "policyVersion": 1,
            "subjectKind": "manual",
            "subjectId": "page-1",
            "title": "Downloads fail",
            "severity": "P2",
            "link": "",
            "team": "operations",
            "state": "open",
            "test": False,
            "startedAt": MONDAY.isoformat(),
            "startedBy": "jana",
            "round": 1,
            "nextAt": None,
            "paged": ["tomas"],
            "exhaustedAt": None,
            "acknowledgedAt": None,
            "acknowledgedBy": None,
            "names": {"tomas": "Tomas Keller", "nele": "Nele Krause"},
            "acknowledgedUntil": None,
            "resolvedAt": None,
            "resolvedBy": None,
            "reason": "",
            "version": 1,
            **more,
        }
    )


def schedule() -> Schedule:
    """One layer of two people by turns."""
    layer = {"name": "First", "seats": [["tomas"], ["mei"]], "zone": "Europe/Berlin", "anchor": "2026-11-23T08:00"}
    return Schedule.model_validate(
        {
            "id": "operations",
            "name": "Operations",
            "team": "operations",
            "zone": "UTC",
            "archivedAt": None,
            "revision": 1,
            "definition": {"layers": [layer], "cover": {"zone": "UTC"}},
            "waiting": [],
            "version": 1,
            "updatedAt": MONDAY.isoformat(),
            "updatedBy": "jana",
        }
    )


def policy() -> Policy:
    """One step: whoever is on call."""
    step = {"afterMinutes": 0, "targets": [{"kind": "on_call", "id": "operations"}]}
    return Policy.model_validate(
        {
            "id": "policy-1",
            "name": "Operations",
            "team": "operations",
            "description": "",
            "definition": {"steps": [step]},
            "archivedAt": None,
            "version": 1,
            "updatedAt": MONDAY.isoformat(),
            "updatedBy": "jana",
        }
    )


def feed() -> Feed:
    """The calendar of somebody's phone."""
    return Feed.model_validate(
        {
            "id": "feed-1",
            "person": "tomas",
            "personName": "Tomas Keller",
            "team": None,
            "purpose": "The phone",
            "lastFour": "x7Qa",
            "createdAt": MONDAY.isoformat(),
            "createdBy": "tomas",
            "readAt": None,
            "revokedAt": None,
            "version": 1,
        }
    )


def desk_of(console: Console, parent: QWidget) -> Desk:
    """A desk with everything heard, in no window."""
    return window_of(console, parent).shared(Desk)


def window_of(console: Console, parent: QWidget) -> Window:
    """What dialogs ask of a window: one whose console has heard of a schedule and a policy, and knows their actions."""
    domain = console.of(OnCall)
    heard: dict[Query[Any], Any] = {
        domain.roster(): board(roster(span(at(0), at(14), "tomas"), overrides=(override(at(5), at(6), "jana"),))),
        domain.schedules(): (schedule(),),
        domain.policies(): (policy(),),
    }
    for query, value in heard.items():
        query.seed(Sample(value, MONDAY, MONDAY, None))
    for verb, title in VERBS.items():
        console.actions.add(Action(verb, title))
    window: Any = SimpleNamespace(console=console, as_parent=parent)
    desk = Desk(window)
    window.shared = lambda _kind: desk
    found: Window = window
    return found


def shift() -> tuple[Row, Bar]:
    """An override under the cursor of the calendar."""
    bar = Bar(Kind.OVERRIDE, at(5), at(6), ("jana",), override=override(at(5), at(6), "jana"))
    return Row("operations", "Overrides", Kind.OVERRIDE, (bar,)), bar
