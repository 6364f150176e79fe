"""What every route shares: transactions, idempotency, versions, cursors, problems, tracing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Response
from hypothesis import given
from hypothesis import strategies as st

from backend.core import audit_trail
from backend.core.database import Database, DatabaseUnavailable, load_queries
from backend.core.dependencies import Tx
from backend.core.http import AsOf, operations_router
from backend.core.pages import Limit, decode_cursor, encode_cursor
from backend.core.problems import ProblemError
from backend.core.security import Principal, require
from backend.core.settings import Settings
from backend.core.versions import IfMatch
from backend.runtime.asgi import create_app
from models.core.base import Count, Request
from tests.conftest import Api, _seed

router = operations_router("/trial", "trial")
gate, arrived = threading.Event(), threading.Event()


class Thing(Request):
    name: str
    size: Count = 0


@router.post("/things", status_code=201)
async def make(
    principal: Annotated[Principal, require(None)], tx: Tx, thing: Thing, response: Response
) -> dict[str, Any]:
    row = await (await tx.execute("insert into thing (name) values (%s) returning id", [thing.name])).fetchone()
    if thing.name == "refused":
        raise ProblemError("conflict", "It cannot be.")  # type: ignore[arg-type]
    if thing.name == "slow":
        arrived.set()
        await asyncio.to_thread(gate.wait, 5)
    if thing.name == "fails at the commit":
        await tx.execute("insert into part (thing) values (-1)")
    if thing.name == "breaks":
        raise ZeroDivisionError("secret of the inside")
    await audit_trail.record(tx, actor=principal.user_id, action="trial.made", resource_type="thing", resource_id="1")
    response.headers["ETag"] = '"1"'
    return {"id": row[0] if row else None, "by": principal.user_id}


@router.patch("/things/{number}")
async def change(principal: Annotated[Principal, require(None, step_up=300)], number: int, version: IfMatch) -> int:
    audit_trail.nothing_changed()
    return version + number


@router.get("/things")
async def things(limit: Limit = 100, as_of: AsOf = None, cursor: str | None = None) -> dict[str, Any]:
    return {"limit": limit, "asOf": as_of, "after": cursor and decode_cursor(cursor, datetime, str)}


@pytest.fixture
def app(settings: Settings, owner_url: str) -> FastAPI:
    with psycopg.connect(owner_url) as connection:
        connection.execute(
            "create table thing (id bigint generated always as identity primary key, name text);"
            "create table part (thing bigint references thing deferrable initially deferred);"
            "grant select, insert on thing, part to opsconsole_app"
        )
    app = create_app(settings, Database(settings.database_url or ""))
    app.include_router(router)
    asyncio.run(_seed(settings))
    return app


@pytest.fixture
def call(app: FastAPI, settings: Settings, owner_url: str) -> Iterator[Any]:
    """Requests to the application in process; its life-time is that of the fixture."""
    api = Api("http://api", settings, owner_url, lambda: None)
    with asyncio.Runner() as runner:

        async def open_() -> httpx.AsyncClient:
            await app.state.database.open()
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            return httpx.AsyncClient(transport=transport, base_url="http://api", headers=api.headers())

        client = runner.run(open_())

        def request(method: str, path: str, **options: Any) -> httpx.Response:
            return runner.run(client.request(method, f"/trial{path}", **options))

        request.client, request.runner, request.api = client, runner, api  # type: ignore[attr-defined]
        yield request
        runner.run(client.aclose())
        runner.run(app.state.database.close())


def count(owner_url: str) -> int:
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("select count(*) from thing").fetchone()
    return row[0] if row else -1


def test_the_same_key_and_body_answer_the_first_answer_again(call: Any, owner_url: str) -> None:
    first = call("POST", "/things", json={"name": "a"}, headers={"Idempotency-Key": "k"})
    again = call("POST", "/things", json={"name": "a"}, headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json(), first.headers["etag"]) == (201, {"id": 1, "by": "operations-lead"}, '"1"')
    assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, '"1"')
    assert again.headers["idempotent-replay"] == "true"
    assert count(owner_url) == 1


def test_a_key_used_for_another_body_is_refused(call: Any, owner_url: str) -> None:
    call("POST", "/things", json={"name": "a"}, headers={"Idempotency-Key": "k"})
    other = call("POST", "/things", json={"name": "b"}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert count(owner_url) == 1


def test_keys_of_two_principals_are_two_keys(call: Any, owner_url: str) -> None:
    for role in ("viewer", "administrator"):
        headers = {"Idempotency-Key": "k", **call.api.headers(role)}
        assert call("POST", "/things", json={"name": "a"}, headers=headers).json()["by"] == role
    assert count(owner_url) == 2


def test_a_repeat_while_the_first_is_worked_on_is_told_so(call: Any, owner_url: str) -> None:
    gate.clear()
    arrived.clear()
    body: dict[str, Any] = {"json": {"name": "slow"}, "headers": {"Idempotency-Key": "k"}}

    async def both() -> tuple[httpx.Response, httpx.Response]:
        first = asyncio.create_task(call.client.post("/trial/things", **body))
        await asyncio.to_thread(arrived.wait, 10)
        second = await call.client.post("/trial/things", **body)
        gate.set()
        return await first, second

    first, second = call.runner.run(both())
    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "in-progress")
    assert call("POST", "/things", **body).json() == first.json()
    assert count(owner_url) == 1


@pytest.mark.expects_errors("request failed")
@pytest.mark.parametrize(("name", "status"), [("refused", 409), ("breaks", 500), ("fails at the commit", 500)])
def test_a_failed_request_leaves_nothing_and_can_be_tried_again(
    call: Any, owner_url: str, name: str, status: int
) -> None:
    for _ in range(2):
        answer = call("POST", "/things", json={"name": name}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == status
    assert count(owner_url) == 0
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select count(*) from idempotency").fetchone() == (0,)


@pytest.mark.expects_errors("request failed")
def test_a_fault_tells_nothing_about_our_insides(call: Any) -> None:
    answer = call("POST", "/things", json={"name": "breaks"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text
    assert answer.json()["requestId"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"{", ""),
        (b"\xff\xfe", ""),
        (b'{"name": 1}', "/name"),
        (b'{"name": "a", "size": "5"}', "/size"),
        (b'{"name": "a", "colour": "red"}', "/colour"),
        (b"[]", ""),
    ],
)
def test_what_does_not_fit_is_named(call: Any, body: bytes, pointer: str) -> None:
    answer = call("POST", "/things", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    if pointer:
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_too_much_is_refused(call: Any) -> None:
    answer = call("POST", "/things", json={"name": "x" * (5 * 1024 * 1024)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("version", "status"), [(None, 428), ('"3"', 200), ("3", 200), ('W/"3"', 200), ("x", 422), ('"0"', 422), ("*", 422)]
)
def test_a_change_names_its_version(call: Any, version: str | None, status: int) -> None:
    headers = {} if version is None else {"If-Match": version}
    assert call("PATCH", "/things/1", headers=headers).status_code == status


def test_an_old_sign_in_is_asked_to_step_up(call: Any) -> None:
    old = call.api.token("viewer", auth_time=datetime(2020, 1, 1, tzinfo=UTC))
    answer = call("PATCH", "/things/1", headers={"If-Match": '"1"', "Authorization": f"Bearer {old}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "step-up-needed")
    assert 'max_age="300"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "asOf=5", "asOf=2026-11-24", "asOf=2026-11-24T10:00:00", "cursor=%21"]
)
def test_a_bad_query_is_named(call: Any, query: str) -> None:
    answer = call("GET", f"/things?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"query:{query.partition('=')[0]}"


@given(st.datetimes(timezones=st.just(UTC)), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_cursor_comes_back_as_it_went(instant: datetime, text: str) -> None:
    assert decode_cursor(encode_cursor(instant, text, 5), datetime, str, int) == (instant, text, 5)


@given(st.text())
def test_any_other_text_is_no_cursor(text: str) -> None:
    with pytest.raises(ProblemError):
        decode_cursor(text, datetime, str)


def test_a_trace_goes_through(call: Any) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = call("GET", "/things", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01", "X-Request-Id": "r-1"})
    assert answer.headers["traceparent"].split("-")[1] == trace
    assert answer.headers["x-request-id"] == "r-1"
    answer = call("GET", "/things", headers={"traceparent": "nonsense", "X-Request-Id": "no spaces please"})
    assert answer.headers["x-request-id"] != "no spaces please"
    assert len(answer.headers["traceparent"].split("-")[1]) == 32


def test_unknown_addresses_and_methods_are_problems(call: Any) -> None:
    assert call("GET", "/nowhere").json()["code"] == "not-found"
    answer = call("DELETE", "/things")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


async def test_a_statement_that_takes_too_long_is_no_fault_of_ours(database_url: str) -> None:
    database = Database(database_url, statement_seconds=0.2)
    await database.open()
    with pytest.raises(DatabaseUnavailable, match="too long"):
        async with database.read() as connection:
            await connection.execute("select pg_sleep(5)")
    await database.close()


def test_an_unknown_statement_names_its_file() -> None:
    with pytest.raises(AttributeError, match=r"backend\.audit/queries\.sql has no statement named nothing"):
        _ = load_queries("backend.audit").nothing
