"""Tokens of an OIDC issuer: found by discovery, verified by its published keys, refused when anything is not ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from backend.core.settings import Settings
from tests.conftest import serve_in_thread


class Issuer:
    """A tiny OIDC issuer on loopback."""

    def __init__(self) -> None:
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


def _me(url: str, token: str) -> httpx.Response:
    return httpx.get(f"{url}/api/operations/rbac/me", headers={"Authorization": f"Bearer {token}"})


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
