"""Tokens of an OIDC issuer: found by discovery, verified by its published keys, refused when anything is not ours."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from backend.core import issuer_keys
from backend.core.problems import ProblemError
from backend.core.security import ISSUER, SCOPE, TokenReader
from backend.core.settings import Settings
from models.core.base import storable
from models.core.problems import Code
from tests.conftest import serve_in_thread


class Issuer:
    """A tiny OIDC issuer on loopback."""

    def __init__(self) -> None:
        self.drop_by_drop = False
        self.pause = threading.Event()
        outer = self
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        documents = {
            "/.well-known/openid-configuration": lambda: {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": lambda: {"keys": [{**jwk, "kid": "one", "use": "sig", "alg": "RS256"}]},
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(documents[self.path]()).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                with contextlib.suppress(OSError):
                    while outer.drop_by_drop:
                        self.wfile.write(b" ")
                        outer.pause.wait(0.05)
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def token(self, key: Any = None, **claims: Any) -> str:
        """A token as the issuer gives it to somebody called ada."""
        now = datetime.now(UTC)
        standard = {
            "iss": self.url,
            "aud": "opsconsole",
            "sub": "ada",
            "name": "Ada",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "scope": "openid operations.*",
        }
        return jwt.encode(standard | claims, key or self.key, algorithm="RS256", headers={"kid": "one"})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def url(issuer: Issuer, settings: Settings, owner_url: str) -> Iterator[str]:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values ('ada', 'viewer', 'test')"
        )
    address, stop = serve_in_thread(settings.model_copy(update={"oidc_issuer": issuer.url}))
    yield address
    stop()


def _me(url: str, token: str, seconds: float = 30) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/api/operations/rbac/me", headers=headers, timeout=seconds)


def test_the_issuers_token_says_who_and_the_database_what(url: str, issuer: Issuer) -> None:
    answer = _me(url, issuer.token())
    assert answer.status_code == 200, answer.text
    assert (answer.json()["userId"], answer.json()["name"]) == ("ada", "Ada")
    assert answer.json()["roles"] == ["viewer"]
    options = httpx.get(f"{url}/api/operations/session/options").json()
    assert options["oidc"]["issuer"] == issuer.url


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "somebody-else"}, 401),
        ({"iss": "https://elsewhere.example"}, 401),
        ({"exp": datetime(2020, 1, 1, tzinfo=UTC)}, 401),
        ({"scope": "openid"}, 403),
    ],
)
def test_a_token_for_something_else_is_refused(url: str, issuer: Issuer, claims: dict[str, Any], status: int) -> None:
    assert _me(url, issuer.token(**claims)).status_code == status


def test_a_forged_token_is_refused(url: str, issuer: Issuer) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert _me(url, issuer.token(key=stranger)).status_code == 401


def test_an_issuer_that_does_not_answer_is_not_the_users_fault(url: str, issuer: Issuer) -> None:
    issuer.server.shutdown()
    issuer.server.server_close()
    answer = _me(url, issuer.token())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_whoever_is_signed_in_goes_on_while_the_issuer_is_away(
    url: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _me(url, issuer.token()).status_code == 200
    issuer.server.shutdown()
    issuer.server.server_close()
    monkeypatch.setattr(issuer_keys, "KEPT_SECONDS", -1.0)
    assert _me(url, issuer.token()).status_code == 200
    assert _me(url, issuer.token(key=rsa.generate_private_key(public_exponent=65537, key_size=2048))).status_code == 401
    monkeypatch.setattr(issuer_keys, "KEPT_IN_AN_OUTAGE", -1.0)
    assert _me(url, issuer.token()).status_code == 503


def test_an_issuer_that_hangs_costs_nobody_a_thread(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens come from anybody: one look serves all of them, and whoever has an account here signs in meanwhile."""
    monkeypatch.setattr(issuer_keys, "LOOK_SECONDS", 600.0)
    monkeypatch.setattr(issuer_keys, "AWAY_SECONDS", 600.0)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent, ThreadPoolExecutor(60) as clients:
        name = f"http://127.0.0.1:{silent.getsockname()[1]}"
        url, stop = serve_in_thread(settings.model_copy(update={"oidc_issuer": name}))
        token = jwt.encode({"iss": name, "sub": "x"}, "k" * 40, headers={"kid": "any"})
        waiting = [clients.submit(_me, url, token, 600) for _ in range(50)]
        asked, _ = silent.accept()
        login = {"account": "nobody", "password": "no password at all"}
        assert httpx.post(f"{url}/api/operations/session", json=login, timeout=60).status_code == 401
        assert not any(each.done() for each in waiting)
        asked.close()
        assert {each.result().status_code for each in waiting} == {503}
        assert _me(url, token).status_code == 503, "it counts as away, and is not asked again"
        silent.settimeout(0)
        with pytest.raises(BlockingIOError):
            silent.accept()
        stop()


def test_keys_that_come_drop_by_drop_are_given_up(url: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuer_keys, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(issuer_keys, "AWAY_SECONDS", 0.0)
    issuer.drop_by_drop = True
    assert _me(url, issuer.token()).status_code == 503
    issuer.drop_by_drop = False
    monkeypatch.setattr(issuer_keys, "LOOK_SECONDS", 60.0)
    assert _me(url, issuer.token()).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": None, "scp": ["openid", "operations.*"]},
        {"scope": None, "scp": "openid operations.*"},
        {"scope": ["openid", "operations.*"]},
        {"scope": "openid", "scp": ["operations.*"]},
    ],
)
def test_scopes_are_text_or_a_list_under_either_name(url: str, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert _me(url, issuer.token(**claims)).status_code == 200


@pytest.mark.parametrize("form", [int, str, lambda at: at + 0.25, lambda at: f"{at}.25"])
@pytest.mark.parametrize("amr", [["pwd", "mfa"], "pwd mfa"])
def test_a_second_factor_is_accepted_however_it_is_written(
    url: str, issuer: Issuer, owner_url: str, form: Any, amr: Any
) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values ('boss', 'administrator', 'test')"
        )
    at = int(datetime.now(UTC).timestamp()) - 20
    token = issuer.token(sub="boss", auth_time=form(at), amr=amr)
    answer = httpx.post(
        f"{url}/api/operations/audit/export",
        json={},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "export-1"},
    )
    assert answer.status_code not in {401, 403}, answer.text


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"sub": ""}, "(sub)"),
        ({"sub": "s" * 256}, "(sub)"),
        ({"sub": "a\nb"}, "(sub)"),
        ({"sub": "a\0b"}, "(sub)"),
        ({"exp": str(2**31)}, "exp is no time"),
        ({"auth_time": "yesterday"}, "auth_time is no time"),
        ({"auth_time": 10**13}, "auth_time is no time"),
        ({"auth_time": [1]}, "auth_time is no time"),
        ({"iat": [1]}, "not valid here"),
        ({"sub": 7}, "not valid here"),
        ({"iat": datetime.now(UTC) + timedelta(hours=1)}, "clocks"),
        ({"nbf": datetime.now(UTC) + timedelta(hours=1)}, "clocks"),
        ({"exp": datetime.now(UTC) - timedelta(hours=1)}, "by this server's clock"),
    ],
)
def test_claims_that_cannot_be_are_refused_with_words(
    url: str, issuer: Issuer, claims: dict[str, Any], words: str
) -> None:
    answer = _me(url, issuer.token(**claims))
    assert answer.status_code == 401, answer.text
    assert words in answer.json()["detail"]


def test_one_persons_data_costs_the_others_nothing(url: str, issuer: Issuer, owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(
            "insert into role_assignment (user_id, role_id, granted_by) values ('ada', 'administrator', 'test');"
            "insert into principal_seen (user_id, name, kind, last_seen) values"
            " ('', '', 'oidc', now()), (repeat('x', 400), 'Long', 'oidc', now()),"
            " (repeat('s', 255), 'Longer', 'oidc', now())"
        )
    long = "s" * 255
    assert _me(url, issuer.token(sub=long, name="Nul\0Name\x1b[31m")).json()["name"] == "Nul\ufffdName\ufffd[31m"
    people = httpx.get(
        f"{url}/api/operations/rbac/people",
        headers={"Authorization": f"Bearer {issuer.token()}"},
        params={"limit": 200},
    )
    assert people.status_code == 200, people.text
    assert {"", "x" * 400} <= {each["userId"] for each in people.json()["items"]}
    fresh = issuer.token(auth_time=int(datetime.now(UTC).timestamp()), amr="mfa")
    granted = httpx.post(
        f"{url}/api/operations/rbac/assign",
        json={"userId": long, "roleId": "viewer"},
        headers={"Authorization": f"Bearer {fresh}", "Idempotency-Key": "grant-1"},
    )
    assert granted.status_code == 201, granted.text
    assert _me(url, issuer.token(sub=long)).json()["roles"] == ["viewer"]


@given(
    claims=st.dictionaries(
        st.sampled_from(["scope", "scp", "amr", "acr", "auth_time", "exp", "iat", "nbf", "name", "sub"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=4)),
    )
)
def test_no_claims_at_all_are_a_fault_of_ours(claims: dict[str, Any]) -> None:
    """Whatever is signed: an identity in shape, or a refusal."""
    reader = TokenReader(Settings(token_key="k" * 40))
    now = int(datetime.now(UTC).timestamp())
    whole = {"iss": ISSUER, "aud": "opsconsole", "sub": "ada", "iat": now, "exp": now + 60, "scope": SCOPE} | claims
    header, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256"}, whole)
    )
    signature = hmac.new(b"k" * 40, header + b"." + body, hashlib.sha256).digest()
    token = b".".join((header, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()
    try:
        found = asyncio.run(reader.identify(token))
    except ProblemError as problem:
        refused = problem.code
    else:
        refused = None
    if refused is not None:
        assert refused in {Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED, Code.PERMISSION_MISSING}
    else:
        assert 1 <= len(found.user_id) <= 255
        assert storable(found.user_id + found.name)
