"""Whatever a server or the way to it does, the client answers with a record or with words."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from app.alerts import requests as alerts_requests
from app.core import session_requests
from app.core.errors import BadAnswer, ProblemAnswer, SignedOut, TimedOut, Unreachable
from app.core.http_client import OperationsClient
from app.core.messages import Messages
from app.core.session import Session
from app.dashboard import requests as dashboard_requests
from models.accounts import Me, Tokens
from models.alerts import AcknowledgeAlert, Alert
from tests.app.answers import ME, dashboard, tokens
from tests.app.core.faulty_server import Asked, FakeClock, MemoryKeyring, NoKeyring, faulty_server, http, problem


async def test_a_dashboard_is_read_and_unknown_fields_are_ignored() -> None:
    async with faulty_server() as server:
        server.answer = lambda _: http(dashboard())
        async with OperationsClient(server.url, "secret") as client:
            found = await dashboard_requests.dashboard(client, 7)
    assert found.revenue.weekly == 18295300
    asked = server.asked[0]
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["traceparent"].startswith("00-")
    assert asked.path == "/api/operations/dashboard?range=7"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http(dashboard())[:-40], "broke in the middle"),
        (http(b"<html>proxy</html>", media="text/html"), "instead of JSON"),
        (http(b'{"asOf": "2026'), "not complete JSON"),
        (http({"asOf": "2026-11-24T14:02:37Z"}), "does not fit"),
        (http(dashboard(currency="euro")), "currency"),
        (http(b"oops", status="500 Broken", media="text/plain"), "HTTP 500"),
    ],
)
async def test_an_answer_that_is_not_the_contract_is_told_in_words(answer: bytes, words: str) -> None:
    async with faulty_server() as server:
        server.answer = lambda _: answer
        async with OperationsClient(server.url, "t") as client:
            with pytest.raises((BadAnswer, Unreachable), match=words):
                await dashboard_requests.dashboard(client)


async def test_a_record_that_is_as_it_was_is_not_sent_again_and_its_headers_are_told() -> None:
    async with faulty_server() as server:

        def answer(asked: Asked) -> bytes:
            if asked.headers.get("if-none-match") == 'W/"1"':
                return http(b"", status="304 Not Modified", ETag='W/"1"', Opsconsole_As_Of="2026-11-24T14:02:38Z")
            return http(ME, ETag='W/"1"')

        server.answer = answer
        async with OperationsClient(server.url, "t") as client:
            first = await client.get_changed("/me", Me, None)
            again = await client.get_changed("/me", Me, first.etag)
            assert (first.record is not None, first.etag) == (True, 'W/"1"')
            assert (again.record, again.etag) == (None, 'W/"1"')
            assert again.headers["opsconsole-as-of"] == "2026-11-24T14:02:38Z"
            server.answer = lambda _: http(b"", status="304 Not Modified")
            with pytest.raises(BadAnswer, match="was not asked that"):
                await client.get_changed("/me", Me, None)


async def test_reads_are_repeated_when_the_server_dies_in_the_middle() -> None:
    async with faulty_server() as server:

        def answer(_: Asked) -> bytes | None:
            return http(dashboard()) if len(server.asked) == 3 else None

        server.answer = answer
        async with OperationsClient(server.url, "t") as client:
            assert (await dashboard_requests.dashboard(client)).orders.total == 4985
    assert len(server.asked) == 3


async def test_retry_after_is_heeded_and_attempts_are_finite() -> None:
    async with faulty_server() as server:
        server.answer = lambda _: problem("unavailable", 503, "The database rests.", Retry_After="1")
        async with OperationsClient(server.url, "t") as client:
            begun = asyncio.get_running_loop().time()
            with pytest.raises(ProblemAnswer, match="The database rests"):
                await dashboard_requests.dashboard(client)
    assert len(server.asked) == 3
    assert asyncio.get_running_loop().time() - begun >= 2


async def test_a_write_is_sent_once_with_a_key_unless_its_answer_is_a_secret() -> None:
    async with faulty_server() as server:
        server.answer = lambda _: None
        async with OperationsClient(server.url, "t") as client:
            with pytest.raises(Unreachable):
                await client.post("/api/x", Alert, AcknowledgeAlert(comment="on it"))
            with pytest.raises(Unreachable):
                await client.post("/api/secret", Alert, keyed=False)
    written, secret = server.asked
    assert written.headers["idempotency-key"]
    assert json.loads(written.body) == {"comment": "on it"}
    assert "idempotency-key" not in secret.headers


async def test_nobody_listening_is_unreachable() -> None:
    async with faulty_server() as server:
        url = server.url
    async with OperationsClient(url, "t") as client:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await session_requests.me(client)


def _session(clock: FakeClock, keyring: Any = None) -> Session:
    return Session("place", clock, Messages(clock), keyring or MemoryKeyring())


async def test_a_token_that_expires_in_the_middle_is_renewed_once_for_all() -> None:
    async with faulty_server() as server:

        def answer(asked: Asked) -> bytes:
            if asked.path.endswith("/session"):
                return http(tokens("t1", "r1"))
            if asked.path.endswith("/refresh"):
                assert json.loads(asked.body)["refreshToken"] == "r1"
                return http(tokens("t2", "r2"))
            if asked.headers["authorization"] == "Bearer t1" and asked.path.endswith("me") and len(server.asked) > 2:
                return problem("token-expired", 401, "The session has expired.")
            return http(ME)

        server.answer = answer
        clock = FakeClock()
        session = _session(clock)
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.sign_in("a", "b")
            found = await asyncio.gather(*(session_requests.me(client) for _ in range(5)))
    assert {me.name for me in found} == {"Operations lead"}
    assert sum(asked.path.endswith("/refresh") for asked in server.asked) == 1


async def test_a_token_about_to_expire_is_renewed_before_it_is_used() -> None:
    async with faulty_server() as server:
        server.answer = lambda asked: http(
            ME if asked.path.endswith("me") else tokens("t2", "r2") if "refresh" in asked.path else tokens("t1", "r1")
        )
        clock = FakeClock()
        session = _session(clock)
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.sign_in("a", "b")
            clock.pass_seconds(880)
            await session_requests.me(client)
    assert server.asked[-1].headers["authorization"] == "Bearer t2"


async def test_a_session_that_ended_is_told_and_forgotten() -> None:
    async with faulty_server() as server:
        server.answer = lambda asked: (
            http(tokens("t1", "r1"))
            if asked.path.endswith("/session")
            else http(ME)
            if len(server.asked) == 2
            else problem("unauthenticated", 401, "Please sign in again.")
        )
        clock, keyring = FakeClock(), MemoryKeyring()
        session = _session(clock, keyring)
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.sign_in("a", "b")
            assert keyring.kept
            with pytest.raises(SignedOut):
                await session_requests.me(client)
    assert session.me is None
    assert not keyring.kept


async def test_without_a_keyring_the_session_lives_in_memory_and_that_is_said() -> None:
    async with faulty_server() as server:
        server.answer = lambda asked: http(ME if asked.path.endswith("me") else tokens())
        clock = FakeClock()
        messages = Messages(clock)
        session = Session("place", clock, messages, NoKeyring())  # type: ignore[arg-type]
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.sign_in("a", "b")
    assert session.me is not None
    assert not session.remembered
    assert "this session only" in messages.history[-1].text


async def test_without_a_keyring_it_is_asked_once_not_at_every_renewal() -> None:
    asked: list[str] = []

    class Counting(NoKeyring):
        async def put(self, target: str, secret: str) -> None:
            asked.append(target)
            await super().put(target, secret)

    async with faulty_server() as server:
        server.answer = lambda asked: http(ME if asked.path.endswith("me") else tokens())
        clock = FakeClock()
        session = _session(clock, Counting())
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.sign_in("a", "b")
            for _ in range(3):
                clock.pass_seconds(880)
                await session_requests.me(client)
    assert asked == ["place"]


async def test_tokens_that_are_not_to_be_kept_are_not_kept_when_renewed_either() -> None:
    async with faulty_server() as server:
        server.answer = lambda asked: http(ME if asked.path.endswith("me") else tokens("t2", "r2"))
        clock, keyring = FakeClock(), MemoryKeyring()
        session = _session(clock, keyring)
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.take(Tokens.model_validate(tokens("t1", "r1")), remember=False)
            clock.pass_seconds(880)
            await session_requests.me(client)
    assert server.asked[-1].headers["authorization"] == "Bearer t2"
    assert not keyring.kept


async def test_a_wanted_second_factor_uses_up_no_refresh_token() -> None:
    async with faulty_server() as server:
        server.answer = lambda asked: (
            http(tokens("t1", "r1"))
            if asked.path.endswith("/session")
            else http(ME)
            if asked.path.endswith("/me")
            else problem("step-up-needed", 401, "Confirm who you are.")
        )
        session = _session(FakeClock())
        async with OperationsClient(server.url, session) as client:
            session.attach(client)
            await session.sign_in("a", "b")
            with pytest.raises(ProblemAnswer, match="Confirm who you are") as refused:
                await alerts_requests.alert_rules(client)
    assert refused.value.code == "step-up-needed"
    assert not [asked for asked in server.asked if asked.path.endswith("/refresh")]


async def test_a_server_that_hangs_is_told_after_one_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.http_client.TIMEOUT", httpx.Timeout(0.1))
    async with faulty_server() as server:
        server.answer = lambda _: asyncio.sleep(0.5)  # type: ignore[assignment, return-value]
        async with OperationsClient(server.url, "t") as client:
            with pytest.raises(TimedOut):
                await session_requests.me(client)
        await asyncio.sleep(0.5)
    assert len(server.asked) == 1


async def test_an_answer_that_drips_for_ever_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.http_client.WHOLE_SECONDS", 0.3)
    ended = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except OSError:
            writer.close()
        ended.set()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with OperationsClient(f"http://127.0.0.1:{port}", "t") as client:
            with pytest.raises(TimedOut):
                await session_requests.me(client)
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_server_that_asks_for_a_long_rest_gets_it() -> None:
    async with faulty_server() as server:
        server.answer = lambda _: problem("too-many-requests", 429, "Slower, please.", Retry_After="30")
        async with OperationsClient(server.url, "t") as client:
            with pytest.raises(ProblemAnswer) as refused:
                await session_requests.me(client)
    assert len(server.asked) == 1
    assert refused.value.retry_after == 30


async def test_a_client_that_was_replaced_is_unreachable_and_no_mistake() -> None:
    async with faulty_server() as server:
        client = OperationsClient(server.url, "t")
        await client.aclose()
        with pytest.raises(Unreachable):
            await session_requests.me(client)


async def test_a_refusal_says_each_thing_once() -> None:
    async with faulty_server() as server:
        errors = [
            {"pointer": "/password", "code": "invalid", "message": "the password is wrong"},
            {"pointer": "/name", "code": "invalid", "message": "it is too long"},
        ]
        body = {"type": "urn:x", "title": "T", "status": 422, "detail": "The password is wrong.", "code": "invalid"}
        server.answer = lambda _: http(
            body | {"errors": errors}, status="422 Problem", media="application/problem+json"
        )
        async with OperationsClient(server.url, "t") as client:
            with pytest.raises(ProblemAnswer) as refused:
                await session_requests.me(client)
    assert str(refused.value) == "The password is wrong. name: it is too long"
