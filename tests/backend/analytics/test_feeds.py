"""Downloads and community figures of the dashboard are made of events, as the plan says."""

from __future__ import annotations

from typing import Any

from tests.backend.analytics.fixtures import BASE, ORDER, Planner, track

DONE: dict[str, Any] = {
    "eventName": "Download Completed",
    "properties": [{"name": "file", "required": True, "schema": {"type": "string"}}, {"name": "land"}],
    "definitions": {},
    "feed": {
        "source": "downloads",
        "properties": {"product": "file", "country": "land"},
        "values": {"succeeded": True},
    },
}
MEMBERS: dict[str, Any] = {
    "eventName": "Community Counted",
    "properties": [{"name": "members", "required": True, "schema": {"type": "integer"}}],
    "definitions": {},
    "feed": {"source": "community", "properties": {"value": "members"}, "values": {"metric": "discord"}},
}


def test_events_are_rows_of_the_dashboard_once(planner: Planner) -> None:
    planner.planned(**DONE)
    planner.planned(**MEMBERS)
    events = [
        track("Download Completed", {"file": "fjord.zip", "land": "DE"}, timestamp="2026-11-24T14:00:00Z"),
        track("Community Counted", {"members": 412}),
        track("Download Completed", {"file": ""}),
    ]
    for _ in range(2):
        planner.ingest(*events)
    rows = planner.sql("select product, country, succeeded, downloaded_at::text from downloads")
    assert rows == [("fjord.zip", "DE", True, "2026-11-24 14:00:00+00")]
    assert planner.sql("select metric, value::int from community_reading") == [("discord", 412)]
    assert planner.sql("select count(*)::int from quarantine where kind = 'downloads'") == [(1,)]
    assert planner.kept()[0] == 3, "what is no row of the dashboard is an event all the same"


def test_what_was_held_feeds_when_it_lands(planner: Planner) -> None:
    planner.planned(mode="quarantine", **DONE)
    planner.ingest(track("Download Completed", {"file": "fjord.zip", "odd": 1}))
    assert planner.sql("select count(*) from downloads") == [(0,)]
    planner.mode("observe", "Download Completed")
    cause = {"eventName": "Download Completed", "class": "additional_property", "pointer": "/properties/*"}
    planner.done("POST", f"{BASE}/quarantine/replay", cause | {"schemaVersion": 1, "reason": "mended"})
    assert planner.sql("select product from downloads") == [("fjord.zip",)]


def test_a_feed_takes_what_the_event_has(planner: Planner) -> None:
    feed = DONE["feed"] | {"properties": {"product": "none"}}
    answer = planner.send("POST", f"{BASE}/schema", ORDER | DONE | {"feed": feed})
    planner.refused(answer, 422, "no property of this event")
