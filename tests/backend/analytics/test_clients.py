"""Typed clients of the plan compile, and say only what fits it; a draft out of traffic keeps no value."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analytics.clients import python_client, typescript_client
from backend.analytics.inference.shape import infer
from backend.analytics.plan.checking import check_content
from backend.analytics.schemas import Validator
from models.analytics import EventContent, EventSchemaDefinition, TrackingPlan
from tests.backend.analytics.fixtures import BASE, GOOD, ORDER, PIPELINE, VIEWER, Planner, track

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ODD: dict[str, Any] = {
    "eventName": '2 odd – names */ \\ """',
    "description": 'Ends a comment */ and a text """ here \\',
    "properties": [
        {"name": "class", "schema": {"type": "string"}, "description": "*/ alert(1) /*"},
        {"name": "with space", "schema": {"type": ["integer", "null"]}, "required": True},
        {"name": 'quote"', "schema": {"enum": ['a"b', 1, None, True]}},
        {
            "name": "nested",
            "schema": {
                "type": "object",
                "properties": {
                    "a-b": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"x": {"const": 1}}, "additionalProperties": False},
                    }
                },
                "required": ["a-b"],
                "additionalProperties": False,
            },
        },
        {
            "name": "choice",
            "schema": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/$defs/one"}}]},
        },
        {"name": "anything"},
    ],
    "definitions": {
        "one": {"type": "object", "properties": {"two": {"$ref": "#/$defs/two"}}, "additionalProperties": False},
        "two": {"type": "number"},
    },
    "additionalProperties": False,
}


def definition(content: dict[str, Any], version: int = 1, state: str = "enforced") -> EventSchemaDefinition:
    more = {"version": version, "state": state, "deprecatedUntil": None, "revision": 1, "createdBy": "a"}
    times = {"createdAt": NOW, "publishedBy": "a", "publishedAt": NOW}
    return EventSchemaDefinition.model_validate({"owners": ["a"], "definitions": {}, **content} | more | times)


PLAN = TrackingPlan(
    version=42,
    event_days=120,
    items=(
        definition(ORDER, 7),
        definition(ORDER | {"properties": []}, 8, "observed"),
        definition(ODD),
        definition(ODD | {"eventName": "2 odd names"}),
        definition(
            {
                "eventName": "class",
                "description": "A word of both languages.",
                "properties": [],
                "additionalProperties": True,
            }
        ),
        definition(
            {
                "eventName": "identify",
                "description": "Who.",
                "properties": [{"name": "plan", "schema": {"type": "string"}}],
                "additionalProperties": False,
            }
        ),
    ),
    as_of=NOW,
)


def test_the_python_client_compiles_types_and_says_what_fits(tmp_path: Path) -> None:
    module = tmp_path / "shop_events.py"
    module.write_text(python_client(PLAN), encoding="utf-8")
    use = tmp_path / "use.py"
    use.write_text(
        "from shop_events import Analytics, OrderCompleted\n"
        "calls: list[dict[str, object]] = []\n"
        "client = Analytics(calls.append, app='web', app_version='5.12.0', user_id='u')\n"
        "client.order_completed({'order_id': 'CS-1', 'total': 319.5, 'currency': 'EUR'})\n"
        "client.identify({'plan': 'pro'})\n"
        "wrong: OrderCompleted = {'order_id': 'CS-1', 'total': 'x'}  # WRONG\n"
        "import json; print(json.dumps(calls))\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(use)], capture_output=True, text=True, check=True, cwd=tmp_path)
    order, identify = json.loads(done.stdout)
    assert (order["type"], order["event"], order["userId"]) == ("track", "Order Completed", "u")
    assert order["context"] == {"app": {"name": "web", "version": "5.12.0"}, "eventVersion": 7}
    assert check_content(EventContent.model_validate({k: v for k, v in ORDER.items() if k != "eventName"})).passes(
        order["properties"]
    )
    assert (identify["type"], identify["traits"]) == ("identify", {"plan": "pro"})
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "use.py", "shop_events.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    errors = [line for line in checked.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1, checked.stdout
    assert errors[0].startswith("use.py:6:"), "and only what is wrong is refused"


def typescript() -> str | None:
    """The compiler of TypeScript, where there is one: named by a variable, or in the path."""
    return os.environ.get("OPSCONSOLE_TEST_TSC") or shutil.which("tsc")


def test_the_typescript_client_compiles_and_says_what_fits(tmp_path: Path) -> None:
    compiler, node = typescript(), shutil.which("node")
    if compiler is None or node is None:
        pytest.skip("no TypeScript compiler: put tsc into the path, or name it by OPSCONSOLE_TEST_TSC")
    (tmp_path / "events.ts").write_text(typescript_client(PLAN), encoding="utf-8")
    good = (
        'import { Analytics, Call } from "./events";\n'
        "const calls: Call[] = [];\n"
        'const web = { name: "web", version: "5.12.0" };\n'
        'const client = new Analytics((call) => calls.push(call), web, { userId: "u" });\n'
        'client.orderCompleted({ order_id: "CS-1", total: 319.5, currency: "EUR" });\n'
        "console.log(JSON.stringify(calls));\n"
    )
    (tmp_path / "use.ts").write_text(good, encoding="utf-8")
    options = ["--strict", "--target", "es2022", "--module", "commonjs", "--lib", "es2022,dom"]
    done = subprocess.run([compiler, *options, "use.ts"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    said = subprocess.run([node, "use.js"], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    [call] = json.loads(said)
    assert (call["event"], call["context"]["eventVersion"], call["properties"]["total"]) == (
        "Order Completed",
        7,
        319.5,
    )
    (tmp_path / "use.ts").write_text(good.replace("319.5", '"319.50"'), encoding="utf-8")
    done = subprocess.run([compiler, *options, "use.ts"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "TS2322" in done.stdout, "what is wrong is refused"


def test_they_are_answered_over_http(planner: Planner) -> None:
    planner.planned()
    for name, words in (("typescript", "export interface OrderCompleted"), ("python", "OrderCompleted = TypedDict(")):
        answer = planner.send("GET", f"{BASE}/schema?as={name}", by=VIEWER)
        assert answer.status_code == 200
        assert words in answer.text
        assert planner.send("GET", f"{BASE}/schema?as={name}&version=1", by=VIEWER).text != ""


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@given(_TEXT, _TEXT)
def test_whatever_names_hold_the_source_stays_whole(name: str, words: str) -> None:
    odd = definition(
        {
            "eventName": name or "x",
            "description": words,
            "properties": [{"name": "a b" + "c", "description": words}],
            "additionalProperties": True,
        }
    )
    plan = TrackingPlan(version=1, items=(odd,), event_days=90, as_of=NOW)
    compile(python_client(plan), "client.py", "exec")
    source = typescript_client(plan)
    assert source.count("/*") == source.count("*/"), "no comment ends before its end"


CANARY = "canary@example.com"


def test_only_the_shape_is_kept(planner: Planner) -> None:
    for number in range(40):
        properties = GOOD | {
            "order_id": f"CS-{number}",
            "email": f"{number}{CANARY}",
            "payment": ("card", "invoice")[number % 2],
        }
        planner.ingest(track("order done", properties | {CANARY: 1, "placed": "2026-11-24T14:02:37Z", "sum": number}))
    made = planner.done("POST", f"{BASE}/infer", {"eventName": "order done", "days": 7})
    found = {each["name"]: each for each in made["properties"]}
    assert found["total"]["schema"] == {"type": "number", "minimum": 0}
    assert found["sum"]["schema"] == {"type": "integer", "minimum": 0}
    assert found["placed"]["schema"] == {"type": "string", "format": "date-time"}
    assert found["payment"]["schema"] == {"type": "string", "enum": ["card", "invoice"]}
    assert found["email"]["personal"] == "personal"
    assert "enum" not in found["email"]["schema"]
    assert all(each["required"] for each in found.values())
    assert CANARY not in str(made)
    assert "CS-1" not in str(made)
    assert (made["state"], made["additionalProperties"]) == ("draft", True)
    planner.refused(planner.send("POST", f"{BASE}/infer", {"eventName": "none"}), 404, "No event of this name")
    planner.refused(planner.send("POST", f"{BASE}/infer", {"eventName": "order done"}), 409)
    planner.refused(planner.send("POST", f"{BASE}/infer", {"eventName": "x"}, by=VIEWER), 403)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "email", "user_id"]), json_values, max_size=4), max_size=30))
def test_what_was_seen_fits_what_is_inferred(events: list[dict[str, Any]]) -> None:
    properties = infer(events)
    schema = {
        "type": "object",
        "properties": {each.name: each.value_schema for each in properties},
        "required": [each.name for each in properties if each.required],
    }
    check_content(EventContent(description="x", owners=("a",), properties=properties))
    validator = Validator(schema)
    for each in events:
        assert validator.passes(each), validator.findings(each)


def test_a_service_may_not_read_the_plan(planner: Planner) -> None:
    assert (
        httpx.get(f"{planner.api.base_url}{BASE}/schema?as=python", headers=planner.api.headers(PIPELINE)).status_code
        == 403
    )
