"""The tracking plan over HTTP: versions that never change, their states, and schemas that nobody may write."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.backend.analytics.fixtures import BASE, KEEPER, ORDER, PIPELINE, VIEWER, Planner

PATH = f"{BASE}/schema/Order Completed/1"
CONTENT = {name: value for name, value in ORDER.items() if name != "eventName"}


def test_a_version_goes_its_way(planner: Planner) -> None:
    draft = planner.draft()
    assert (draft["version"], draft["state"], draft["publishedAt"]) == (1, "draft", None)
    assert planner.done("GET", f"{BASE}/schema", by=VIEWER) | {"asOf": ""} == {
        "version": 0,
        "items": [],
        "modes": [],
        "eventDays": 120,
        "asOf": "",
    }
    assert planner.state(draft, "observed")["publishedBy"] == KEEPER
    planner.state(draft, "enforced")
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    assert planner.state(draft, "deprecated", until=until)["deprecatedUntil"]
    plan = planner.done("GET", f"{BASE}/schema", by=VIEWER)
    assert [(each["version"], each["state"]) for each in plan["items"]] == [(1, "deprecated")]
    planner.state(draft, "retired")
    assert planner.done("GET", f"{BASE}/schema")["items"] == []
    states = [planner.done("GET", f"{BASE}/schema?version={n}")["items"] for n in range(5)]
    assert [[each["state"] for each in items] for items in states] == [
        [],
        ["observed"],
        ["enforced"],
        ["deprecated"],
        [],
    ]
    planner.refused(planner.send("GET", f"{BASE}/schema?version=5"), 404, "at version 4")
    verbs = [
        verb for (verb,) in planner.sql("select action from audit_log where action like 'analytics.%' order by seq")
    ]
    assert [verb.rpartition(".")[2] for verb in verbs] == ["drafted", "published", "enforced", "deprecated", "retired"]


def test_it_is_written_in_three_forms(planner: Planner) -> None:
    planner.planned()
    [document] = planner.done("GET", f"{BASE}/schema?as=json-schema")["items"]
    schema = document["schema"]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert (schema["required"], schema["additionalProperties"]) == (["order_id", "total"], False)
    [rule] = planner.done("GET", f"{BASE}/schema?as=segment")["rules"]
    assert (rule["type"], rule["key"], rule["version"]) == ("TRACK", "Order Completed", 1)
    assert rule["jsonSchema"]["properties"]["properties"]["required"] == ["order_id", "total"]


def test_a_published_version_never_changes(planner: Planner) -> None:
    made = planner.planned("observed")
    answer = planner.send("PUT", PATH, CONTENT | {"description": "Other."}, version=made["revision"])
    planner.refused(answer, 409, "stays as it is")
    planner.refused(planner.send("DELETE", PATH, version=made["revision"]), 409)
    with pytest.raises(psycopg.errors.CheckViolation):
        planner.sql("update event_schema set properties = '[]'")
    assert planner.done("GET", PATH)["properties"] == made["properties"]


def test_a_draft_is_changed_by_who_has_seen_it(planner: Planner) -> None:
    draft = planner.draft()
    other = CONTENT | {"description": "Paid."}
    changed = planner.done("PUT", PATH, other, version=1)
    assert (changed["description"], changed["revision"]) == ("Paid.", 2)
    planner.refused(planner.send("PUT", PATH, CONTENT, version=1), 412)
    planner.refused(planner.send("PUT", PATH, CONTENT), 428)
    planner.refused(planner.send("POST", f"{BASE}/schema", ORDER), 409, "being written already")
    planner.refused(planner.send("POST", f"{PATH}/state", {"state": "observed", "reason": "x"}, version=1), 412)
    planner.done("DELETE", PATH, version=2)
    planner.refused(planner.send("GET", PATH), 404)
    assert planner.draft()["version"] == draft["version"], "nobody has seen the one before"


def test_two_who_write_and_publish_at_once(planner: Planner) -> None:
    def write(_: int) -> int:
        return planner.send("POST", f"{BASE}/schema", ORDER).status_code

    def publish(_: int) -> int:
        body = {"state": "observed", "reason": "x"}
        return planner.send("POST", f"{PATH}/state", body, version=1).status_code

    with ThreadPoolExecutor(4) as four:
        assert sorted(four.map(write, range(4))) == [201, 409, 409, 409]
        assert set(four.map(publish, range(4))) <= {200, 412}
    assert planner.sql("select plan_version, state from event_schema_state") == [(1, "observed")]


def test_another_version_takes_the_place_of_the_enforced_one(planner: Planner) -> None:
    first = planner.planned()
    second = planner.planned(description="Paid.")
    assert (first["version"], second["version"]) == (1, 2)
    items = planner.done("GET", f"{BASE}/schema")["items"]
    assert [(each["version"], each["state"]) for each in items] == [(1, "deprecated"), (2, "enforced")]
    assert datetime.fromisoformat(items[0]["deprecatedUntil"]) > datetime.now(UTC) + timedelta(days=29)
    page = planner.done("GET", f"{BASE}/schema/Order Completed?limit=1")
    rest = planner.done("GET", f"{BASE}/schema/Order Completed?limit=1&cursor={page['nextCursor']}")
    assert [each["version"] for each in (*page["items"], *rest["items"])] == [2, 1]


@pytest.mark.parametrize(
    ("state", "more", "status", "words"),
    [
        ("enforced", {}, 409, "It is draft: it cannot become enforced from here, only observed."),
        ("deprecated", {}, 422, "until when"),
        ("observed", {"until": "2030-01-01T00:00:00Z"}, 422, "until when"),
        ("draft", {}, 422, "write a new version"),
    ],
)
def test_states_have_an_order(planner: Planner, state: str, more: dict[str, Any], status: int, words: str) -> None:
    planner.draft()
    answer = planner.send("POST", f"{PATH}/state", {"state": state, "reason": "x"} | more, version=1)
    planner.refused(answer, status, words)


def test_what_has_passed_is_no_end(planner: Planner) -> None:
    made = planner.planned()
    body = {"state": "deprecated", "reason": "x", "until": "2020-01-01T00:00:00Z"}
    planner.refused(planner.send("POST", f"{PATH}/state", body, version=made["revision"]), 422, "has passed")


def test_modes_are_for_what_is_planned(planner: Planner) -> None:
    body = {"eventName": "Order Completed", "mode": "reject", "reason": "x"}
    planner.refused(planner.send("POST", f"{BASE}/modes", body), 404)
    planner.planned()
    made = planner.done("POST", f"{BASE}/modes", body)
    assert (made["environment"], made["mode"], made["version"]) == ("Test", "reject", 1)
    planner.refused(planner.send("POST", f"{BASE}/modes", body | {"mode": "omit"}), 412)
    assert planner.done("POST", f"{BASE}/modes", body | {"mode": "omit", "version": 1})["version"] == 2
    planner.refused(planner.send("POST", f"{BASE}/modes", body | {"eventName": "*", "mode": "omit"}), 422, "left out")
    [entry, _] = planner.audited("analytics.mode.changed")
    assert (entry["before"], entry["after"]["mode"], entry["reason"]) == (None, "reject", "x")


def test_the_list_tells_how_it_goes(planner: Planner) -> None:
    planner.planned(mode="quarantine")
    planner.draft(eventName="Cart Updated", owners=["risk-manager"])
    [cart, order] = planner.done("GET", f"{BASE}/events", by=VIEWER)["items"]
    assert (cart["state"], cart["draftVersion"], cart["mode"]) == ("draft", 1, "observe")
    assert (order["state"], order["version"], order["draftVersion"], order["mode"]) == (
        "enforced",
        1,
        None,
        "quarantine",
    )
    assert order["daily"] == [0] * 7
    found = [each["eventName"] for each in planner.done("GET", f"{BASE}/events?owner=risk-manager")["items"]]
    assert found == ["Cart Updated"]
    assert [each["eventName"] for each in planner.done("GET", f"{BASE}/events?text=order")["items"]] == [
        "Order Completed"
    ]


def test_who_may_what(planner: Planner) -> None:
    for by in (VIEWER, PIPELINE):
        planner.refused(planner.send("POST", f"{BASE}/schema", ORDER, by=by), 403, "analytics.manage_schema")
    planner.refused(planner.send("GET", f"{BASE}/schema", by=PIPELINE), 403, "analytics.view_schema")
    answer = planner.send("POST", f"{BASE}/events/validate", {"eventName": "x", "payload": {}}, by=VIEWER)
    planner.refused(answer, 403, "analytics.validate_events")


PROPERTY = "/properties/0/schema"
DEEP: dict[str, Any] = {"type": "string"}
for _ in range(28):
    DEEP = {"type": "object", "properties": {"a": DEEP}}
LOOP = {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}
BOMB: dict[str, Any] = {"d0": {"type": "string"}}
for _number in range(1, 20):
    _each = {"$ref": f"#/$defs/d{_number - 1}"}
    BOMB[f"d{_number}"] = {"allOf": [_each, _each]}


@pytest.mark.parametrize(
    ("schema", "definitions", "words", "pointer"),
    [
        ({"typ": "string"}, {}, "did you mean type?", f"{PROPERTY}/typ"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, {}, "2020-12", f"{PROPERTY}/$schema"),
        ({"$ref": "https://evil.example/schema"}, {}, "nothing else is looked up", f"{PROPERTY}/$ref"),
        ({"$ref": "file:///etc/passwd"}, {}, "nothing else is looked up", f"{PROPERTY}/$ref"),
        ({"$ref": "#"}, {}, "refer to a definition", f"{PROPERTY}/$ref"),
        ({"$ref": "#/$defs/none"}, {}, "no such definition", f"{PROPERTY}/$ref"),
        ({"$ref": "#/$defs/a"}, LOOP, "itself", "/definitions/a"),
        ({"pattern": "(?=x)"}, {}, "linear time", PROPERTY),
        ({"pattern": r"(a)\1"}, {}, "linear time", PROPERTY),
        ({"pattern": "((a{1000}){1000}){1000}"}, {}, "linear time", PROPERTY),
        ({"type": "strin"}, {}, "type must be one of", PROPERTY),
        ({"format": "bogus"}, {}, "the format is not one of", f"{PROPERTY}/format"),
        ({"minimum": "x"}, {}, "minimum must be number", PROPERTY),
        ({"$ref": "#/$defs/d19"}, BOMB, "larger than anybody can read", "/definitions"),
        ({"properties": {"a": {}, "A": {}}}, {}, "nobody who reads it", f"{PROPERTY}/properties/A"),
        ({"properties": {"\u00e9": {}, "e\u0301": {}}}, {}, "nobody who reads it", f"{PROPERTY}/properties/e\u0301"),
        ({"type": "string", "enum": [1]}, {}, "no event can satisfy it", "/properties"),
        ({"minimum": 5, "maximum": 4, "type": "number"}, {}, "no event can satisfy it", "/properties"),
    ],
)  # fmt: skip
def test_hostile_schemas_are_refused_in_words(
    planner: Planner, schema: Any, definitions: Any, words: str, pointer: str
) -> None:
    properties = [{"name": "a", "schema": schema, "required": True}]
    answer = planner.send("POST", f"{BASE}/schema", ORDER | {"properties": properties, "definitions": definitions})
    planner.refused(answer, 422, words, pointer)
    assert planner.sql("select count(*) from event_schema") == [(0,)]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"properties": [{"name": "a"}, {"name": "A"}]}, "nobody who reads it"),
        ({"properties": [{"name": "a"}, {"name": "a"}]}, "stands here twice"),
        ({"properties": [{"name": "a", "personal": "sensitive"}]}, "what sensitive data is collected for"),
        ({"properties": [{"name": "a", "schema": DEEP}]}, "24 deep"),
        ({"owners": []}, "must not be empty"),
        ({"eventName": "*"}, "asterisk"),
        ({"eventName": "Identify"}, "written identify"),
        ({"eventName": "a\nb"}, "one line"),
        ({"colour": 1}, "no field"),
    ],
)
def test_what_else_is_refused(planner: Planner, more: Any, words: str) -> None:
    planner.refused(planner.send("POST", f"{BASE}/schema", ORDER | more), 422, words)


def test_names_that_read_the_same_are_one_event(planner: Planner) -> None:
    planner.draft()
    for name in ("order completed", "Order Completed".replace("C", "\uff23")):
        answer = planner.send("POST", f"{BASE}/schema", ORDER | {"eventName": name})
        planner.refused(answer, 409, "Nobody who reads it tells it from")


def test_a_catastrophic_pattern_is_none_here(planner: Planner) -> None:
    properties = [{"name": "a", "schema": {"type": "string", "pattern": "^(a+)+$"}}]
    planner.planned(properties=properties)
    found = planner.ingest({"type": "track", "event": "Order Completed", "properties": {"a": "a" * 50_000 + "!"}})
    assert found["problems"][0]["violations"][0]["rule"] == "must match ^(a+)+$"


@pytest.mark.parametrize(
    "schema", [b'{"description": "\\u0000"}', b'{"enum": ["\\ud800"]}', b'{"minimum": NaN}', b'{"enum": [1e400]}']
)
def test_schemas_that_nobody_can_keep_are_refused(planner: Planner, schema: bytes) -> None:
    body = json.dumps(ORDER | {"properties": [{"name": "a", "schema": "@@"}]}).encode().replace(b'"@@"', schema)
    words = "not allowed" if b"\\u" in schema else "no numbers"
    planner.refused(planner.send("POST", f"{BASE}/schema", body), 422, words)
    planner.refused(planner.send("GET", f"{BASE}/schema/a%00b"), 422)
    planner.refused(planner.send("GET", f"{BASE}/violations?eventName=a%00b"), 422)
