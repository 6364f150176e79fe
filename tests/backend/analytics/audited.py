"""A valid request to every route of analytics that writes, and the entry it must leave; see test_every_change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import psycopg

from tests.backend.analytics.fixtures import BASE, INGEST, KEEPER, ORDER, PIPELINE

Send = Callable[..., httpx.Response]
Made = tuple[Callable[[Any, Send], httpx.Response], str, str, str, str | None]
VERSION = f"{BASE}/schema/{{event_name}}/{{version}}"
CONTENT = {name: value for name, value in ORDER.items() if name != "eventName"}
CAUSE = {"eventName": "Held", "class": "type", "pointer": "/properties/total", "schemaVersion": 1, "reason": "mended"}


def _event(world: Any) -> str:
    world.people += 1
    return f"Event {world.people}"


def _draft(world: Any, **more: Any) -> str:
    """The address of a draft."""
    made = world.done("POST", f"{BASE}/schema", KEEPER, ORDER | {"eventName": _event(world)} | more)
    return f"{BASE}/schema/{made['eventName']}/{made['version']}"


def _published(world: Any) -> str:
    """The name of an event that was published."""
    path = _draft(world)
    world.done("POST", f"{path}/state", KEEPER, {"state": "observed", "reason": "x"}, If_Match=1)
    return path.split("/")[-2]


def _held(world: Any) -> None:
    """An event that is held; its seal cannot be opened."""
    with psycopg.connect(world.api.owner_url) as connection:
        connection.execute(
            "insert into event_quarantine (id, kind, event_name, schema_version, class, pointer, rule, producer,"
            " app_version, environment, body) values (uuidv7(), 'track', 'Held', 1, 'type', '/properties/total',"
            " 'must be a number', 'web', '1', 'Test', '\\x00112233445566778899aabbccddeeff')"
        )


def _violation(world: Any) -> str:
    with psycopg.connect(world.api.owner_url) as connection:
        row = connection.execute(
            "with made as (insert into violation_group (event_name, class, pointer, schema_version, producer,"
            " app_version, environment, rule, first_seen) values ('Held', 'type', '/properties/total', 1, 'web', '1',"
            " 'Test', 'must be a number', now()) returning id)"
            " insert into violation_day (group_id, day, shard, count, last_seen)"
            " select id, current_date, 0, 1, now() from made returning group_id"
        ).fetchone()
    assert row is not None
    return f"{BASE}/violations/{row[0]}"


def _replay(world: Any, send: Send) -> httpx.Response:
    _held(world)
    return send("POST", f"{BASE}/quarantine/replay", KEEPER, CAUSE)


def _discard(world: Any, send: Send) -> httpx.Response:
    _held(world)
    return send("POST", f"{BASE}/quarantine/discard", KEEPER, CAUSE)


def _infer(world: Any, send: Send) -> httpx.Response:
    world.done("POST", INGEST, PIPELINE, {"type": "track", "event": "Inferred", "properties": {"a": 1}})
    return send("POST", f"{BASE}/infer", KEEPER, {"eventName": "Inferred"})


def _mode(world: Any, send: Send) -> httpx.Response:
    body = {"eventName": _published(world), "mode": "reject", "reason": "as agreed"}
    return send("POST", f"{BASE}/modes", KEEPER, body)


def _state(world: Any, send: Send) -> httpx.Response:
    return send("POST", f"{_draft(world)}/state", KEEPER, {"state": "observed", "reason": "as agreed"}, If_Match=1)


def _radius(world: Any, send: Send) -> httpx.Response:
    return send("POST", f"{BASE}/radius", KEEPER, {"eventName": _draft(world).split("/")[-2], "version": 1})


EVENT: dict[str, Any] = {"type": "track", "event": "A", "userId": "u"}
SCHEMA, HELD, BATCH = "event_schema", "event_quarantine", "event_batch"
AUDITED: dict[tuple[str, str], Made] = {
    ("POST", f"{BASE}/schema"): (
        lambda w, send: send("POST", f"{BASE}/schema", KEEPER, ORDER | {"eventName": _event(w)}),
        "analytics.schema.drafted",
        SCHEMA,
        "after",
        None,
    ),
    ("PUT", VERSION): (
        lambda w, send: send("PUT", _draft(w), KEEPER, CONTENT | {"description": "Other."}, If_Match=1),
        "analytics.schema.changed",
        SCHEMA,
        "before after",
        None,
    ),
    ("DELETE", VERSION): (
        lambda w, send: send("DELETE", _draft(w), KEEPER, If_Match=1),
        "analytics.schema.discarded",
        SCHEMA,
        "before",
        None,
    ),
    ("POST", f"{VERSION}/state"): (_state, "analytics.schema.published", SCHEMA, "before after", "as agreed"),
    ("POST", f"{BASE}/modes"): (_mode, "analytics.mode.changed", "event_mode", "after", "as agreed"),
    ("POST", f"{BASE}/radius"): (_radius, "analytics.radius.asked", "event_radius", "after", None),
    ("POST", f"{BASE}/infer"): (_infer, "analytics.schema.drafted", SCHEMA, "after", None),
    ("PATCH", f"{BASE}/violations/{{violation_id}}"): (
        lambda w, send: send("PATCH", _violation(w), KEEPER, {"state": "fixed", "reason": "3.18.3"}, If_Match=1),
        "analytics.violation.changed",
        "violation",
        "before after",
        "3.18.3",
    ),
    ("POST", f"{BASE}/quarantine/replay"): (_replay, "analytics.quarantine.replayed", HELD, "after", "mended"),
    ("POST", f"{BASE}/quarantine/discard"): (_discard, "analytics.quarantine.discarded", HELD, "after", "mended"),
    ("POST", INGEST): (
        lambda _, send: send("POST", INGEST, PIPELINE, EVENT),
        "analytics.events.ingested",
        BATCH,
        "after",
        None,
    ),
    ("POST", f"{INGEST}/v1/{{call}}"): (
        lambda _, send: send("POST", f"{INGEST}/v1/track", PIPELINE, EVENT),
        "analytics.events.ingested",
        BATCH,
        "after",
        None,
    ),
}
ASKING = {("POST", f"{BASE}/events/validate"), ("POST", f"{BASE}/quarantine/trial")}
