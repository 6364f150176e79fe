"""The system's own events: made from the audit log, each once, and all of them in the plan."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from backend.analytics.own.actions import make_events
from backend.analytics.own.catalogue import definitions
from backend.analytics.plan.checking import check_content
from backend.capabilities import CAPABILITIES
from backend.core.capability import OwnEvent, OwnEvents
from backend.core.database import Database
from backend.runtime.outside import outside
from tests.app.core.test_audit_words import emitted
from tests.backend.analytics.fixtures import BASE, VIEWER, Planner

SPECIFIED = {
    "Role Granted",
    "Dashboard Viewed",
    "Fraud Flagged",
    "Consent Updated",
    "Privacy Request Submitted",
    "Launch Checklist Completed",
}
NOT_THERE_YET = {"privacy.consent.granted", "privacy.consent.revoked", "privacy.request.submitted"}
"""Of the capability that is being built beside this one."""
ALL = tuple(event for each in CAPABILITIES for event in each.events())
SAMPLES: dict[str, dict[str, Any]] = {
    "rbac.role.assigned": {"roleId": "viewer", "userId": "kim", "expiresAt": None, "approvedBy": ["lee"]},
    "analytics.dashboard.viewed": {"hour": "2026-11-24T14:00:00+00:00"},
    "risk.entry.opened": {
        "orderId": "CS-1",
        "score": 70,
        "action": "review",
        "triggeredRules": ["r"],
        "status": "open",
    },
    "privacy.consent.granted": {"consentType": "marketing", "status": "granted", "policyVersion": "13"},
    "privacy.consent.revoked": {"consentType": "tracking", "status": "revoked"},
    "privacy.request.submitted": {"type": "deletion"},
    "launch.item.completed": {"itemId": "i", "launchId": "l", "category": "ops", "rehearsalOf": None},
    "incidents.incident.opened": {"incidentId": "i", "severity": "SEV2"},
    "analytics.schema.published": {"eventName": "Order Completed", "version": 2},
}


def test_the_plan_knows_every_event_that_is_made() -> None:
    known = {each.event_name for each in definitions()}
    assert {event.name for event in ALL} == known
    assert known >= SPECIFIED


@pytest.mark.parametrize(("event", "action"), [(event, action) for event in ALL for action in sorted(event.actions)])
def test_what_is_made_fits_the_plan(event: OwnEvent, action: str) -> None:
    [definition] = [each for each in definitions() if each.event_name == event.name]
    validator = check_content(definition)
    assert validator.findings(dict(event.properties(SAMPLES[action]))) == []


def test_they_follow_from_what_is_really_written() -> None:
    written = emitted("action")
    made = {action for event in ALL for action in event.actions}
    assert made - written <= NOT_THERE_YET


def turn(planner: Planner, own: OwnEvents | None = None) -> None:
    settings = planner.api.settings
    events = outside(settings).of(OwnEvents) if own is None else own

    async def go() -> None:
        database = Database(settings.database_url or "")
        await database.open()
        try:
            await make_events(database, settings, events)
        finally:
            await database.close()

    planner.stamped()
    asyncio.run(go())


def names(planner: Planner) -> list[tuple[str, int]]:
    return planner.sql("select event_name, count(*)::int from event group by 1 order by 1")


def test_what_happens_becomes_an_event_once(planner: Planner) -> None:
    planner.api.add_person("kim", "Kim", "a very long password")
    grant = {"userId": "kim", "roleId": "viewer", "reason": "new"}
    planner.done("POST", "/api/operations/rbac/assign", grant)
    turn(planner)
    turn(planner)
    before = dict(names(planner))
    assert before["Event Schema Published"] == len(definitions()), "the plan itself is published by the first turn"
    [(body, verdict, version)] = planner.sql(
        "select body, verdict, version from event where event_name = 'Role Granted' and body like '%viewer%kim%'"
    )
    event = json.loads(body)
    assert (verdict, version, event["userId"]) == ("landed", 1, "administrator")
    assert event["properties"] == {"roleId": "viewer", "userId": "kim", "expiresAt": None, "approvers": 0}
    turn(planner)
    assert dict(names(planner)) == before
    assert planner.done("GET", f"{BASE}/violations", by=VIEWER)["items"] == [], "the system keeps to its own plan"
    items = planner.done("GET", f"{BASE}/schema", by=VIEWER)["items"]
    assert {each["eventName"] for each in items} >= SPECIFIED
    assert {each["state"] for each in items} == {"enforced"}


def test_a_look_at_the_dashboard_is_one_event_an_hour(planner: Planner) -> None:
    planner.sql(
        "insert into permission_use (user_id, permission, last_used) select 'kim', 'operations.view_dashboard', now()"
    )
    for _ in range(3):
        planner.sql("update permission_use set last_used = now()")
        turn(planner)
    assert dict(names(planner))["Dashboard Viewed"] in {1, 2}, "two, when the hour changed meanwhile"
    assert len(planner.audited("analytics.dashboard.viewed")) == dict(names(planner))["Dashboard Viewed"]


def test_two_workers_make_each_event_once(planner: Planner) -> None:
    turn(planner)
    planner.sql("delete from event_id")
    planner.sql("truncate event")
    planner.sql("update own_event_cursor set position = 0")
    settings = planner.api.settings
    own = outside(settings).of(OwnEvents)

    async def both() -> None:
        database = Database(settings.database_url or "")
        await database.open()
        try:
            await asyncio.gather(*(make_events(database, settings, own) for _ in range(2)))
        finally:
            await database.close()

    planner.stamped()
    asyncio.run(both())
    assert planner.sql("select count(*) = count(distinct id) and count(*) > 0 from event") == [(True,)]


def test_a_turn_that_fails_leaves_the_cursor(planner: Planner) -> None:
    turn(planner)
    position = planner.sql("select position from own_event_cursor")
    planner.done(
        "POST", "/api/operations/rbac/assign", {"userId": "viewer", "roleId": "incident-responder", "reason": "x"}
    )
    planner.sql("alter table event_id add constraint broken check (hash is null) not valid")
    with pytest.raises(Exception, match="broken"):
        turn(planner)
    assert planner.sql("select position from own_event_cursor") == position
    planner.sql("alter table event_id drop constraint broken")
    turn(planner)
    assert planner.sql("select count(*) from event where body like '%incident-responder%'")[0][0] >= 1


@pytest.mark.expects_errors("a row was set aside")
def test_an_entry_that_lacks_something_costs_only_itself(planner: Planner) -> None:
    turn(planner)
    planner.sql(
        "insert into audit_log (actor, action, resource_type, resource_id, after)"
        " select 'a', 'incidents.incident.opened', 'incident', n,"
        " case n when '2' then jsonb_build_object('incidentId', 'i', 'severity', 'SEV1') end"
        " from unnest(array['1', '2']) as n"
    )
    turn(planner)
    assert dict(names(planner))["Incident Opened"] == 1
