"""Hostile bodies, paths, queries and headers to every route."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from backend.core.pages import encode_cursor
from models.core import normal_form
from tests.backend.alerts.fixtures import RULE
from tests.backend.core.fixtures import (
    AT,
    OPERATIONS,
    QUERY,
    SESSION,
    Site,
    concrete,
    trouble,
)
from tests.backend.risk.samples import CHECK, order

# --- bodies ----------------------------------------------------------------------------------------------------------

ASSIGNED = ("version", "id", "grantedBy", "approvedBy", "state", "requestedBy", "builtIn", "__proto__")


KEEPS_UNKNOWN = (CHECK, "/api/ingest/events")
"""Orders are kept with the fields we do not know; nobody reads anything off those. Events are judged one by one."""


def test_no_body_takes_a_field_it_does_not_know(site: Site) -> None:
    wrong, seen = [], 0
    for method, path, body in site.bodies():
        for field in ASSIGNED:
            if field in body or path.startswith(KEEPS_UNKNOWN):
                continue
            answer = site.send(method, concrete(path), json={**body, field: "x"})
            seen += 1
            if answer.status_code != 422 or f"/{field}" not in {e["pointer"] for e in answer.json()["errors"]}:
                wrong.append(f"{method} {path} {field}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert seen > 150


DEEP = 10_000
RAW: dict[str, bytes] = {
    "nested deeply": b"[" * DEEP + b"]" * DEEP,
    "objects nested deeply": b'{"rows":[' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"]}",
    "nested just so": b'{"rows":[' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"]}",
    "not a number": b'{"rows":[{"id":NaN}],"minutes":NaN,"value":NaN}',
    "infinite": b'{"rows":[{"total":1e999}],"minutes":1e999,"value":-Infinity}',
    "invalid UTF-8": b'{"code":"\xff\xfe"}',
    "a byte order mark": b'\xef\xbb\xbf{"code":"123456"}',
    "UTF-16": '{"code":"123456"}'.encode("utf-16"),
    "twice the same key": b'{"account":"ada","account":"bob","password":"x","password":"y"}',
    "a key with half a character": b'{"\\ud800":1,"rows":[{"\\ud800":1}]}',
    "a key with NUL": b'{"\\u0000":1,"rows":[{"\\u0000":1}]}',
    "a list": b"[]",
    "null": b"null",
    "nothing": b"",
    "half a document": b'{"a":',
    "a number of 5 000 digits": b'{"rows":[{"total":' + b"9" * 5_000 + b"}]}",
    "a number of 401 digits": b'{"rows":[{"id":"x","total":1' + b"0" * 400 + b'}],"value":1' + b"0" * 400 + b"}",
    "rows with names that cannot be stored": (
        b'{"rows":[{"a\\u0000b":1},{"\\ud800":1},{"id":"\\ud800","x":["\\ud800"]}]}'
    ),
    "rows with numbers that are none": b'{"rows":[{"total":NaN},{"total":1e999,"value":-Infinity},{"a":[NaN]}]}',
    "rows with long numbers": b'{"rows":[{"id":"x","total":1' + b"0" * 400 + b',"value":-1' + b"0" * 400 + b"}]}",
    "the proto key": b'{"__proto__":{"admin":true},"constructor":{}}',
}

CHANGES = "select count(*) from audit_log where action not like 'shop.%%' and action <> 'analytics.events.ingested'"
"""Entries but those of batches, of which each is one, whatever became of its rows."""


@pytest.mark.parametrize("name", RAW)
def test_a_hostile_body_is_refused_and_changes_nothing(site: Site, name: str) -> None:
    before = site.rows(CHANGES)
    wrong = []
    for method, path, _ in site.bodies():
        for headers in ({"Content-Type": "application/json"}, {"Content-Type": "text/plain"}):
            answer = site.send(method, concrete(path), content=RAW[name], headers=headers)
            ingested = path.startswith("/api/ingest") and answer.status_code == 200 and _landed(answer) == 0
            if (words := trouble(answer)) or (answer.is_success and not ingested and name != "nothing"):
                wrong.append(f"{method} {path}: {words or answer.text[:200]}")
    assert wrong == []
    if name != "nothing":
        assert site.rows(CHANGES) == before


def _landed(answer: httpx.Response) -> int:
    told = answer.json()
    return int(told["landed"] if "landed" in told else told["inserted"])


def test_too_long_a_body_is_refused_before_it_is_read(site: Site) -> None:
    wrong = []
    long = b'{"reason":"' + b"x" * site.api.settings.request_bytes + b'"}'
    for method, path, _ in site.bodies():
        answer = site.send(method, concrete(path), content=long, headers={"Content-Type": "application/json"})
        if words := trouble(answer, {413}):
            wrong.append(f"{method} {path}: {words}")
    assert wrong == []


TEXTS = {
    "NUL": "a\0b",
    "half a character": "a\ud800b",
    "a megabyte": "x" * 1_000_000,
    "right to left": "\u202eevil\u2066\u200b\ufeff\u200d",
    "SQL": "'; drop table audit_log; --",
    "a format": "%s %(x)s {0.__class__} ${jndi:ldap://x} {{7*7}}",
    "a path": "../../../../etc/passwd",
    "digits of another script": "\u0661\u0662\u0663",
    "a person": "ann.private@example.com",
}


def fields(body: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Places of a body that hold text."""
    if isinstance(body, str):
        yield at
    elif isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from fields(value, (*at, key))


def placed(body: Any, at: tuple[Any, ...], value: Any) -> Any:
    """The body with another value at a place."""
    if not at:
        return value
    copy = body.copy()
    copy[at[0]] = placed(body[at[0]], at[1:], value)
    return copy


ROWS = {
    "orders": {"id": "x", "placedAt": AT, "settledAt": AT, "customerId": "c", "country": "DE", "currency": "EUR"}
    | {"total": 5, "updatedAt": AT},
    "refunds": {"id": "x", "orderId": "o", "refundedAt": AT, "country": "DE", "currency": "EUR", "amount": 5},
    "downloads": {"id": "x", "downloadedAt": AT, "product": "p", "country": "DE", "succeeded": False, "failure": "f"},
    "community": {"id": "x", "metric": "discord", "observedAt": AT, "value": 5},
    "rates": {"currency": "USD", "day": "2026-11-24", "rate": "0.9"},
    "outcomes": {"id": "x", "orderId": "o", "customerId": "c", "kind": "chargeback", "happenedAt": AT}
    | {"currency": "EUR", "amount": 5},
    "deploys": {"id": "x", "service": "s", "version": "1", "environment": "e", "deployedAt": AT, "deployedBy": "b"}
    | {"url": "https://example.com/x"},
}


def whole(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body that can land as it is."""
    match path.rsplit("/", 1)[-1]:
        case _ if path.startswith("/api/ingest/events"):
            return {"type": "track", "event": "Visited", "messageId": "m", "userId": "u", "properties": {"page": "p"}}
        case kind if path.startswith("/api/ingest"):
            return {"rows": [ROWS[kind]]}
        case "alert-rules":
            return dict(RULE)
        case "fraud-check":
            return order("checked")
        case "roles":
            return body | {"permissions": [], "policy": {}}
        case "assign" | "revoke":
            return {"userId": "bob", "roleId": "viewer", "reason": "x"}
        case _:
            return body


DELIVERIES = "/api/deliveries"
UNSAID = (
    "/api/ingest",
    SESSION,
    CHECK,
    "/api/risk/policy",
    f"{DELIVERIES}/letters",
    f"{DELIVERIES}/routes",
    "/api/operations/runbooks/check",
    "/api/privacy/",
    "/api/analytics/",
)
"""Routes that do not say again what they were sent."""


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_in_any_field_does_no_harm(site: Site, name: str) -> None:
    tables = site.rows("select count(*) from pg_class where relkind in ('r', 'p') and not relispartition")
    text, wrong = TEXTS[name], []
    for method, path, sample in site.bodies():
        body = whole(path, sample)
        for at in fields(body):
            sent = json.dumps(placed(body, at, text))
            answer = site.send(method, concrete(path), content=sent, headers={"Content-Type": "application/json"})
            where = f"{method} {path} {at}"
            if words := trouble(answer):
                wrong.append(f"{where}: {words}")
            elif name == "a person" and answer.status_code >= 400 and text in answer.text:
                wrong.append(f"{where} tells it again: {answer.text}")
            elif answer.is_success and not path.startswith(UNSAID) and text not in _texts(answer):
                wrong.append(f"{where} is not as it was sent: {answer.text[:200]}")
    assert wrong == []
    assert site.rows("select count(*) from pg_class where relkind in ('r', 'p') and not relispartition") == tables
    assert site.rows("select count(*) > 0 from audit_log") == [(True,)]


def _texts(answer: httpx.Response) -> set[str]:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for one in value.values() if isinstance(value, dict) else value:
                yield from walk(one)

    return set(walk(answer.json()))


def test_text_comes_back_byte_for_byte(site: Site) -> None:
    for name in ("right to left", "SQL", "a format", "a path", "digits of another script"):
        text = TEXTS[name]
        made = site.send("POST", f"{OPERATIONS}/alert-rules", json={**RULE, "title": text, "guidance": text}).json()
        found = site.send("GET", f"{OPERATIONS}/alert-rules/{made['id']}").json()
        assert (found["title"], found["guidance"]) == (text, text)
        assert site.rows("select title, guidance from alert_rule where id = %s", made["id"]) == [(text, text)]
        order = {**ROWS["orders"], "id": f"{text}!", "customerId": text, "country": text}
        assert site.send("POST", "/api/ingest/orders", "pipeline", json={"rows": [order]}).json()["inserted"] == 1
        kept = normal_form.identifier(text)  # of an id, a customer and a country without what nobody sees
        found = site.rows("select customer_id, country, given from orders where id = %s", f"{kept}!")
        changed = {} if kept == text else {"id": f"{text}!", "customerId": text, "country": text}
        assert [(*row[:2], row[2] or {}) for row in found] == [(kept, kept, changed)], "as given beside it"


# --- paths, queries, headers -----------------------------------------------------------------------------------------

SEGMENTS = (
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%00", "a%00b", "%ff%fe", "'%3B%20drop%20table%20role%3B--", "%25s%25(x)s",
    "x%3Fy%23z", "%E2%80%AE%E2%80%8B", "a" * 5_000, "{0.__class__}", "-1", "%F0%9F%92%A3", "%ED%A0%80",
)  # fmt: skip


def test_hostile_paths_name_nothing(site: Site) -> None:
    wrong = []
    for method, pattern in site.routes:
        if "{" not in pattern:
            continue
        for segment in SEGMENTS:
            for headers in ({}, {"Idempotency-Key": "k"}):
                body = whole(pattern, {"reason": "x", "comment": "x", "findings": "x", "until": AT, "decision": "deny"})
                answer = site.send(method, concrete(pattern, segment), json=body, headers=headers)
                if words := trouble(answer, {404, 405, 409, 422}):
                    wrong.append(f"{method} {pattern} with {segment[:40]}: {words}")
    assert wrong == []


def _cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


VALUES = (
    "%00", "a%00b", "%ff", "%ED%A0%80", "'%3B--", "1e999", "9" * 400, "-1", "NaN", "%E2%80%AE", "%D9%A1",
    "0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "2026-11-24T10:00:00.1234567890123Z",
)  # fmt: skip

CURSORS = (
    _cursor("[" * 260), _cursor('["a\\ud800","b\\ud800"]'), _cursor('["2026-11-24T10:00:00Z","a\\ud800"]'),
    _cursor('["0001-01-01T00:00:00+23:59","a"]'), _cursor('["a\\u0000","a\\u0000"]'), _cursor("[" * 740),
    _cursor(f'["{AT}","{AT}","\\ud800"]'), encode_cursor(2**63 - 1), encode_cursor(-5), _cursor("[1e999]"),
)  # fmt: skip


def test_hostile_queries_are_refused_or_find_nothing(site: Site) -> None:
    wrong, seen = [], 0
    for path, methods in site.document["paths"].items():
        for name in [p["name"] for p in methods.get("get", {}).get("parameters", ()) if p["in"] == "query"]:
            for value in VALUES + (CURSORS if name == "cursor" else ()):
                others = "&".join(part for part in QUERY.split("&") if not part.startswith(f"{name}="))
                seen += 1
                answer = site.send("GET", f"{concrete(path)}?{others}&{name}={value}")
                if words := trouble(answer):
                    wrong.append(f"GET {path} {name}={value[:60]}: {words}")
    assert wrong == []
    assert seen > 500


HEADERS: tuple[tuple[str, bytes], ...] = (
    ("If-Match", b"*"), ("If-Match", b'"9999999999999999999999"'), ("If-Match", b"\xb2"), ("If-Match", b'"1", "2"'),
    ("If-Match", b"\0"), ("Idempotency-Key", b""), ("Idempotency-Key", b"k" * 201), ("Idempotency-Key", b"\xff\xfe"),
    ("Idempotency-Key", b"a\0b"), ("Idempotency-Key", b"'; drop table idempotency; --"),
    ("Last-Event-ID", b"-1"), ("Last-Event-ID", b"9" * 18), ("Last-Event-ID", b"9" * 19), ("Last-Event-ID", b"\xb2\0"),
    ("Host", b"["), ("Host", b"a b/\\\xff"), ("Content-Type", b"application/json; charset=\xff"),
    ("Content-Type", b"multipart/form-data"), ("Content-Length", b"-5"), ("Authorization", b"Basic YTpi"),
    ("Authorization", b"Bearer"), ("Authorization", b"Bearer \xff.\xff.\xff"),
    ("Authorization", b"Bearer " + b"." * 3_000),
)  # fmt: skip
"""What a route looks at."""

ASIDE: dict[str, tuple[bytes, ...]] = {
    "X-Request-Id": (b"a\r\nSet-Cookie: x=1", b"\xff" * 50, b"a" * 5_000, b"\0", b"'; drop table x; --"),
    "X-Correlation-Id": (b"'; drop table x;\0", b"\xff", b"", b"a b"),
    "traceparent": (b"00-" + b"0" * 4_000, b"\xff\0", b"00-\xb2-1-1"),
    "Range": (b"bytes=0-,-1,5-2", b"bytes=" + b"0-1," * 2_000),
    "Accept": (b"\0", b"*/*;q=\xff"),
    "Cookie": (b"a=\0",),
    "X-Forwarded-For": (b"'; --, \0",),
    "X-HTTP-Method-Override": (b"DELETE",),
}
"""What comes along with any of them, and stands in nothing's way."""


def test_hostile_headers_do_no_harm(site: Site) -> None:
    wrong = []
    for place, (method, pattern) in enumerate(site.routes):
        if pattern == "/readyz":
            continue  # without a worker, 503 is the right answer
        path = f"{concrete(pattern)}?{QUERY}"
        for number, (name, value) in enumerate(HEADERS):
            if (place + number) % 3:
                continue  # what reads headers is the same for all: each route meets a third of them
            headers: list[tuple[str, Any]] = [(name, value)]
            headers += [(aside, values[number % len(values)]) for aside, values in ASIDE.items()]
            if method != "GET" and name != "Idempotency-Key":
                headers.append(("Idempotency-Key", f"{number}"))
            answer = site.send(method, path, headers=headers, content=b"{}" if method != "GET" else None)
            if words := trouble(answer):
                wrong.append(f"{method} {pattern} {name}: {value[:40]!r}: {words}")
            if "set-cookie" in answer.headers or not re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"]):
                wrong.append(f"{method} {pattern} repeats {answer.headers}")
    assert wrong == []
