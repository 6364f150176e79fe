"""What does not fit: the inbox, what is held and replayed, the live tail, and what is forgotten."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.analytics.retention.actions import forget, keep_days
from backend.core.database import Database
from tests.backend.analytics.fixtures import BASE, GOOD, KEEPER, ORDER, PIPELINE, VIEWER, Planner, track
from tests.backend.analytics.test_changes import look, with_property
from tests.conftest import Api, serve_in_thread

TOTAL = {"eventName": "Order Completed", "class": "type", "pointer": "/properties/total", "schemaVersion": 1}
CANARY = "canary@example.com"


def run(planner: Planner, work: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    async def go() -> None:
        database = Database(planner.api.settings.database_url or "")
        await database.open()
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(go())


def replay(planner: Planner, **more: Any) -> dict[str, Any]:
    return dict(planner.done("POST", f"{BASE}/quarantine/replay", TOTAL | {"reason": "mended"} | more))


def test_what_is_held_lands_after_a_fix(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    planner.ingest(*[track(properties=GOOD | {"total": "249.60", "email": CANARY}) for _ in range(5)], track())
    [group] = planner.done("GET", f"{BASE}/quarantine", by=VIEWER)["items"]
    assert {k: group[k] for k in TOTAL} == TOTAL
    assert (group["held"], group["rule"]) == (5, "must be a number")
    left = datetime.fromisoformat(group["forgottenAt"]) - datetime.fromisoformat(group["oldestAt"])
    assert left == timedelta(days=14)
    assert CANARY not in str(planner.sql("select body from event_quarantine"))
    trial = planner.done("POST", f"{BASE}/quarantine/trial", TOTAL, by=VIEWER)
    assert (trial["lookedAt"], trial["passing"], trial["stillHeld"]) == (5, 0, 5)
    assert trial["violations"][0]["pointer"] == "/properties/total"
    wider = planner.draft(**with_property("total", schema={"type": ["number", "string"]}))
    look(planner)
    planner.state(wider, "observed")
    planner.state(wider, "enforced")
    assert planner.done("POST", f"{BASE}/quarantine/trial", TOTAL, by=VIEWER)["passing"] == 5
    assert planner.kept() == (1, 5, 6), "a trial changes nothing"
    found = replay(planner)
    assert (found["passing"], found["stillHeld"], found["unreadable"]) == (5, 0, 0)
    assert planner.kept() == (6, 0, 6)
    [entry] = planner.audited("analytics.quarantine.replayed")
    assert (entry["actor"], entry["after"]["events"], entry["reason"]) == (KEEPER, 5, "mended")
    assert replay(planner)["lookedAt"] == 0
    verdicts = dict(planner.sql("select verdict, sum(count)::int from event_count group by 1"))
    assert verdicts == {"landed": 1, "quarantined": 5, "replayed": 5}
    [planned] = planner.done("GET", f"{BASE}/events")["items"]
    assert planned["volume"] == 6, "each is one event, however often it was looked at"


def test_two_who_replay_at_once_land_each_once(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    planner.ingest(*[track(properties=GOOD | {"total": "x"}) for _ in range(700)])
    planner.mode("observe")
    with ThreadPoolExecutor(2) as two:
        found = list(two.map(lambda _: replay(planner), range(2)))
    assert sum(each["passing"] for each in found) == 700
    assert planner.kept() == (700, 0, 700)
    assert planner.sql("select count(distinct id) from event") == [(700,)]


def test_with_another_key_nothing_is_lost(planner: Planner, api: Api, database_url: str) -> None:
    planner.planned(mode="quarantine")
    planner.ingest(track(properties=GOOD | {"total": "x"}))
    planner.mode("observe")
    settings = api.settings.model_copy(update={"connection_key": None})
    base_url, stop = serve_in_thread(settings)
    found = replay(Planner(Api(base_url, settings, api.owner_url, stop)))
    stop()
    assert (found["passing"], found["stillHeld"], found["unreadable"]) == (0, 1, 1)
    assert planner.kept() == (0, 1, 1)


def test_what_is_held_is_given_up_by_cause(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    planner.ingest(track(properties=GOOD | {"total": "x"}), track(properties={}))
    found = planner.done("POST", f"{BASE}/quarantine/discard", TOTAL | {"reason": "a test"})
    assert found["discarded"] == 1
    assert planner.kept() == (0, 1, 2)
    [entry] = planner.audited("analytics.quarantine.discarded")
    assert (entry["after"]["events"], entry["reason"]) == (1, "a test")
    assert planner.done("POST", f"{BASE}/quarantine/discard", TOTAL | {"reason": "x"})["discarded"] == 0
    for path in ("replay", "discard"):
        answer = planner.send("POST", f"{BASE}/quarantine/{path}", TOTAL | {"reason": "x"}, by=VIEWER)
        planner.refused(answer, 403, "analytics.manage_schema")


def test_a_page_of_causes_follows_the_other(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    for properties in ({"total": "x"}, {"currency": 5}, {"colour": 1}, {"order_id": 5}):
        planner.ingest(track(properties=GOOD | properties))
    seen, cursor = [], ""
    while True:
        page = planner.done("GET", f"{BASE}/quarantine?limit=1{cursor}")
        seen += [each["pointer"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert sorted(seen) == ["/properties/*", "/properties/currency", "/properties/order_id", "/properties/total"]


def test_a_mistake_is_one_row_of_the_inbox(planner: Planner) -> None:
    planner.planned()
    old = {"app": {"name": "web", "version": "5.11.4"}}
    planner.ingest(*[track(properties=GOOD | {"total": "x"}) for _ in range(3)])
    planner.ingest(track(properties=GOOD | {"total": "x"}, context=old), track("order_completed"))
    found = planner.done("GET", f"{BASE}/violations", by=VIEWER)["items"]
    assert sorted((each["eventName"], each["appVersion"], each["count"], each["daily"][-1]) for each in found) == [
        ("Order Completed", "5.11.4", 1, 1),
        ("Order Completed", "5.12.0", 3, 3),
        ("order_completed", "5.12.0", 1, 1),
    ]
    assert [each["nearest"] for each in found if each["eventName"] == "order_completed"] == ["Order Completed"]
    page = planner.done("GET", f"{BASE}/violations?limit=2")
    rest = planner.done("GET", f"{BASE}/violations?limit=2&cursor={page['nextCursor']}")
    assert len({each["id"] for each in (*page["items"], *rest["items"])}) == 3


def test_somebody_looks_after_it(planner: Planner) -> None:
    planner.planned()
    planner.ingest(track(properties=GOOD | {"total": "x"}))
    [group] = planner.done("GET", f"{BASE}/violations?unassigned=true")["items"]
    path = f"{BASE}/violations/{group['id']}"
    planner.api.add_person("nb", "Nora", "a very long password")
    taken = planner.done("PATCH", path, {"assignedTo": "nb"}, version=1)
    assert (taken["assignedTo"], taken["version"]) == ("nb", 2)
    assert [each["id"] for each in planner.done("GET", f"{BASE}/violations?assignedTo=nb")["items"]] == [group["id"]]
    planner.refused(planner.send("PATCH", path, {"assignedTo": "nb"}, version=1), 412)
    planner.refused(planner.send("PATCH", path, {"assignedTo": "nobody"}, version=2), 422, "has an account")
    planner.refused(planner.send("PATCH", path, {"state": "muted"}, version=2), 422, "until when")
    planner.refused(planner.send("PATCH", path, {}, version=2), 422, "at least one field")
    past = {"state": "muted", "mutedUntil": "2020-01-01T00:00:00Z"}
    planner.refused(planner.send("PATCH", path, past, version=2), 422, "has passed")
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert planner.done("PATCH", path, {"state": "muted", "mutedUntil": until}, version=2)["state"] == "muted"
    assert planner.done("GET", f"{BASE}/violations?state=open")["items"] == []
    planner.sql("update violation_group set muted_until = now() - '1 s'::interval")
    assert planner.done("GET", path)["state"] == "open", "it was muted until then"
    fixed = planner.done("PATCH", path, {"state": "fixed", "reason": "3.18.3"}, version=3)
    assert (fixed["state"], fixed["assignedTo"]) == ("fixed", "nb")
    planner.ingest(track(properties=GOOD | {"total": "x"}))
    assert planner.done("GET", path)["state"] == "open", "seen again"
    entries = planner.audited("analytics.violation.changed")
    assert [(each["after"]["state"], each["reason"]) for each in entries] == [
        ("open", None),
        ("muted", None),
        ("fixed", "3.18.3"),
    ]
    planner.refused(planner.send("PATCH", path, {"state": "open"}, version=4, by=VIEWER), 403)


def test_the_tail_masks_what_says_something_about_a_person(planner: Planner) -> None:
    planner.planned()
    planner.ingest(track(properties=GOOD | {"email": CANARY, CANARY: CANARY, "items": [{"sku": "s", CANARY: 1}]}))
    planner.ingest(track("Nothing", {"a": CANARY}))
    nothing, order = planner.done("GET", f"{BASE}/tail", by=VIEWER)["items"]
    assert order["properties"] == GOOD | {"items": [{"sku": "s"}]}
    assert (order["masked"], order["producer"], order["verdict"]) == (["email", "*"], "web", "landed")
    assert (nothing["properties"], nothing["masked"]) == ({}, ["*"])
    assert [each["eventName"] for each in planner.done("GET", f"{BASE}/tail?eventName=Nothing")["items"]] == ["Nothing"]
    assert planner.done("GET", f"{BASE}/tail?violations=true")["items"] == []


def test_canaries_are_nowhere_but_in_their_events(planner: Planner, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    planner.planned(mode="quarantine")
    planner.mode("quarantine", "*")
    odd: list[Any] = [
        track(properties=GOOD | {"email": CANARY}),
        track(properties=GOOD | {CANARY: CANARY}),
        track(properties=GOOD | {"total": CANARY}),
        track(properties=GOOD | {"currency": CANARY}),
        track(CANARY),
        track(context={"app": {"name": CANARY, "version": CANARY}, CANARY: CANARY}),
        track(timestamp=CANARY),
        track(properties=CANARY),
        {"type": CANARY, "event": CANARY, "properties": CANARY},
        b'{"a":"' + CANARY.encode() + b'","a":"' + CANARY.encode() + b'"}',
        b'{"' + CANARY.encode() + b'":NaN}',
    ]
    planner.ingest(*odd)
    planner.draft(**with_property("email", required=True))
    paths = ("violations", "quarantine", "tail", "events", "schema", "radius")
    tables = ("audit_log", "violation_group", "event_count", "event_quarantine", "event_radius")
    texts = [
        json.dumps(look(planner)),
        *(json.dumps(planner.done("GET", f"{BASE}/{path}")) for path in paths),
        *(str(planner.sql(f"select * from {table}")) for table in tables),
        str(planner.sql("select event_name, producer, app_version, kind from event")),
        caplog.text,
    ]
    assert not [text[max(0, text.index(CANARY) - 200) :][:400] for text in texts if CANARY in text]
    assert CANARY in str(planner.sql("select body from event")), "the event itself is whole"


def test_days_are_made_ahead_and_dropped_whole(planner: Planner, api: Api) -> None:
    planner.ingest(track("A"), track("B"))

    async def turn(database: Database) -> None:
        await keep_days(database, api.settings)

    run(planner, turn)
    [(tomorrow,)] = planner.sql("select max(day) - current_date from event_partition_day")
    assert tomorrow == 1
    planner.sql("select event_partition(current_date - 200), event_partition(current_date - 119)")
    planner.sql("update event set received_day = received_day - 200 where event_name = 'A'")
    planner.sql(
        "update event_id set day = day - 200 where id = (select id from event where event_name = 'A')",
    )
    planner.sql("update event set received_day = received_day - 119 where event_name = 'B'")
    run(planner, turn)
    assert planner.sql("select event_name from event") == [("B",)]
    assert planner.kept()[2] == 1, "its id may come again: nobody resends after so long"
    [entry] = planner.audited("analytics.events.dropped")
    assert entry["after"] == {"events": 1, "keptDays": 120}
    run(planner, turn)
    assert len(planner.audited("analytics.events.dropped")) == 1


def test_values_whose_time_is_over_are_taken_out_of_events_that_stay(planner: Planner, api: Api) -> None:
    properties = [
        each | ({"retentionDays": 30, "required": True} if each["name"] == "email" else {})
        for each in ORDER["properties"]
    ]
    planner.planned(properties=properties)
    planner.ingest(*[track(properties=GOOD | {"email": CANARY}) for _ in range(3)])
    planner.sql("select event_partition(current_date - 31), event_partition(current_date - 29)")
    planner.sql(
        "update event set received_day = received_day - ago, received_at = received_at - make_interval(days => ago)"
        " from (select id, (27 + 2 * row_number() over (order by id))::int as ago from event limit 2) as d"
        " where d.id = event.id"
    )

    async def turn(database: Database) -> None:
        await keep_days(database, api.settings)

    run(planner, turn)
    kept = dict(planner.sql("select received_day - current_date, body from event"))
    assert {day: CANARY in body for day, body in kept.items()} == {0: True, -29: True, -31: False}
    assert json.loads(kept[-31])["properties"] == GOOD, "the event stays"
    [entry] = planner.audited("analytics.values.forgotten")
    assert entry["after"] == {"eventName": "Order Completed", "properties": ["email"], "events": 1}
    run(planner, turn)
    assert len(planner.audited("analytics.values.forgotten")) == 1, "each day once"
    planner.draft(properties=properties)
    found = look(planner, days=60)
    assert (found["result"]["events"], found["result"]["failing"]) == (2, 0), "what was taken out is not missing"


def test_what_was_held_too_long_is_deleted_and_said(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    planner.ingest(track(properties=GOOD | {"total": "x"}), track(properties=GOOD | {"total": "y"}))
    planner.sql(
        "update event_quarantine set received_at = now() - '15 days'::interval"
        " where id = (select min(id::text)::uuid from event_quarantine)"
    )

    async def turn(database: Database) -> None:
        async with database.transaction() as tx:
            await forget(tx)

    run(planner, turn)
    assert planner.kept()[1] == 1
    [entry] = planner.audited("analytics.quarantine.expired")
    assert (entry["after"]["events"], entry["after"]["heldDays"]) == (1, 14)


def test_the_application_makes_and_drops_days_and_no_other_table(planner: Planner, database_url: str) -> None:
    import psycopg

    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in ("drop table event", "create table x ()", "update event_schema_state set actor = 'x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_metrics_and_badges_count(planner: Planner) -> None:
    import httpx

    planner.planned(mode="quarantine")
    planner.ingest(track(properties=GOOD | {"total": "x"}))
    text = httpx.get(f"{planner.api.base_url}/metrics").text
    assert "opsconsole_events_held 1.0" in text
    assert 'opsconsole_events_total{verdict="quarantined"}' in text
    found = planner.done("GET", "/api/operations/counts", by=VIEWER)["counts"]
    assert (found["analytics.violations"], found["analytics.held"]) == (1, 1)
    assert "analytics.held" not in planner.done("GET", "/api/operations/counts", by=PIPELINE)["counts"]
