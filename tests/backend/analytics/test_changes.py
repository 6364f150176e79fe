"""What a new version changes: proved or shown by an event, and counted over events that came."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from backend.analytics.child import DeadlineError, in_child
from backend.analytics.compatibility import sets
from backend.analytics.plan.documents import document_of
from backend.analytics.radius.actions import fail_lost
from backend.analytics.radius.run import run
from backend.analytics.schemas import Validator
from backend.core.database import Database
from models.analytics import EventContent
from tests.backend.analytics.fixtures import BASE, GOOD, KEEPER, OTHER, VIEWER, Planner, track

RBAC = "/api/operations/rbac"


def with_property(name: str, **more: Any) -> dict[str, Any]:
    """Properties of the order, one of them another."""
    from tests.backend.analytics.fixtures import ORDER

    others = [each for each in ORDER["properties"] if each["name"] != name]
    before = next((each for each in ORDER["properties"] if each["name"] == name), {"name": name})
    return {"properties": [*others, before | more]}


@pytest.mark.parametrize(
    ("more", "strict", "described", "asks"),
    [
        ({"description": "Paid."}, "yes", "yes", ()),
        (with_property("coupon", schema={"type": "string"}), "yes", "yes", ()),
        (with_property("total", schema={"type": "string"}), "no", "no", ("/properties/total must be text",)),
        (
            with_property("total", schema={"type": "integer", "minimum": 0}),
            "no",
            "no",
            ("/properties/total must be a whole number",),
        ),
        (with_property("currency", required=True), "no", "no", ("/properties/currency is required, and is missing",)),
        (
            with_property("currency", schema={"enum": ["EUR"]}),
            "no",
            "no",
            ('/properties/currency must be one of "EUR"',),
        ),
        (
            with_property("currency", personal="personal", purpose="x"),
            "yes",
            "yes",
            ("currency becomes personal data",),
        ),
        (with_property("email", purpose="Advertising"), "yes", "yes", ("email is collected for another purpose",)),
        (
            {"definitions": {"item": {"type": "object", "required": ["sku"]}}},
            "no",
            "no",
            ("/properties/items/*/sku is required, and is missing",),
        ),
    ],
)
def test_two_versions_beside_each_other(
    planner: Planner, more: Any, strict: str, described: str, asks: tuple[str, ...]
) -> None:
    first = planner.planned()
    draft = planner.draft(**more)
    found = planner.done("GET", f"{BASE}/compare?eventName=Order Completed&old=1&new=2", by=VIEWER)
    assert (found["strict"]["answer"], found["described"]["answer"]) == (strict, described)
    assert tuple(found["asks"]) == asks
    assert found["breaking"] is (described == "no")
    if strict == "no":
        witness = found["strict"]["witness"]
        assert Validator(_document(first)).passes(witness)
        assert not Validator(_document(draft)).passes(witness)
        assert any(each["breaking"] for each in found["properties"]) or "definitions" in more
        assert found["strict"]["violations"][0]["rule"]


def _document(definition: dict[str, Any]) -> dict[str, Any]:
    names = {"description", "owners", "properties", "additionalProperties", "definitions"}
    return document_of(EventContent.model_validate({name: definition[name] for name in names}))


def test_what_opens_an_event_is_judged_in_two_ways(planner: Planner) -> None:
    planner.planned(additionalProperties=True)
    planner.draft(**with_property("coupon", schema={"type": "string"}), additionalProperties=True)
    found = planner.done("GET", f"{BASE}/compare?eventName=Order Completed&old=1&new=2")
    assert (found["strict"]["answer"], found["described"]["answer"]) == ("no", "yes")
    assert found["strict"]["violations"][0]["pointer"] == "/properties/coupon"
    assert planner.state({"eventName": "Order Completed", "version": 2}, "observed")["state"] == "observed"


def test_what_breaks_is_published_by_two(planner: Planner) -> None:
    planner.planned()
    draft = planner.draft(**with_property("total", schema={"type": "string"}))
    asked = planner.state(draft, "observed")
    assert (asked["kind"], asked["state"]) == ("analytics.publish", "pending")
    assert "must be text" in asked["title"]
    assert planner.done("GET", f"{BASE}/schema/Order Completed/2")["state"] == "draft"
    path = f"{RBAC}/approvals/{asked['approvalId']}/decision"
    planner.refused(planner.send("POST", path, {"decision": "approve"}, version=1), 403)
    planner.done("POST", path, {"decision": "approve"}, by=OTHER, version=1)
    published = planner.done("GET", f"{BASE}/schema/Order Completed/2")
    assert (published["state"], published["publishedBy"]) == ("observed", KEEPER)


def test_a_draft_that_was_changed_is_not_what_was_agreed_to(planner: Planner) -> None:
    planner.planned()
    more = with_property("total", schema={"type": "string"})
    draft = planner.draft(**more)
    asked = planner.state(draft, "observed")
    content = {k: draft[k] for k in ("description", "owners", "definitions", "additionalProperties")} | more
    path = f"{BASE}/schema/Order Completed/2"
    planner.done("PUT", path, content | {"description": "Other."}, version=1)
    decision = f"{RBAC}/approvals/{asked['approvalId']}/decision"
    planner.refused(
        planner.send("POST", decision, {"decision": "approve"}, by=OTHER, version=1), 409, "changed meanwhile"
    )
    planner.done("DELETE", path, version=2)
    planner.refused(planner.send("POST", decision, {"decision": "approve"}, by=OTHER, version=1), 409, "not there")


async def test_what_takes_for_ever_is_killed() -> None:
    begun = time.monotonic()
    with pytest.raises(DeadlineError):
        await in_child(time.sleep, 60, seconds=0.2)
    with pytest.raises(DeadlineError):
        await in_child(UUID, "no uuid")
    assert time.monotonic() - begun < 50
    old = {"allOf": [{"anyOf": [{"required": [f"a{n}"]}, {"required": [f"b{n}"]}]} for n in range(18)]}
    with pytest.raises(DeadlineError):
        await in_child(sets.compare, old, {"type": "object", "minProperties": 18}, seconds=0.5)


def plant(planner: Planner) -> list[dict[str, Any]]:
    """A history that is known: three senders, of which one sends text for a number, and one an unknown property."""
    events = []
    for number in range(120):
        properties: dict[str, Any] = GOOD | {"order_id": f"CS-{number}", "email": f"canary{number}@example.com"}
        app = ("shop", "3.18.1") if number % 3 else ("shop", "3.18.2")
        if number % 4 == 0:
            app = ("web", "5.12.0")
            properties["total"] = number
        if number % 5 == 0:
            properties["currency"] = "USD"
        events.append(track(properties=properties, context={"app": dict(zip(("name", "version"), app, strict=True))}))
    planner.ingest(*events)
    return events


def look(planner: Planner, version: int = 2, days: int = 7) -> dict[str, Any]:
    """What was found about past events."""
    asked = planner.done("POST", f"{BASE}/radius", {"eventName": "Order Completed", "version": version, "days": days})

    async def work() -> None:
        database = Database(planner.api.settings.database_url or "")
        await database.open()
        try:
            await run(database, UUID(asked["id"]))
        finally:
            await database.close()

    asyncio.run(work())
    return dict(planner.done("GET", f"{BASE}/radius/{asked['id']}", by=VIEWER))


def test_a_planted_history_gives_exact_numbers(planner: Planner) -> None:
    planner.planned()
    events = plant(planner)
    draft = planner.draft(**with_property("currency", schema={"enum": ["EUR"]}, feeds=["orders.total"]))
    planner.sql("update event set destinations = array['segment'] where body like '%\"USD\"%'")
    planner.sql("update event set destinations = destinations || array['warehouse']")
    before = planner.sql("select md5(string_agg(e::text, '|' order by id)) from event as e")
    found = look(planner)
    assert (found["state"], found["progress"], found["problem"]) == ("done", 1.0, "")
    result = found["result"]
    failing = [each for each in events if each["properties"]["currency"] == "USD"]
    assert (result["events"], result["failing"]) == (120, len(failing)) == (120, 24)
    by_sender = Counter((e["context"]["app"]["name"], e["context"]["app"]["version"]) for e in events)
    failing_by = Counter((e["context"]["app"]["name"], e["context"]["app"]["version"]) for e in failing)
    assert {(h["name"], h["detail"]): (h["events"], h["failing"]) for h in result["senders"]} == {
        sender: (count, failing_by[sender]) for sender, count in by_sender.items()
    }
    by_destination = [(each["name"], each["events"], each["failing"]) for each in result["destinations"]]
    assert by_destination == [("segment", 24, 24), ("warehouse", 120, 24)]
    [cause] = result["causes"]
    assert (cause["pointer"], cause["failing"]) == ("/properties/currency", 24)
    assert [(each["kind"], each["name"], each["failing"]) for each in result["readers"]] == [
        ("figure", "orders.total", 24)
    ]
    assert [each["failing"] for each in result["daily"]] == [24]
    assert 1 <= len(result["witnesses"]) <= 10
    assert all(each["masked"] == ["email"] for each in result["witnesses"])
    assert "canary" not in json.dumps(found), "no value that says something about a person"
    assert planner.sql("select md5(string_agg(e::text, '|' order by id)) from event as e") == before
    assert planner.state(draft, "observed")["state"] == "pending", "it breaks something"


def test_over_a_limit_a_second_person_must_agree(planner: Planner) -> None:
    planner.planned("observed", additionalProperties=True)
    planner.ingest(*[track(properties=GOOD | {"coupon": 5}) for _ in range(101)])
    draft = planner.draft(**with_property("coupon", schema={"type": "string"}), additionalProperties=True)
    path = f"{BASE}/schema/Order Completed/2/state"
    answer = planner.send("POST", path, {"state": "observed", "reason": "x"}, version=1)
    planner.refused(answer, 409, "ask for its blast radius first")
    assert look(planner)["result"]["failing"] == 101
    asked = planner.state(draft, "observed")
    assert (asked["kind"], "101 of 101 events of 7 days" in asked["title"]) == ("analytics.publish", True)


def test_nobody_waits_for_ever(planner: Planner) -> None:
    planner.planned()
    planner.draft(description="Paid.")
    asked = planner.done("POST", f"{BASE}/radius", {"eventName": "Order Completed", "version": 2})
    planner.sql("update event_radius set beat_at = now() - '1 h'::interval")

    async def lost() -> None:
        database = Database(planner.api.settings.database_url or "")
        await database.open()
        try:
            async with database.transaction() as tx:
                await fail_lost(tx)
            await run(database, UUID(asked["id"]))
        finally:
            await database.close()

    asyncio.run(lost())
    found = planner.done("GET", f"{BASE}/radius/{asked['id']}")
    assert (found["state"], found["result"]) == ("failed", None)
    planner.refused(planner.send("GET", f"{BASE}/radius/no-id"), 404)
    planner.refused(planner.send("POST", f"{BASE}/radius", {"eventName": "x", "version": 1}), 404)
    planner.refused(planner.send("POST", f"{BASE}/radius", {"eventName": "x", "version": 1}, by=VIEWER), 403)
    assert [each["id"] for each in planner.done("GET", f"{BASE}/radius?eventName=Order Completed")["items"]] == [
        asked["id"]
    ]


def test_two_workers_at_one_count_once(planner: Planner) -> None:
    planner.planned()
    plant(planner)
    planner.draft(**with_property("currency", schema={"enum": ["EUR"]}))
    asked = planner.done("POST", f"{BASE}/radius", {"eventName": "Order Completed", "version": 2})

    async def both() -> None:
        database = Database(planner.api.settings.database_url or "")
        await database.open()
        try:
            await asyncio.gather(*(run(database, UUID(asked["id"])) for _ in range(2)))
        finally:
            await database.close()

    asyncio.run(both())
    found = planner.done("GET", f"{BASE}/radius/{asked['id']}")
    assert (found["state"], found["result"]["failing"]) == ("done", 24)
