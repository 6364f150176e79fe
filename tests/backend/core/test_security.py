"""Wrong tokens to every route; what is whose; limits; what must not be told."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import psycopg
import pyotp
import pytest

from tests.backend.alerts.fixtures import RULE
from tests.backend.core.fixtures import (
    OPEN,
    OPERATIONS,
    PASSWORD,
    RBAC,
    SESSION,
    SOME_ID,
    Site,
    concrete,
    session_of,
    trouble,
)

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


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "limit"), [("", "sign_in"), ("/refresh", "tokens")])
def test_who_asks_too_often_waits_and_then_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str, limit: str
) -> None:
    bucket = getattr(site.app.state.limits, limit)
    clock = 1_000.0
    monkeypatch.setattr("backend.core.rate_limits.time.monotonic", lambda: clock)
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
        for row in site.rows(f"select {table}::text from {table}")
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
