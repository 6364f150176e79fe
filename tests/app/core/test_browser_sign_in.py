"""Sign-in through the browser, against a small issuer that can be made to say what a real one would not.

tests/oidc has a real one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.core import session_requests
from app.core.browser_sign_in import browser_refresh, browser_sign_in
from app.core.errors import BadAnswer, Challenge, OperationsError, SignedOut, SignInRefused, TimedOut, Unreachable
from app.core.http_client import OperationsClient
from app.core.messages import Messages
from app.core.session import Session
from models.accounts import OidcOptions
from tests.app.answers import AS_OF, ME
from tests.app.core.faulty_server import Asked, FakeClock, Faulty, MemoryKeyring, faulty_server, http


def _key(kid: str, **more: Any) -> tuple[rsa.RSAPrivateKey, dict[str, Any]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key, json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"} | more


KEY, JWK = _key("one")
STRANGER, _ = _key("one")


class Issuer:
    """Answers as an OIDC issuer does, and as the server whose options name it."""

    def __init__(self, server: Faulty) -> None:
        self.server = server
        self.asked: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        self.claims: dict[str, Any] = {}
        """What the ID token claims instead; ``None`` leaves a claim out."""
        self.signed: dict[str, Any] = {"key": KEY, "algorithm": "RS256", "headers": {"kid": "one"}}
        self.found: dict[str, Any] = {}
        """What discovery says instead."""
        self.keys: list[dict[str, Any]] = [JWK]
        self.ahead = timedelta()
        """How far its clock is ahead of ours."""
        self.revocation = http({})
        server.answer = self.answer

    @property
    def options(self) -> OidcOptions:
        return OidcOptions(issuer=self.server.url, client_id="console")

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def id_token(self) -> str:
        now = int(self.now.timestamp())
        claims = {"iss": self.server.url, "aud": "console", "sub": "ada", "iat": now, "exp": now + 60}
        claims |= {"nonce": self.asked.get("nonce"), **self.claims}
        return jwt.encode({name: value for name, value in claims.items() if value is not None}, **self.signed)

    def answer(self, asked: Asked) -> bytes:
        url = self.server.url
        if asked.path.endswith("/openid-configuration"):
            names = ("authorization", "token", "revocation", "end_session")
            found = {f"{name}_endpoint": f"{url}/{name}" for name in names}
            found |= {"issuer": url, "jwks_uri": f"{url}/keys"}
            return http(found | {"scopes_supported": ["openid", "offline_access"]} | self.found)
        if asked.path == "/keys":
            return http({"keys": self.keys})
        if asked.path == "/revocation":
            self.forms.append(dict(parse_qsl(asked.body.decode())))
            return self.revocation
        if asked.path == "/token":
            form = dict(parse_qsl(asked.body.decode()))
            self.forms.append(form)
            if form["grant_type"] == "authorization_code":
                proof = hashlib.sha256(form["code_verifier"].encode()).digest()
                if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != self.asked["code_challenge"]:
                    return http({"error": "invalid_grant"}, status="400 Bad")
            number = len(self.forms)
            given = {"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": 300}
            return http(given | {"id_token": self.id_token()}, date=self.now)
        if asked.path.endswith("/options"):
            oidc = {"issuer": url, "clientId": "console"}
            return http({"environment": "Tests", "builtIn": False, "oidc": oidc, "asOf": AS_OF.isoformat()})
        return http(ME)

    def browser(self, **changed: str) -> Callable[[str], None]:
        """Somebody who signs in at once; ``changed`` is what comes back otherwise."""

        def open_browser(address: str) -> None:
            self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
            back = {"code": "the-code", "state": self.asked["state"]} | changed
            back = {name: value for name, value in back.items() if value}
            self.visit = asyncio.ensure_future(self._visit(f"{self.asked['redirect_uri']}?{urlencode(back)}"))

        return open_browser

    async def _visit(self, address: str) -> str:
        async with httpx.AsyncClient() as browser:
            await browser.get(address.partition("?")[0] + "?state=of-somebody-else&code=x")  # changes nothing
            await browser.get(address.replace("/signed-in", "/favicon.ico"))
            return (await browser.get(address)).text


def _session(issuer: Issuer, clock: FakeClock, keyring: Any) -> tuple[Session, OperationsClient]:
    session = Session("place", clock, Messages(clock), keyring)
    client = OperationsClient(issuer.server.url, session)
    session.attach(client)
    return session, client


async def test_signed_in_by_the_browser_renewed_by_the_issuer_and_recalled_later() -> None:
    async with faulty_server() as server:
        issuer, clock, keyring = Issuer(server), FakeClock(), MemoryKeyring()
        session, client = _session(issuer, clock, keyring)
        async with client:
            me = await session.sign_in_with_browser(issuer.browser())
            assert "go back to opsconsole" in await issuer.visit
            assert me.name == "Operations lead"
            assert (issuer.asked["code_challenge_method"], issuer.asked["response_type"]) == ("S256", "code")
            assert issuer.asked["redirect_uri"].startswith("http://127.0.0.1:")
            assert issuer.forms[0]["redirect_uri"] == issuer.asked["redirect_uri"]
            clock.pass_seconds(290)
            await session_requests.me(client)
            assert server.asked[-1].headers["authorization"] == "Bearer a2"
            assert issuer.forms[1] == {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "console"}
        assert json.loads(keyring.kept["place"])["refresh"] == "r2"
        later, client = _session(issuer, clock, keyring)
        async with client:
            assert await later.recall()
            await later.load_me()
            assert issuer.forms[-1]["refresh_token"] == "r2"
            ended: list[str] = []
            await later.sign_out(ended.append)
            assert issuer.forms[-1]["token"] == "r3"
            assert ended[0].startswith(f"{server.url}/end_session?client_id=console&id_token_hint=ey")
        assert not keyring.kept
        assert not [asked for asked in server.asked if asked.method == "DELETE"]


async def test_a_refusal_comes_back_in_words() -> None:
    async with faulty_server() as server:
        issuer = Issuer(server)
        with pytest.raises(SignInRefused, match="access_denied"):
            await browser_sign_in(issuer.options, issuer.browser(code="", error="access_denied"))
        await issuer.visit
        assert not issuer.forms


async def test_nobody_who_signs_in_is_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.browser_sign_in.PATIENCE", 0.2)
    async with faulty_server() as server:
        issuer = Issuer(server)
        with pytest.raises(TimedOut, match="Nobody signed in"):
            await browser_sign_in(issuer.options, issuer.browser(state="forged"))
        await issuer.visit


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (http({"issuer": "x"}), BadAnswer),
        (http([1]), BadAnswer),
        (http(b"<html>", media="text/html"), BadAnswer),
        (http({}, status="404 None"), BadAnswer),
        (http({}, status="429 Slowly"), Unreachable),
        (http({}, status="503 Busy"), Unreachable),
        (None, Unreachable),
    ],
)
async def test_an_issuer_in_disorder_is_told_in_words(answer: bytes | None, kind: type[OperationsError]) -> None:
    async with faulty_server() as server:
        server.answer = lambda _: answer
        with pytest.raises(kind, match="sign-in service"):
            await browser_sign_in(OidcOptions(issuer=server.url, client_id="c"), lambda _: None)


async def _refused(change: Callable[[Issuer], Any]) -> str:
    """The words with which a sign-in is refused after a change to the issuer; none when it is not."""
    async with faulty_server() as server:
        issuer = Issuer(server)
        change(issuer)
        try:
            await browser_sign_in(issuer.options, issuer.browser())
        except SignInRefused as error:
            return str(error)
        finally:
            await issuer.visit
        return ""


def _claiming(**claims: Any) -> Callable[[Issuer], None]:
    return lambda issuer: issuer.claims.update(claims)


def _signing(**how: Any) -> Callable[[Issuer], None]:
    return lambda issuer: issuer.signed.update(how)


def _soon(seconds: float) -> int:
    return int(datetime.now(UTC).timestamp() + seconds)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_claiming(iss="https://elsewhere.example"), "issuer"),
        (_claiming(aud="another-app"), "udience"),
        (_claiming(aud=["console", "another-app"], azp="another-app"), "another application"),
        (_claiming(nonce=None), "nonce"),
        (_claiming(nonce="another"), "another sign-in"),
        (_claiming(sub=None), "sub"),
        (_claiming(exp=None), "exp"),
        (_claiming(exp=_soon(-60)), "expired"),
        (_claiming(nbf=_soon(86_400)), "not valid yet"),
        (_claiming(iat=_soon(86_400)), "not valid yet"),
        (_signing(key=None, algorithm="none"), "alg"),
        (_signing(key="k" * 64, algorithm="HS256"), "alg"),
        (_signing(key=STRANGER), "ignature"),
        (_signing(headers={"kid": "two"}), "does not publish"),
        (lambda issuer: issuer.keys.clear(), "."),
        (lambda issuer: setattr(issuer, "keys", [JWK | {"use": "enc"}]), "does not publish"),
        # Two keys and no word which.
        (lambda issuer: (issuer.signed.update(headers={}), issuer.keys.append(_key("two")[1])), "does not publish"),
    ],
)
async def test_an_id_token_that_is_not_for_us_and_now_is_refused(change: Callable[[Issuer], Any], words: str) -> None:
    said = await _refused(change)
    assert "on who signed in is not accepted" in said
    assert words in said


@pytest.mark.parametrize(
    "change",
    [
        _claiming(),
        _signing(headers={}),
        _claiming(aud=["console", "another-app"], azp="console"),
        _claiming(nbf=_soon(5)),
        # The issuer's clock counts, for this computer's may be wrong.
        lambda issuer: setattr(issuer, "ahead", timedelta(days=400)),
        lambda issuer: setattr(issuer, "ahead", timedelta(days=-400)),
    ],
)
async def test_an_id_token_for_us_and_now_is_accepted(change: Callable[[Issuer], Any]) -> None:
    assert await _refused(change) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"issuer": "https://elsewhere.example"}, "calls itself https://elsewhere.example"),
        ({"authorization_endpoint": "file:///bin/true"}, "file:///bin/true is not an https address"),
        ({"authorization_endpoint": "http://issuer.example/authorize"}, "not an https address"),
        ({"authorization_endpoint": 7}, "not an https address"),
    ],
)
async def test_no_browser_is_opened_on_a_doubtful_word(found: dict[str, Any], words: str) -> None:
    async with faulty_server() as server:
        issuer = Issuer(server)
        issuer.found = found
        with pytest.raises(BadAnswer, match=words):
            await browser_sign_in(issuer.options, lambda _: pytest.fail("opened"))


async def test_a_secret_goes_to_https_alone() -> None:
    async with faulty_server() as server:
        issuer = Issuer(server)
        issuer.found = {"token_endpoint": "http://issuer.example/token"}
        with pytest.raises(BadAnswer, match="not an https address"):
            await browser_sign_in(issuer.options, issuer.browser())
        await issuer.visit


async def test_a_renewal_for_somebody_else_ends_the_session() -> None:
    async with faulty_server() as server:
        issuer = Issuer(server)
        issuer.claims = {"sub": "bob"}
        with pytest.raises(SignedOut, match="somebody else"):
            await browser_refresh(issuer.options, "r", "ada")


async def test_an_issuer_out_of_reach_ends_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.session.RENEWAL_LONGEST_PAUSE", 0.0)
    async with faulty_server() as server:
        issuer, clock, keyring = Issuer(server), FakeClock(), MemoryKeyring()
        session, client = _session(issuer, clock, keyring)
        async with client:
            await session.sign_in_with_browser(issuer.browser())
            await issuer.visit
            clock.pass_seconds(290)
            for broken in (
                http({}, status="503 Busy"),
                http(b"<html>", media="text/html"),
                http({}, status="404 None"),
            ):
                server.answer = lambda _, broken=broken: broken  # type: ignore[misc]
                with pytest.raises(OperationsError):
                    await session.token()
                assert session.signed_in
            server.answer = issuer.answer
            assert await session.token() == "a2"


async def test_a_revocation_that_fails_is_said_and_the_browser_ends_the_rest() -> None:
    async with faulty_server() as server:
        issuer, clock = Issuer(server), FakeClock()
        issuer.revocation = http({"error": "unsupported_token_type"}, status="400 Bad")
        session, client = _session(issuer, clock, MemoryKeyring())
        async with client:
            await session.sign_in_with_browser(issuer.browser())
            await issuer.visit
            ended: list[str] = []
            await session.sign_out(ended.append)
            assert len(ended) == 1
            assert not session.signed_in
            assert "sign-in service was not told" in session._messages.history[-1].text


async def test_a_renewal_under_way_does_not_outlive_the_sign_out() -> None:
    async with faulty_server() as server:
        issuer, clock, keyring = Issuer(server), FakeClock(), MemoryKeyring()
        session, client = _session(issuer, clock, keyring)
        async with client:
            await session.sign_in_with_browser(issuer.browser())
            await issuer.visit
            clock.pass_seconds(290)
            renewing = asyncio.ensure_future(session.token())
            await asyncio.sleep(0)
            await session.sign_out()
            await renewing
            assert issuer.forms[-1]["token"] == "r2"
            assert (session.signed_in, keyring.kept) == (False, {})


async def test_a_renewal_under_way_does_not_undo_a_step_up() -> None:
    async with faulty_server() as server:
        issuer, clock, keyring = Issuer(server), FakeClock(), MemoryKeyring()
        session, client = _session(issuer, clock, keyring)
        stepped_up = asyncio.Event()

        async def answer(asked: Asked) -> bytes:
            given = issuer.answer(asked)
            if b"refresh_token=r1" in asked.body:
                await stepped_up.wait()
            if asked.path == "/keys":  # the last thing a sign-in asks for
                asyncio.get_running_loop().call_later(0.1, stepped_up.set)
            return given

        async with client:
            await session.sign_in_with_browser(issuer.browser())
            await issuer.visit
            server.answer = answer
            clock.pass_seconds(290)
            renewing = asyncio.ensure_future(session.token())
            while issuer.forms[-1]["grant_type"] != "refresh_token":
                await asyncio.sleep(0.01)
            issuer.claims = {"auth_time": _soon(0)}
            await session.step_up(issuer.browser(), None, 300)
            assert await renewing == "a2"
            assert await session.token() == "a3"
            assert json.loads(keyring.kept["place"])["refresh"] == "r3"


async def test_a_session_kept_without_its_owner_is_begun_anew() -> None:
    async with faulty_server() as server:
        issuer, keyring = Issuer(server), MemoryKeyring()
        keyring.kept["place"] = json.dumps({"refresh": "r", "issuer": server.url, "client": "console"})
        session, client = _session(issuer, FakeClock(), keyring)
        async with client:
            assert not await session.recall()
            assert not session.signed_in


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ('Bearer error="insufficient_user_authentication", max_age="300"', Challenge(None, 300)),
        (
            'Bearer realm="x", error="insufficient_user_authentication", acr_values="2 3", max_age="60"',
            Challenge("2 3", 60),
        ),
        ('Bearer error="insufficient_user_authentication", acr_values="2"', Challenge("2", 0)),
        ('Bearer error="invalid_token"', None),
        ("", None),
    ],
)
def test_a_challenge_is_read(header: str, challenge: Challenge | None) -> None:
    assert Challenge.read(header) == challenge
