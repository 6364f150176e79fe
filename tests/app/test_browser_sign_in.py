"""Sign-in through the browser, against a small issuer: PKCE, state, loopback, renewal at the issuer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from app.browser_sign_in import browser_sign_in
from app.client import OperationsClient
from app.errors import BadAnswer, OperationsError, SignedOut, TimedOut, Unreachable
from app.messages import Messages
from app.session import Session
from models.session import OidcOptions
from tests.app.faulty import Asked, FakeClock, Faulty, MemoryKeyring, faulty_server, http
from tests.app.samples import AS_OF, ME


class Issuer:
    """Answers as an OIDC issuer does, and as the server whose options name it."""

    def __init__(self, server: Faulty) -> None:
        self.server = server
        self.asked: dict[str, str] = {}
        self.forms: list[dict[str, str]] = []
        server.answer = self.answer

    @property
    def options(self) -> OidcOptions:
        return OidcOptions(issuer=self.server.url, client_id="console")

    def answer(self, asked: Asked) -> bytes:
        url = self.server.url
        if asked.path.endswith("/openid-configuration"):
            found = {"authorization_endpoint": f"{url}/authorize", "token_endpoint": f"{url}/token"}
            return http(found | {"scopes_supported": ["openid", "offline_access"]})
        if asked.path == "/token":
            form = dict(parse_qsl(asked.body.decode()))
            self.forms.append(form)
            if form["grant_type"] == "authorization_code":
                proof = hashlib.sha256(form["code_verifier"].encode()).digest()
                if base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != self.asked["code_challenge"]:
                    return http({"error": "invalid_grant"}, status="400 Bad")
            number = len(self.forms)
            return http({"access_token": f"a{number}", "refresh_token": f"r{number}", "expires_in": 300})
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
            await client.me()
            assert server.asked[-1].headers["authorization"] == "Bearer a2"
            assert issuer.forms[1] == {"grant_type": "refresh_token", "refresh_token": "r1", "client_id": "console"}
        assert json.loads(keyring.kept["place"])["refresh"] == "r2"
        later, client = _session(issuer, clock, keyring)
        async with client:
            assert await later.recall()
            await later.load_me()
            assert issuer.forms[-1]["refresh_token"] == "r2"
            await later.sign_out()
        assert not keyring.kept
        assert not [asked for asked in server.asked if asked.method == "DELETE"]


async def test_a_refusal_comes_back_in_words() -> None:
    async with faulty_server() as server:
        issuer = Issuer(server)
        with pytest.raises(SignedOut, match="access_denied"):
            await browser_sign_in(issuer.options, issuer.browser(code="", error="access_denied"))
        await issuer.visit
        assert not issuer.forms


async def test_nobody_who_signs_in_is_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.browser_sign_in.PATIENCE", 0.2)
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
        (http({}, status="404 None"), SignedOut),
        (http({}, status="503 Busy"), Unreachable),
        (None, Unreachable),
    ],
)
async def test_an_issuer_in_disorder_is_told_in_words(answer: bytes | None, kind: type[OperationsError]) -> None:
    async with faulty_server() as server:
        server.answer = lambda _: answer
        with pytest.raises(kind, match="sign-in service"):
            await browser_sign_in(OidcOptions(issuer=server.url, client_id="c"), lambda _: None)
