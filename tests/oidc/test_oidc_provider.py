"""Sign-in end to end: the console's engine, the certified OIDC provider of npm, and the API that trusts it.

Skipped, saying so, where there is no node.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any

import httpx
import jwt
import psycopg
import pytest
from fastapi import APIRouter
from psycopg.conninfo import make_conninfo

from app.core import session_requests
from app.core.browser_sign_in import browser_refresh, browser_sign_in, trusted
from app.core.errors import (
    BadAnswer,
    Challenge,
    OperationsError,
    SignedOut,
    SignInRefused,
    StepUpNeeded,
    TimedOut,
    Unreachable,
)
from app.core.http_client import OperationsClient
from app.core.messages import Messages
from app.core.session import Session
from backend.core.database import APPLICATION_ROLE
from backend.core.problems import ProblemError
from backend.core.security import Principal, TokenReader, require
from backend.core.settings import Settings
from models.accounts import OidcOptions
from tests.app.core.faulty_server import Asked, FakeClock, MemoryKeyring, faulty_server
from tests.app.core.faulty_server import http as answer_of
from tests.conftest import cloned, serve_in_thread
from tests.oidc.conftest import Browser, Provider, a_key

if shutil.which("node") is None or shutil.which("npm") is None:
    pytest.skip(
        "node and npm (20 or later) are not there: sign-in is not tested against a real OIDC provider",
        allow_module_level=True,
    )

router = APIRouter()


@router.post("/sensitive", status_code=204)
async def sensitive(principal: Annotated[Principal, require(None, step_up=300)]) -> None:
    """Needs somebody who proved within five minutes who they are."""


Serve = Callable[[str], str]


@contextmanager
def serving(owner_url: str) -> Iterator[Serve]:
    """Starts the API with an issuer; its people are ada, who may look, and everybody else, who has no role."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values ('ada', 'viewer', 'test')"
        )
    database_url = make_conninfo(owner_url, user=APPLICATION_ROLE)
    stops = []

    def start(issuer: str) -> str:
        settings = Settings(database_url=database_url, token_key="k" * 40, oidc_issuer=issuer)
        url, stop = serve_in_thread(settings, router)
        stops.append(stop)
        return url

    yield start
    for stop in stops:
        stop()


@pytest.fixture
def serve(owner_url: str) -> Iterator[Serve]:
    """Starts an API of one's own."""
    with serving(owner_url) as start:
        yield start


@pytest.fixture(scope="module")
def url(postgres_url: str, provider: Provider) -> Iterator[str]:
    """The API that trusts ``provider``; the tests change nothing in it."""
    with cloned(postgres_url) as owner, serving(owner) as start:
        yield start(provider.issuer)


def options_of(provider: Provider) -> OidcOptions:
    return OidcOptions(issuer=provider.issuer, client_id=provider.client_id)


@asynccontextmanager
async def browsing(**form: str) -> AsyncIterator[Browser]:
    browser = Browser(**({"account": "ada"} | form))
    try:
        yield browser
    finally:
        await browser.close()


@dataclass
class Console:
    """As much of the console as signs in."""

    url: str
    clock: FakeClock = field(default_factory=FakeClock)
    keyring: MemoryKeyring = field(default_factory=MemoryKeyring)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[tuple[Session, OperationsClient]]:
        self.messages = Messages(self.clock)
        session = Session("place", self.clock, self.messages, self.keyring)  # type: ignore[arg-type]
        async with OperationsClient(self.url, session) as client:
            session.attach(client)
            yield session, client

    def kept(self) -> str:
        refresh: str = json.loads(self.keyring.kept["place"])["refresh"]
        return refresh


def me(url: str, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/api/operations/rbac/me", headers=headers, verify=trusted())


# --- signing in, going on, signing out ---------------------------------------------------------------------------


async def test_signed_in_renewed_recalled_and_signed_out(url: str, provider: Provider) -> None:
    console = Console(url)
    async with browsing(acr="2") as browser:
        async with console.open() as (session, client):
            found = await session.sign_in_with_browser(browser)
            assert (found.user_id, found.name, found.roles) == ("ada", "Ada", ("viewer",))
            await browser.done()
            assert "go back to opsconsole" in browser.page
            assert browser.asked[0]["code_challenge_method"] == "S256"
            assert browser.asked[0]["redirect_uri"].startswith("http://127.0.0.1:")
            first, first_kept = await session.token(), console.kept()
            console.clock.pass_seconds(290)
            assert (await session_requests.me(client)).user_id == "ada"
            second, second_kept = await session.token(), console.kept()
            assert first != second
            assert first_kept != second_kept
        async with console.open() as (session, client):
            assert await session.recall()
            await session.load_me()
            assert console.kept() not in {first_kept, second_kept}
            # Signed in at the provider: another console needs no password.
            await browser_sign_in(options_of(provider), browser)
            assert browser.logins == 1
            last = console.kept()
            await session.sign_out(browser)
            await browser.done()
            assert not console.messages.history
            assert not session.signed_in
            assert not console.keyring.kept
        with pytest.raises(SignedOut, match="invalid_grant"):
            await browser_refresh(options_of(provider), last, "ada")
        # The provider's own session is over too.
        await browser_sign_in(options_of(provider), browser)
        assert browser.logins == 2


async def test_a_refresh_token_used_twice_ends_the_session(url: str, provider: Provider) -> None:
    console = Console(url)
    async with browsing() as browser, console.open() as (session, client):
        await session.sign_in_with_browser(browser)
        stolen = console.kept()
        console.clock.pass_seconds(290)
        await session_requests.me(client)
        with pytest.raises(SignedOut, match="invalid_grant"):
            await browser_refresh(options_of(provider), stolen, "ada")
        console.clock.pass_seconds(290)
        await session.token()
        assert not session.signed_in
        assert not console.keyring.kept


async def test_signing_out_while_the_provider_is_away_is_said(
    serve: Serve, start_provider: Callable[[], Provider]
) -> None:
    mine = start_provider()
    console = Console(serve(mine.issuer))
    async with browsing() as browser, console.open() as (session, _):
        await session.sign_in_with_browser(browser)
        await browser.done()
        mine.stop()
        await session.sign_out(browser)
        assert not session.signed_in
        assert not console.keyring.kept
        assert "the sign-in service was not told" in message_text(console)


def message_text(console: Console) -> str:
    return " ".join(message.text for message in console.messages.history)


async def test_how_and_when_somebody_signed_in_is_known(provider: Provider) -> None:
    reader = TokenReader(Settings(oidc_issuer=provider.issuer))
    async with browsing(acr="2", ago="100") as browser:
        found = await browser_sign_in(options_of(provider), browser)
    identity = await reader.identify(found.tokens.access_token)
    assert (identity.user_id, identity.acr, identity.kind) == ("ada", "2", "oidc")
    assert identity.auth_time is not None
    assert 99 <= (datetime.now(UTC) - identity.auth_time).total_seconds() < 130
    renewed = await browser_refresh(options_of(provider), found.tokens.refresh_token or "", "ada")
    again = await reader.identify(renewed.tokens.access_token)
    assert (again.acr, again.auth_time) == ("2", identity.auth_time)
    with pytest.raises(ProblemError, match="auth_time is no time"):
        await reader.identify(provider.forge(auth_time="yesterday"))


# --- proving it again --------------------------------------------------------------------------------------------


async def _challenged(client: OperationsClient) -> Challenge:
    with pytest.raises(StepUpNeeded) as refused:
        await client._send("POST", "/sensitive")
    return refused.value.challenge


async def test_a_challenge_is_answered_by_signing_in_again(url: str) -> None:
    console = Console(url)
    async with browsing(ago="1000") as browser, console.open() as (session, client):
        await session.sign_in_with_browser(browser)
        before, kept = await session.token(), console.kept()
        challenge = await _challenged(client)
        browser.form |= {"ago": "0", "acr": "2"}
        wanted = challenge.acr_values or "2"
        await session.step_up(browser, wanted, challenge.max_age)
        assert (browser.asked[-1]["max_age"], browser.asked[-1]["acr_values"]) == ("300", wanted)
        assert browser.logins == 2
        await client._send("POST", "/sensitive")
        assert before != await session.token()
        assert kept != console.kept()
        # What follows is renewed from the new tokens.
        console.clock.pass_seconds(290)
        await client._send("POST", "/sensitive")


async def test_an_answer_of_somebody_else_changes_nothing(url: str) -> None:
    console = Console(url)
    async with (
        browsing(ago="1000") as browser,
        browsing(account="bob", acr="2") as other,
        console.open() as (session, client),
    ):
        await session.sign_in_with_browser(browser)
        before, kept = await session.token(), console.kept()
        challenge = await _challenged(client)
        with pytest.raises(SignInRefused, match="Somebody else signed in"):
            await session.step_up(other, challenge.acr_values, challenge.max_age)
        assert (await session.token(), console.kept()) == (before, kept)
        assert (await session_requests.me(client)).user_id == "ada"


async def test_a_provider_that_does_not_ask_again_does_not_count(url: str) -> None:
    console = Console(url)
    async with browsing(ago="1000") as browser, console.open() as (session, _):
        await session.sign_in_with_browser(browser)
        browser.ask = lambda query: {name: value for name, value in query.items() if name != "max_age"}
        before = await session.token()
        with pytest.raises(SignInRefused, match="did not ask again"):
            await session.step_up(browser, None, 300)
        assert browser.logins == 1
        assert await session.token() == before


async def test_a_lesser_factor_than_asked_for_does_not_count(url: str) -> None:
    console = Console(url)
    async with browsing() as browser, console.open() as (session, _):
        await session.sign_in_with_browser(browser)
        with pytest.raises(SignInRefused, match="second factor"):
            await session.step_up(browser, "2", 300)
        assert session.signed_in


async def test_who_signed_out_meanwhile_stays_signed_out(url: str) -> None:
    console = Console(url)
    async with browsing() as browser, console.open() as (session, _):
        with pytest.raises(SignedOut, match="not begun in the browser"):
            await session.step_up(browser, None, 300)
        await session.sign_in_with_browser(browser)

        def leave(address: str) -> str:
            browser.leaving = asyncio.ensure_future(session.sign_out())  # type: ignore[attr-defined]
            return address

        browser.back = leave
        with pytest.raises(OperationsError):
            await session.step_up(browser, None, 300)
        assert not session.signed_in
        assert not console.keyring.kept


# --- refused by the console --------------------------------------------------------------------------------------


def _without(name: str) -> Callable[[dict[str, str]], dict[str, str]]:
    return lambda query: {other: value for other, value in query.items() if other != name}


async def test_a_code_of_another_sign_in_is_refused_by_pkce(provider: Provider) -> None:
    async with browsing() as browser:
        browser.ask = lambda query: query | {"code_challenge": "x" * 43}
        with pytest.raises(SignInRefused, match=r"refused \(invalid_grant.*sign in again"):
            await browser_sign_in(options_of(provider), browser)


@pytest.mark.parametrize("ask", [_without("nonce"), lambda query: query | {"nonce": "another"}])
async def test_an_id_token_of_another_sign_in_is_refused(
    provider: Provider, ask: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    async with browsing() as browser:
        browser.ask = ask
        with pytest.raises(SignInRefused, match=r"nonce|another sign-in"):
            await browser_sign_in(options_of(provider), browser)


@pytest.mark.parametrize("ask", [_without("state"), lambda query: query | {"state": "another"}])
async def test_an_answer_with_another_state_is_not_taken(
    provider: Provider, ask: Callable[[dict[str, str]], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.browser_sign_in.PATIENCE", 0.4)
    async with browsing() as browser:
        browser.ask = ask
        with pytest.raises(TimedOut, match="Nobody signed in"):
            await browser_sign_in(options_of(provider), browser)
        await browser.done()
        assert (browser.status, "did not ask for this" in browser.page) == (400, True)


@pytest.mark.parametrize("instead", ["&iss=https%3A%2F%2Felsewhere.example", ""])
async def test_an_answer_of_another_issuer_is_not_taken(provider: Provider, instead: str) -> None:
    async with browsing() as browser:
        browser.back = lambda address: address.partition("&iss=")[0] + instead
        with pytest.raises(SignInRefused, match="another sign-in service"):
            await browser_sign_in(options_of(provider), browser)


async def test_who_says_no_at_the_provider_is_told_so(url: str) -> None:
    console = Console(url)
    async with browsing(refuse="yes") as browser, console.open() as (session, _):
        with pytest.raises(SignInRefused, match=r"access_denied: The person said no"):
            await session.sign_in_with_browser(browser)
        assert not session.signed_in


async def test_a_provider_that_goes_away_half_way_is_told(start_provider: Callable[[], Provider]) -> None:
    mine = start_provider()

    def stop(address: str) -> str:
        mine.stop()
        return address

    async with browsing() as browser:
        browser.back = stop
        with pytest.raises(Unreachable, match="cannot be reached"):
            await browser_sign_in(options_of(mine), browser)


# --- refused by the API ------------------------------------------------------------------------------------------


def test_only_a_token_of_the_provider_for_us_and_now_is_accepted(url: str, provider: Provider) -> None:
    now = int(time.time())
    assert me(url, provider.forge()).status_code == 200
    refused = {
        "wrong issuer": provider.forge(iss="https://elsewhere.example"),
        "no issuer": provider.forge(iss=None),
        "wrong audience": provider.forge(aud="another-api"),
        "no audience": provider.forge(aud=None),
        "other audiences": provider.forge(aud=["another-api", "a-third"]),
        "no signature": provider.forge_unsigned(),
        "HMAC with the public key": provider.forge_with_public_key(),
        "wrong key": provider.forge(key=a_key("of a stranger")),
        "unknown key": provider.forge(kid="two"),
        "signature of another token": provider.forge().rpartition(".")[0] + "." + provider.forge(x=1).split(".")[2],
        "not valid yet": provider.forge(nbf=now + 60),
        "issued in the future": provider.forge(iat=now + 60),
        "nobody": provider.forge(sub=None),
        "without an end": provider.forge(exp=None),
    }
    answers = {case: me(url, token) for case, token in refused.items()}
    assert {case: answer.status_code for case, answer in answers.items()} == dict.fromkeys(refused, 401)
    for answer in answers.values():
        assert answer.json()["code"] == "unauthenticated"
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    expired = me(url, provider.forge(iat=now - 600, exp=now - 60))
    assert (expired.status_code, expired.json()["code"]) == (401, "token-expired")


async def test_an_id_token_opens_nothing(url: str, provider: Provider) -> None:
    async with browsing() as browser:
        found = await browser_sign_in(options_of(provider), browser)
    answer = me(url, found.id_token or "")
    assert (answer.status_code, answer.json()["permission"]) == (403, "operations.*")


async def test_a_new_key_works_at_the_first_request(serve: Serve, start_provider: Callable[[], Provider]) -> None:
    mine = start_provider()
    url = serve(mine.issuer)
    old = mine.forge()
    assert me(url, old).status_code == 200
    await asyncio.sleep(1.1)  # keys are asked for once a second at most
    mine.sign_with("two")
    assert me(url, mine.forge()).status_code == 200
    assert me(url, old).status_code == 401
    async with browsing() as browser:
        found = await browser_sign_in(options_of(mine), browser)
    assert jwt.get_unverified_header(found.id_token or "")["kid"] == "two"


def test_known_keys_outlast_the_provider(serve: Serve, start_provider: Callable[[], Provider]) -> None:
    mine = start_provider()
    url = serve(mine.issuer)
    assert me(url, mine.forge()).status_code == 200
    mine.stop()
    assert me(url, mine.forge()).status_code == 200
    other = serve(mine.issuer)
    answer = me(other, mine.forge())
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"]


# --- an issuer in disorder, for both ----------------------------------------------------------------------------

HTML = answer_of(b"<html>Maintenance", media="text/html")


@pytest.mark.parametrize(
    ("document", "keys", "words"),
    [
        (HTML, None, "not JSON"),
        ({"issuer": "https://elsewhere.example"}, None, "calls itself https://elsewhere.example"),
        ({"jwks_uri": None}, None, "jwks_uri"),
        ({}, HTML, "not JSON"),
    ],
)
async def test_a_sign_in_service_in_disorder_is_told_apart_from_a_bad_token(
    serve: Serve, provider: Provider, document: Any, keys: bytes | None, words: str
) -> None:
    """The provider's own answers, changed on the way by something in between."""
    async with faulty_server() as between, httpx.AsyncClient(verify=trusted()) as there:

        async def answer(asked: Asked) -> bytes:
            if asked.path.endswith("/openid-configuration"):
                if isinstance(document, bytes):
                    return document
                found = (await there.get(f"{provider.issuer}{asked.path}")).json()
                changed = found | {"issuer": between.url, "jwks_uri": f"{between.url}/jwks"} | document
                changed["authorization_response_iss_parameter_supported"] = False
                return answer_of({name: value for name, value in changed.items() if value is not None})
            return keys or answer_of((await there.get(f"{provider.issuer}{asked.path}")).json())

        between.answer = answer
        url = serve(between.url)
        async with httpx.AsyncClient(verify=trusted()) as client:
            token = provider.forge(iss=between.url)
            given = await client.get(f"{url}/api/operations/rbac/me", headers={"Authorization": f"Bearer {token}"})
        assert (given.status_code, given.json()["code"]) == (503, "unavailable"), given.text
        assert "sign-in service" in given.json()["detail"]
        async with browsing() as browser:
            browser.back = lambda address: address.partition("&iss=")[0]
            with pytest.raises(BadAnswer, match=words):
                await browser_sign_in(OidcOptions(issuer=between.url, client_id=provider.client_id), browser)
