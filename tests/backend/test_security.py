"""Hostile requests to every route: wrong tokens, bodies, headers and paths; what is whose; what must not be told."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import psycopg
import pyotp
import pytest

from backend.database import Database
from backend.http import encode_cursor
from backend.main import create_app
from backend.settings import Settings
from models.problems import Problem
from tests.backend.test_alerts_routes import RULE
from tests.backend.test_routes import OPEN, guards
from tests.conftest import Api, _seed, cloned

OPERATIONS = "/api/operations"
SESSION = f"{OPERATIONS}/session"
RBAC = f"{OPERATIONS}/rbac"
PASSWORD = "password-of-ada"
SOME_ID = "0198c0de-0000-7000-8000-000000000000"
AT = "2026-11-24T10:00:00Z"
QUERY = f"from={quote(AT)}&to={quote(AT)}&userId=viewer&permission=operations.view_audit"
"""Whatever a reading route cannot do without."""


class Site:
    """The application in process, with an account for each role, ada (P: password) and bob, and its document."""

    def __init__(self, settings: Settings, owner_url: str) -> None:
        self.api = Api("http://api", settings, owner_url, lambda: None)
        self.owner_url = owner_url
        self.runner = asyncio.Runner()
        asyncio.run(_seed(settings))
        self.api.add_person("ada", "Ada", PASSWORD)
        self.api.add_person("bob", "Bob", PASSWORD)
        with psycopg.connect(owner_url, autocommit=True) as connection:
            # So that no permission stands before what a test is about.
            connection.execute(
                "insert into role_assignment (user_id, role_id, granted_by)"
                " select 'administrator', id, 'test' from role_definition where id <> 'administrator'"
            )
        self.app = create_app(settings, Database(settings.database_url or ""))
        self.document: dict[str, Any] = self.app.openapi()
        self.runner.run(self.app.state.database.open())
        self.app.state.live.end()  # else the stream would go on for as long as its token
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://api")
        self.routes = [(method, path) for method, path, _ in guards(self.app)]

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.run(self.app.state.database.close())
        self.runner.close()

    def send(self, method: str, path: str, role: str | None = "administrator", **more: Any) -> httpx.Response:
        """A request of a role's or person's account (their second factor just used), with a token, or of nobody."""
        self.unlimited()
        headers = [("If-Match", '"1"')] if method == "PATCH" or path.endswith(_VERSIONED) else []
        if role is not None:
            token = role if role.count(".") >= 2 else self.api.token(role)
            headers.append(("Authorization", f"Bearer {token}"))
        given = more.pop("headers", {})
        named = given if isinstance(given, list) else list(given.items())
        names = {name.lower() for name, _ in named}
        headers = [pair for pair in headers if pair[0].lower() not in names] + named
        return self.runner.run(self.client.request(method, path, headers=headers, **more))

    def unlimited(self) -> None:
        """The limits by address are a test of their own."""
        self.app.state.limits.sign_in._buckets.clear()
        self.app.state.limits.tokens._buckets.clear()

    def bodies(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and body of every route that takes one; all its fields are there, and valid in themselves."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if "requestBody" in operation:
                    schema = operation["requestBody"]["content"]["application/json"]["schema"]
                    yield method.upper(), path, self.sample(schema)

    def sample(self, schema: dict[str, Any]) -> Any:
        """A value of a schema."""
        if "$ref" in schema:
            return self.sample(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                return self.sample(schema[choice][0])
        for word in ("examples", "enum"):
            if word in schema:
                return schema[word][0]
        match schema.get("type"):
            case "object":
                return {name: self.sample(field) for name, field in schema.get("properties", {}).items()}
            case "array":
                return [self.sample(schema["items"])] if schema.get("minItems") else []
            case "string":
                text = schema.get("format") == "date-time"
                return (
                    (datetime.now(UTC) + timedelta(hours=1)).isoformat() if text else "x" * schema.get("minLength", 1)
                )
            case "boolean":
                return False
            case _:
                return schema.get("minimum", 1)

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What the owner of the database reads."""
        with psycopg.connect(self.owner_url) as connection:
            return connection.execute(statement, values).fetchall()


_VERSIONED = (
    *("/acknowledge", "/shelve", "/unshelve", "/close", "/decision", "/withdraw"),
    *("/claim", "/release", "/reassign", "/snooze", "/reopen"),
)


@pytest.fixture(scope="module")
def site(postgres_url: str) -> Iterator[Site]:
    from psycopg.conninfo import make_conninfo

    from backend.database import APPLICATION_ROLE

    with cloned(postgres_url) as owner_url:
        url = make_conninfo(owner_url, user=APPLICATION_ROLE)
        made = Site(Settings(database_url=url, token_key="k" * 40, environment="Test"), owner_url)
        yield made
        made.close()


def concrete(pattern: str, value: str = SOME_ID) -> str:
    return re.sub(r"{\w+}", value, pattern)


def trouble(answer: httpx.Response, statuses: set[int] | None = None) -> str:
    """What is wrong with an answer that should refuse; empty when it is a problem document of such a status."""
    if answer.status_code >= 500 or (statuses is not None and answer.status_code not in statuses):
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400:
        if answer.headers["content-type"] != "application/problem+json":
            return f"{answer.status_code} as {answer.headers['content-type']}"
        if Problem.model_validate_json(answer.content).status != answer.status_code:
            return f"{answer.status_code} is called {answer.json()['status']}"
    return ""


# --- who asks --------------------------------------------------------------------------------------------------------


def encoded(site: Site, **changes: Any) -> str:
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": "opsconsole", "aud": "opsconsole", "sub": "ada", "iat": now, "exp": now + 300, "auth_time": now}
    claims |= {"scope": "operations.*", "acr": "2"} | changes
    assert site.api.settings.token_key is not None
    return jwt.encode(claims, site.api.settings.token_key.get_secret_value(), "HS256")


def unsigned(payload: str) -> str:
    """A token nobody signed, with any text where its claims should be."""
    parts = ('{"alg":"HS256","typ":"JWT"}', payload, "signature")
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


TOKENS: dict[str, tuple[Callable[[Site], str], int]] = {
    "expired": (lambda s: encoded(s, exp=1), 401),
    "for another audience": (lambda s: encoded(s, aud="elsewhere"), 401),
    "without the scope": (lambda s: encoded(s, scope="openid"), 403),
    "garbage": (lambda _: "a.b.c", 401),
    "of a disabled account": (lambda s: encoded(s, sub="disabled"), 401),
    "of a name with NUL": (lambda s: encoded(s, sub="a\0b"), 401),
    "of a name with half a character": (lambda s: encoded(s, sub="a\ud800"), 401),
    "that never ends": (lambda s: encoded(s, exp=10**18), 401),
    "proved in another age": (lambda s: encoded(s, auth_time=10**18), 401),
    "of a session that is none": (lambda s: encoded(s, sid="x"), 401),
    "nested deeply": (lambda _: unsigned("[" * 20_000 + "]" * 20_000), 401),
    "with a number of 5 000 digits": (lambda _: unsigned('{"exp":' + "9" * 5_000 + "}"), 401),
    "that is a list": (lambda _: unsigned("[]"), 401),
    "with an issuer that is none": (lambda _: unsigned('{"iss":{"a":[]}}'), 401),
}


def test_no_route_takes_a_token_that_is_not_good(site: Site) -> None:
    site.api.add_person("disabled", "Disabled", PASSWORD)
    with psycopg.connect(site.owner_url, autocommit=True) as connection:
        connection.execute("update account set disabled_at = now() where id = 'disabled'")
    wrong = []
    for name, (make, status) in TOKENS.items():
        token = make(site)
        for method, pattern in sorted(set(site.routes) - OPEN):
            answer = site.send(method, concrete(pattern), token)
            if words := trouble(answer, {status}):
                wrong.append(f"{method} {pattern}, token {name}: {words}")
            if status == 401 and "Bearer" not in answer.headers.get("www-authenticate", ""):
                wrong.append(f"{method} {pattern}, token {name}: no challenge")
    assert wrong == []


def test_two_authorizations_are_none(site: Site) -> None:
    """A proxy might look at the other one."""
    tokens = [("Authorization", f"Bearer {site.api.token(role)}") for role in ("viewer", "administrator")]
    for pair in (tokens, tokens[::-1]):
        assert site.send("GET", f"{RBAC}/me", None, headers=pair).status_code == 401


# --- what is whose ---------------------------------------------------------------------------------------------------


def session_of(site: Site, person: str) -> dict[str, Any]:
    answer = site.send("POST", SESSION, None, json={"account": person, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_what_concerns_others_is_neither_seen_nor_used(site: Site) -> None:
    site.api.add_person("carl", "Carl", PASSWORD)
    wish = {"userId": "carl", "roleId": "administrator", "reason": "cover"}
    asked = site.send("POST", f"{RBAC}/assign", json=wish)
    assert asked.status_code == 202, asked.text
    theirs, none = (f"{RBAC}/approvals/{number}" for number in (asked.json()["approvalId"], SOME_ID))
    for path in ("", "/withdraw"):
        method = "POST" if path else "GET"
        real, unreal = (site.send(method, base + path, "viewer", json={} if path else None) for base in (theirs, none))
        assert (real.status_code, unreal.status_code) == (404, 404)
        assert real.json()["detail"] == unreal.json()["detail"], "that it exists is not told either"
    assert site.send("GET", theirs, "carl").status_code == 200, "who gains sees it"
    assert site.send("GET", f"{RBAC}/approvals", "viewer").json()["items"] == []
    mine = site.send("GET", f"{RBAC}/assignments", "viewer").json()["items"]
    assert {item["userId"] for item in mine} == {"viewer"}
    assert site.send("GET", f"{RBAC}/assignments?userId=carl", "viewer").status_code == 403
    assert site.send("GET", f"{RBAC}/explain?userId=carl&permission=operations.view_audit", "viewer").status_code == 403
    assert site.send("POST", f"{theirs}/decision", "viewer", json={"decision": "approve"}).status_code == 403
    assert site.rows("select state from approval where id = %s", asked.json()["approvalId"]) == [("pending",)]


def test_a_refresh_token_ends_only_ones_own_session(site: Site) -> None:
    tokens = session_of(site, "ada")
    body = {"refreshToken": tokens["refreshToken"]}
    assert site.send("DELETE", SESSION, "bob", json=body).status_code == 204
    assert site.send("POST", f"{SESSION}/refresh", None, json=body).status_code == 200


def test_the_same_key_of_two_people_is_two_requests(site: Site) -> None:
    answers = [
        site.send("POST", f"{OPERATIONS}/alert-rules", who, json=RULE, headers={"Idempotency-Key": "same"})
        for who in ("operations-lead", "ada", "ada", "viewer")
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 403]
    assert len({answer.json()["id"] for answer in answers[:3]}) == 2
    assert ["idempotent-replay" in answer.headers for answer in answers] == [False, False, True, False]


def test_a_second_factor_is_ones_own(site: Site) -> None:
    secrets = {}
    for who in ("ada", "bob"):
        access = session_of(site, who)["accessToken"]
        begun = site.send("POST", f"{SESSION}/second-factor", access, json={"password": PASSWORD}).json()
        totp = pyotp.TOTP(begun["secret"])
        done = site.send("POST", f"{SESSION}/second-factor/confirm", access, json={"code": totp.now()})
        secrets[who] = access, totp.at(datetime.now(UTC) + timedelta(seconds=30)), done.json()["codes"]
    _, code, codes = secrets["ada"]
    for borrowed in (code, codes[0]):
        assert site.send("POST", f"{SESSION}/step-up", secrets["bob"][0], json={"code": borrowed}).status_code == 422
    assert site.send("POST", f"{SESSION}/step-up", secrets["ada"][0], json={"code": codes[0]}).status_code == 200


def test_new_recovery_codes_prove_nothing_anew(site: Site) -> None:
    """Else who has used a second factor once, or stolen such a token, could stay fresh for ever."""
    used = datetime.now(UTC) - timedelta(seconds=200)
    token = site.api.token("ada", auth_time=used, lifetime=timedelta(seconds=100))
    answer = site.send("POST", f"{SESSION}/second-factor/recovery-codes", token)
    assert answer.status_code == 200, answer.text
    old, new = (jwt.decode(t, options={"verify_signature": False}) for t in (token, answer.json()["accessToken"]))
    assert (new["auth_time"], new["acr"]) == (old["auth_time"], "2")
    assert new["exp"] <= old["exp"]


def test_a_session_that_has_ended_cannot_be_stepped_up(site: Site) -> None:
    site.api.add_person("dora", "Dora", PASSWORD)
    tokens = session_of(site, "dora")
    access = tokens["accessToken"]
    begun = site.send("POST", f"{SESSION}/second-factor", access, json={"password": PASSWORD}).json()
    totp = pyotp.TOTP(begun["secret"])
    codes = site.send("POST", f"{SESSION}/second-factor/confirm", access, json={"code": totp.now()}).json()["codes"]
    site.send("DELETE", SESSION, access, json={"refreshToken": tokens["refreshToken"]})
    assert site.send("POST", f"{SESSION}/step-up", access, json={"code": codes[0]}).status_code == 401


# --- bodies ----------------------------------------------------------------------------------------------------------

ASSIGNED = ("version", "id", "grantedBy", "approvedBy", "state", "requestedBy", "builtIn", "__proto__")


def test_no_body_takes_a_field_it_does_not_know(site: Site) -> None:
    wrong, seen = [], 0
    for method, path, body in site.bodies():
        for field in ASSIGNED:
            if field in body:
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


@pytest.mark.parametrize("name", RAW)
def test_a_hostile_body_is_refused_and_changes_nothing(site: Site, name: str) -> None:
    before = site.rows("select count(*) from audit_log where action not like 'shop.%%'")
    wrong = []
    for method, path, _ in site.bodies():
        for headers in ({"Content-Type": "application/json"}, {"Content-Type": "text/plain"}):
            answer = site.send(method, concrete(path), content=RAW[name], headers=headers)
            ingested = path.startswith("/api/ingest") and answer.status_code == 200 and answer.json()["inserted"] == 0
            if (words := trouble(answer)) or (answer.is_success and not ingested and name != "nothing"):
                wrong.append(f"{method} {path}: {words or answer.text[:200]}")
    assert wrong == []
    if name != "nothing":
        assert site.rows("select count(*) from audit_log where action not like 'shop.%%'") == before


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
}


def whole(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A body that can land as it is."""
    match path.rsplit("/", 1)[-1]:
        case kind if path.startswith("/api/ingest"):
            return {"rows": [ROWS[kind]]}
        case "alert-rules":
            return dict(RULE)
        case "roles":
            return body | {"permissions": [], "policy": {}}
        case "assign" | "revoke":
            return {"userId": "bob", "roleId": "viewer", "reason": "x"}
        case _:
            return body


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_in_any_field_does_no_harm(site: Site, name: str) -> None:
    tables = site.rows("select count(*) from pg_tables where schemaname = 'public'")
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
            elif answer.is_success and not path.startswith(("/api/ingest", SESSION)) and text not in _texts(answer):
                wrong.append(f"{where} is not as it was sent: {answer.text[:200]}")
    assert wrong == []
    assert site.rows("select count(*) from pg_tables where schemaname = 'public'") == tables
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
        assert site.rows("select customer_id, country from orders where id = %s", f"{text}!") == [(text, text)]


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
    for method, pattern in site.routes:
        if pattern == "/readyz":
            continue  # without a worker, 503 is the right answer
        path = f"{concrete(pattern)}?{QUERY}"
        for number, (name, value) in enumerate(HEADERS):
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


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "limit"), [("", "sign_in"), ("/refresh", "tokens")])
def test_who_asks_too_often_waits_and_then_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, limit: str
) -> None:
    bucket = getattr(site.app.state.limits, limit)
    clock = 1_000.0
    monkeypatch.setattr("backend.rate.time.monotonic", lambda: clock)
    monkeypatch.setattr(site, "unlimited", lambda: None)
    bucket._buckets.clear()
    statuses = [site.send("POST", SESSION + path, None, json={}).status_code for _ in range(bucket.burst)]
    assert set(statuses) == {422}
    refused = site.send("POST", SESSION + path, None, json={})
    assert (refused.status_code, refused.json()["code"], trouble(refused)) == (429, "too-many-requests", "")
    clock += int(refused.headers["retry-after"]) - 0.9
    assert site.send("POST", SESSION + path, None, json={}).status_code == 429
    clock += 0.9
    assert site.send("POST", SESSION + path, None, json={}).status_code == 422
    bucket._buckets.clear()


# --- what must not be told -------------------------------------------------------------------------------------------


def test_no_secret_is_logged_stored_or_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    site.api.add_person("eve", "Eve", PASSWORD)
    wrong_password = "wrong-password-of-eve"
    refusals = [site.send("POST", SESSION, None, json={"account": "eve", "password": wrong_password})]
    tokens = session_of(site, "eve")
    renewed = site.send("POST", f"{SESSION}/refresh", None, json={"refreshToken": tokens["refreshToken"]}).json()
    access = renewed["accessToken"]
    key = {"Idempotency-Key": "eve"}
    begun = site.send("POST", f"{SESSION}/second-factor", access, json={"password": PASSWORD}, headers=key).json()
    totp = pyotp.TOTP(begun["secret"])
    code, following = totp.now(), totp.at(datetime.now(UTC) + timedelta(seconds=30))
    unlike = next(guess for guess in ("918273", "918274", "918275", "918276") if not totp.verify(guess, valid_window=2))
    done = site.send("POST", f"{SESSION}/second-factor/confirm", access, json={"code": code}).json()
    refusals.append(site.send("POST", f"{SESSION}/step-up", access, json={"code": unlike}))
    raised = site.send("POST", f"{SESSION}/step-up", access, json={"code": following}).json()
    path = f"{SESSION}/second-factor/recovery-codes"
    codes = site.send("POST", path, raised["accessToken"], headers=key).json()
    reused = {"refreshToken": tokens["refreshToken"]}
    refusals.append(site.send("POST", f"{SESSION}/refresh", None, json=reused))
    export = {"first": 1, "last": 1, "reason": "asked"}
    refusals.append(site.send("POST", f"{OPERATIONS}/audit/export", raised["accessToken"], json=export))
    secrets = [PASSWORD, wrong_password, begun["secret"], code, following, unlike, *done["codes"], *codes["codes"]]
    for answer in (tokens, renewed, done, raised, codes):
        secrets += [answer[name] for name in ("accessToken", "refreshToken") if name in answer]
    assert [answer.status_code for answer in refusals] == [401, 422, 401, 422]
    logged = " ".join(f"{record.getMessage()} {record.__dict__} {record.exc_text}" for record in caplog.records)
    assert "session/step-up" in logged, "the log is looked at"
    stored = " ".join(
        str(row)
        for table in ("audit_log", "idempotency", "second_factor", "recovery_code", "refresh_token", "account")
        for row in site.rows(f"select {table}::text from {table}")  # noqa: S608 - names of ours
    )
    told = " ".join(answer.text for answer in refusals)
    for secret in secrets:
        plain = {secret, secret.replace("-", "")}
        hexed = {text.encode().hex() for text in plain} if len(secret) > 6 else set()
        # Six digits stand in many a number; as a word of their own they would be the code.
        found = [
            name
            for name, text in (("log", logged), ("database", stored), ("answers", told))
            if any(re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w.-])", text) for word in plain)
            or any(word in text for word in hexed)
        ]
        assert found == [], f"{secret} stands in the {found}"


def test_tokens_and_codes_are_not_to_be_kept_by_anybody(site: Site) -> None:
    answer = site.send("POST", SESSION, None, json={"account": "ada", "password": PASSWORD})
    codes = site.send("POST", f"{SESSION}/second-factor/recovery-codes", "ada")
    assert [a.headers.get("cache-control") for a in (answer, codes)] == ["no-store", "no-store"]
