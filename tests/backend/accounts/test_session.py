"""Sign-in, refresh with reuse detection, and tokens that are refused."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import argon2
import httpx
import jwt
import psycopg
import pytest
from argon2.exceptions import VerifyMismatchError

from backend.accounts.session import accounts, actions
from tests.conftest import Api

PASSWORD = "correct horse"


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    api.add_person("jane", "Jane Doe", PASSWORD)
    with httpx.Client(base_url=f"{api.base_url}/api/operations") as client:
        yield client


def sign_in(client: httpx.Client, account: str = "jane", password: str = PASSWORD) -> httpx.Response:
    return client.post("/session", json={"account": account, "password": password})


def test_a_password_opens_a_session_with_live_permissions(client: httpx.Client) -> None:
    tokens = sign_in(client).json()
    me = client.get("/rbac/me", headers={"Authorization": f"Bearer {tokens['accessToken']}"}).json()
    assert (me["userId"], me["name"], me["initials"], me["roles"]) == ("jane", "Jane Doe", "JD", ["operations-lead"])
    assert "operations.manage_alerts" in me["permissions"]


def test_a_revoked_role_is_gone_at_the_next_request(client: httpx.Client, api: Api) -> None:
    headers = {"Authorization": f"Bearer {sign_in(client).json()['accessToken']}"}
    with psycopg.connect(api.owner_url) as connection:
        connection.execute("update role_assignment set revoked_at = now() where user_id = 'jane'")
    assert client.get("/rbac/me", headers=headers).json()["permissions"] == []


def test_a_disabled_account_is_nobody(client: httpx.Client, api: Api) -> None:
    headers = {"Authorization": f"Bearer {sign_in(client).json()['accessToken']}"}
    with psycopg.connect(api.owner_url) as connection:
        connection.execute("update account set disabled_at = now() where id = 'jane'")
    assert client.get("/rbac/me", headers=headers).status_code == 401
    assert sign_in(client).status_code == 401


def test_wrong_password_and_unknown_account_answer_alike(client: httpx.Client) -> None:
    answers = []
    for account in ("jane", "nobody-here", "operations-lead"):
        answer = sign_in(client, account, "wrong horse").json()
        answers.append((answer["status"], answer["code"], answer["detail"]))
    assert len(set(answers)) == 1
    assert answers[0][:2] == (401, "unauthenticated")


def test_an_unknown_account_takes_as_long_as_a_wrong_password(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash of the same costs is tried for either, and nothing is left out."""
    tried: list[argon2.Parameters] = []
    matches = actions.matches

    def watched(stored: str, password: str) -> bool:
        tried.append(argon2.extract_parameters(stored))
        with pytest.raises(VerifyMismatchError):  # tried in full, not refused as no hash at all
            accounts.hasher.verify(stored, password)
        return matches(stored, password)

    monkeypatch.setattr(actions, "matches", watched)
    for account in ("jane", "nobody-here", "operations-lead"):
        assert sign_in(client, account, "wrong horse").status_code == 401
    known, unknown, without_password = tried
    assert known == unknown == without_password


@pytest.mark.parametrize("account", ["jane", "nobody-here"])
def test_after_five_failures_an_account_must_wait(client: httpx.Client, account: str) -> None:
    assert [sign_in(client, account, "wrong horse").status_code for _ in range(6)] == [401] * 5 + [429]
    answer = sign_in(client, account)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    other = "viewer" if account == "jane" else "jane"
    assert sign_in(client, other, "wrong horse").status_code == 401


def test_a_refresh_token_works_once_and_its_copy_ends_the_session(client: httpx.Client, api: Api) -> None:
    first = sign_in(client).json()["refreshToken"]
    second = client.post("/session/refresh", json={"refreshToken": first}).json()["refreshToken"]
    assert second != first
    assert client.post("/session/refresh", json={"refreshToken": first}).status_code == 401
    assert client.post("/session/refresh", json={"refreshToken": second}).status_code == 401
    with psycopg.connect(api.owner_url) as connection:
        row = connection.execute("select reason from audit_log where action = 'session.ended'").fetchone()
    assert row == ("a refresh token was used twice",)


def test_signing_out_ends_the_session_but_not_somebody_elses(client: httpx.Client, api: Api) -> None:
    tokens = sign_in(client).json()
    body = {"refreshToken": tokens["refreshToken"]}
    assert client.request("DELETE", "/session", json=body, headers=api.headers("viewer")).status_code == 204
    tokens = client.post("/session/refresh", json=body).json()
    body = {"refreshToken": tokens["refreshToken"]}
    headers = {"Authorization": f"Bearer {tokens['accessToken']}"}
    assert client.request("DELETE", "/session", json=body, headers=headers).status_code == 204
    assert client.post("/session/refresh", json=body).status_code == 401


def unsigned(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def claims_of(**changes: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": "opsconsole", "aud": "opsconsole", "sub": "jane", "iat": now, "exp": now + 300}
    return {k: v for k, v in (claims | {"scope": "operations.*"} | changes).items() if v is not None}


@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        (lambda k: jwt.encode(claims_of(), k, "HS256"), 200, None),
        (lambda k: jwt.encode(claims_of(exp=1), k, "HS256"), 401, "token-expired"),
        (lambda k: jwt.encode(claims_of(aud="elsewhere"), k, "HS256"), 401, "unauthenticated"),
        (lambda k: jwt.encode(claims_of(iss="elsewhere"), k, "HS256"), 401, "unauthenticated"),
        (lambda k: jwt.encode(claims_of(exp=None), k, "HS256"), 401, "unauthenticated"),
        (lambda k: jwt.encode(claims_of(sub="nobody-here"), k, "HS256"), 401, "unauthenticated"),
        (lambda k: jwt.encode(claims_of(sub=None), k, "HS256"), 401, "unauthenticated"),
        (lambda k: jwt.encode(claims_of(scope="other"), k, "HS256"), 403, "permission-missing"),
        (lambda _: jwt.encode(claims_of(), "x" * 40, "HS256"), 401, "unauthenticated"),
        (lambda k: jwt.encode(claims_of(), k * 2, "HS512"), 401, "unauthenticated"),
        (lambda _: unsigned(claims_of()), 401, "unauthenticated"),
        (lambda _: "not.a.token", 401, "unauthenticated"),
        (lambda _: "é", 401, "unauthenticated"),
    ],
)
def test_only_a_proper_token_opens(client: httpx.Client, api: Api, token: Any, status: int, code: str | None) -> None:
    assert api.settings.token_key is not None
    sent = f"Bearer {token(api.settings.token_key.get_secret_value())}".encode()
    answer = client.get("/rbac/me", headers={"Authorization": sent})  # type: ignore[dict-item]
    assert answer.status_code == status, answer.text
    assert answer.json().get("code") == code
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_an_old_sign_in_is_told_by_its_auth_time(api: Api) -> None:
    token = api.token("viewer", auth_time=datetime.now(UTC) - timedelta(hours=2))
    assert jwt.decode(token, options={"verify_signature": False})["auth_time"] < time.time() - 7000
