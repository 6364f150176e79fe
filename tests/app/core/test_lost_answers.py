"""Renewing a session when the answer is lost between a real API and the console: nobody is signed out by it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import psycopg
import pytest

from app.core import session_requests
from app.core.clock import Clock, SystemClock
from app.core.errors import OperationsError, SignedOut, TimedOut
from app.core.http_client import OperationsClient
from app.core.messages import Messages
from app.core.session import Session
from tests.app.core.faulty_server import RESET, SILENT, Asked, FakeClock, Faulty, MemoryKeyring, faulty_server, http
from tests.conftest import Api, serve_in_thread

PASSWORD = "correct horse"
REFRESH = "/api/operations/session/refresh"

Fault = Callable[[bytes], bytes | None]

FAULTS: dict[str, tuple[Fault, type[OperationsError] | None]] = {
    "reset": (lambda _: RESET, None),
    "closed": (lambda _: None, None),
    "broken off": (lambda answer: answer[:-40], None),
    "half-open": (lambda _: SILENT, TimedOut),
    "a proxy's 502": (lambda _: http(b"<html>", status="502 Bad Gateway", media="text/html", marked=False), None),
    "incomplete": (lambda answer: http(answer.partition(b"\r\n\r\n")[2][:-40]), None),
}
"""What becomes of an answer, and what is raised to who asked; ``None``: nothing, it was asked for again."""


@pytest.fixture
def person(api: Api) -> Iterator[Api]:
    api.add_person("jane", "Jane Doe", PASSWORD)
    return api


def console_session(keyring: MemoryKeyring, clock: Clock | None = None) -> Session:
    clock = clock or SystemClock()
    return Session("place", clock, Messages(clock), keyring)  # type: ignore[arg-type]


@asynccontextmanager
async def proxy(api: Api, faults: list[Fault]) -> AsyncIterator[Faulty]:
    """In front of an API; each answer to a refresh suffers the next fault."""
    async with faulty_server() as server, httpx.AsyncClient(base_url=api.base_url, timeout=30) as direct:

        async def answer(asked: Asked) -> bytes | None:
            names = ("authorization", "content-type")
            headers = {name: asked.headers[name] for name in names if name in asked.headers}
            found = await direct.request(asked.method, asked.path, content=asked.body, headers=headers)
            whole = http(found.content, status=f"{found.status_code} x", media=found.headers["content-type"])
            return faults.pop(0)(whole) if asked.path == REFRESH and faults else whole

        server.answer = answer
        yield server


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_lost_answer_to_a_refresh_signs_nobody_out(
    person: Api, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, told = FAULTS[fault]
    clock, keyring = FakeClock(), MemoryKeyring()
    session = console_session(keyring, clock)
    async with proxy(person, [spoil]) as server, OperationsClient(server.url, session) as client:
        session.attach(client)
        await session.sign_in("jane", PASSWORD)
        before = json.loads(keyring.kept["place"])
        clock.pass_seconds(880)
        if told is not None:
            with monkeypatch.context() as impatient:
                impatient.setattr("app.core.http_client.WHOLE_SECONDS", 2.0)
                with pytest.raises(told):
                    await session_requests.me(client)
            assert json.loads(keyring.kept["place"]) == before, "nothing is given up for an answer that did not come"
        assert (await session_requests.me(client)).user_id == "jane"
        after = json.loads(keyring.kept["place"])
        assert after["refresh"] != before["refresh"]
        clock.pass_seconds(880)
        await session_requests.me(client)
        assert json.loads(keyring.kept["place"])["refresh"] != after["refresh"], "and it goes on from there"
    refreshes = [json.loads(asked.body)["refreshToken"] for asked in server.asked if asked.path == REFRESH]
    assert refreshes == [before["refresh"], before["refresh"], after["refresh"]]


async def test_the_next_run_asks_again_for_the_answer_that_was_lost(person: Api) -> None:
    keyring = MemoryKeyring()
    first = console_session(keyring)
    async with proxy(person, [lambda _: None] * 3) as server:
        async with OperationsClient(server.url, first) as client:
            first.attach(client)
            await first.sign_in("jane", PASSWORD)
            with pytest.raises(OperationsError, match="broke in the middle"):
                await first.renew((await first.token()) or "")
        second = console_session(keyring)
        async with OperationsClient(server.url, second) as client:
            second.attach(client)
            assert await second.recall()
            assert (await session_requests.me(client)).user_id == "jane"


async def test_two_consoles_that_renew_at_once_get_the_same_session(person: Api) -> None:
    """Two consoles of one person share the keyring; here each asks an API process of its own."""
    keyring = MemoryKeyring()
    session = console_session(keyring)
    async with OperationsClient(person.base_url, session) as client:
        session.attach(client)
        await session.sign_in("jane", PASSWORD)
    url, stop = serve_in_thread(person.settings)
    sessions = [console_session(keyring) for _ in range(2)]
    try:
        async with (
            OperationsClient(person.base_url, sessions[0]) as one,
            OperationsClient(url, sessions[1]) as other,
        ):
            for each, client in zip(sessions, (one, other), strict=True):
                each.attach(client)
                assert await each.recall()
            with psycopg.connect(person.owner_url) as held:  # both are there before either is served
                held.execute("lock table refresh_token in share mode")
                asking = [asyncio.create_task(each.token()) for each in sessions]
                await asyncio.to_thread(_until_both_wait, person.owner_url)
            tokens = await asyncio.gather(*asking)
    finally:
        stop()
    assert None not in tokens
    with psycopg.connect(person.owner_url) as connection:
        rows = connection.execute("select used_at is null, revoked_at is null from refresh_token").fetchall()
    assert sorted(rows) == [(False, True), (True, True)], "one used, one successor, and none of them ended"


def _until_both_wait(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        waiting = "select count(*) from pg_locks where not granted and relation = 'refresh_token'::regclass"
        for _ in range(3_000):
            if connection.execute(waiting).fetchone() == (2,):
                return
            connection.execute("select pg_sleep(0.01)")
    raise AssertionError("the two did not come within 30 s")


async def test_after_a_minute_and_from_another_device_it_is_reuse(person: Api) -> None:
    ours, theirs = "d" * 43, "t" * 43
    for late, device, good in (
        (timedelta(seconds=50), ours, True),
        (timedelta(seconds=61), ours, False),
        (timedelta(), theirs, False),
        (timedelta(), None, False),
    ):
        async with OperationsClient(person.base_url) as client:
            first = (await session_requests.sign_in(client, "jane", PASSWORD)).refresh_token or ""
            second = (await session_requests.refresh(client, first, ours)).refresh_token or ""
            with psycopg.connect(person.owner_url) as connection:
                connection.execute("update refresh_token set used_at = used_at - %s", [late])
            if good:
                assert (await session_requests.refresh(client, first, device)).refresh_token == second
                assert (await session_requests.refresh(client, second, ours)).refresh_token != second
                continue
            for token in (first, second):
                with pytest.raises(SignedOut):
                    await session_requests.refresh(client, token, device if token == first else ours)


async def test_without_a_device_a_token_is_good_for_a_single_request(person: Api) -> None:
    async with OperationsClient(person.base_url) as client:
        first = (await session_requests.sign_in(client, "jane", PASSWORD)).refresh_token or ""
        second = (await session_requests.refresh(client, first)).refresh_token or ""
        for token in (first, second):
            with pytest.raises(SignedOut):
                await session_requests.refresh(client, token)


async def test_no_refresh_token_can_be_read_in_the_database(person: Api) -> None:
    device = "d" * 43
    async with OperationsClient(person.base_url) as client:
        first = (await session_requests.sign_in(client, "jane", PASSWORD)).refresh_token or ""
        second = (await session_requests.refresh(client, first, device)).refresh_token or ""
    with psycopg.connect(person.owner_url) as connection:
        stored = str(connection.execute("select to_jsonb(t) from refresh_token as t").fetchall())
    assert [secret for secret in (first, second, device) if secret in stored or secret.encode().hex() in stored] == []
