"""Connections over HTTP: set up, changed, held back; secrets go in and never come out."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.core.keys import Key
from backend.core.postgres_binaries import binaries
from backend.core.settings import Settings
from backend.deliveries.connections.state import advice_of
from backend.deliveries.secrets import SecretStore
from models.deliveries.connections import ConnectionState
from tests.conftest import Api

SECRET = "canary-secret-3f9a77b1-never-seen-7f3a"
MAIL = {
    "kind": "smtp",
    "host": "mail.example",
    "user": "ops",
    "sender": "a@b.example",
    "recipients": ["c@d.example"],
}
HOOK = {"kind": "webhook", "url": "https://hooks.example/in"}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        token_key="k" * 40,
        environment="Test",
        connection_key=Key.make(),
        secret_folder=tmp_path,
    )


@pytest.fixture
def client(api: Api) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{api.base_url}/api/deliveries", headers=api.headers("administrator")) as found:
        yield found


def add(client: httpx.Client, name: str = "Orders desk", **settings: Any) -> dict[str, Any]:
    answer = client.post("/connections", json={"name": name, "settings": settings or HOOK})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_connection_is_off_until_it_has_its_secret(client: httpx.Client) -> None:
    made = add(client)
    assert (made["state"], made["secret"], made["breaker"]) == ("off", None, "closed")
    assert made["advice"]["verdict"] == "Orders desk is not set up"
    path = f"/connections/{made['id']}"
    answer = client.put(f"{path}/secret", json={"value": SECRET})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["state"], found["advice"], found["waiting"]) == ("ok", None, 0)
    assert found["secret"]["lastFour"] == "7f3a"
    assert len(found["secret"]["fingerprint"]) == 19
    assert client.request("DELETE", f"{path}/secret").json()["state"] == "off"


def test_a_mail_server_without_a_user_needs_no_secret(client: httpx.Client) -> None:
    made = add(client, kind="smtp", host="127.0.0.1", security="none", sender="a@b.example", recipients=["c@d.example"])
    assert made["state"] == "ok"


def test_a_change_needs_the_version_and_says_what_it_cannot_do(client: httpx.Client) -> None:
    made = add(client)
    add(client, "Other")
    path = f"/connections/{made['id']}"
    assert client.patch(path, json={"name": "Desk"}).status_code == 428
    assert client.patch(path, json={"name": "Desk"}, headers={"If-Match": '"9"'}).status_code == 412
    first = {"If-Match": '"1"'}
    taken = client.patch(path, json={"name": "OTHER"}, headers=first)
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (422, "/name")
    kind = client.patch(path, json={"settings": {"kind": "slack", "channel": "C0123456"}}, headers=first)
    assert (kind.status_code, kind.json()["errors"][0]["pointer"]) == (422, "/settings/kind")
    changed = client.patch(path, json={"name": "Desk", "subscriptions": ["alerts.*"]}, headers=first)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["subscriptions"], changed.headers["etag"]) == (
        "Desk",
        ["alerts.*"],
        '"2"',
    )
    assert client.post("/connections", json={"name": "desk", "settings": HOOK}).status_code == 422
    bad = client.post(
        "/connections", json={"name": "x", "settings": {"kind": "webhook", "url": "https://u:p@a.example"}}
    )
    assert "leave user and password out" in bad.text


def test_what_is_paused_says_who_and_until_when(client: httpx.Client) -> None:
    path = f"/connections/{add(client)['id']}"
    client.put(f"{path}/secret", json={"value": SECRET})
    assert client.post(f"{path}/pause", json={"until": "2020-01-01T00:00:00Z", "reason": "x"}).status_code == 422
    paused = client.post(f"{path}/pause", json={"reason": "the channel moves"}).json()
    assert (paused["state"], paused["pausedBy"], paused["pauseReason"]) == (
        "paused",
        "administrator",
        "the channel moves",
    )
    assert [c["name"] for c in client.get("/connections?state=paused").json()["items"]] == ["Orders desk"]
    assert client.get("/connections?state=ok").json()["items"] == []
    assert client.post(f"{path}/resume").json()["state"] == "ok"
    version = client.get(path).json()["version"]
    assert client.post(f"{path}/resume").json()["version"] == version


def test_a_secret_is_nowhere_in_the_clear(api: Api, client: httpx.Client, tmp_path: Path) -> None:
    """Not in answers, the audit log, or a dump of the database."""
    path = f"/connections/{add(client)['id']}"
    said = client.put(f"{path}/secret", json={"value": SECRET}).text
    said += client.put(f"{path}/secret", json={"value": f"{SECRET}-next", "purpose": "receive"}).text
    said += client.get(path).text + client.get("/connections").text
    with psycopg.connect(api.owner_url) as connection:
        said += str(connection.execute("select * from audit_log").fetchall())
    dump = _dump(api.owner_url)
    assert b"connection_secret" in dump
    for form in (SECRET.encode(), base64.b64encode(SECRET.encode()), SECRET.encode().hex().encode()):
        assert form not in dump
        assert form.decode() not in said


def _dump(url: str) -> bytes:
    return subprocess.run([binaries() / "pg_dump", "--dbname", url], capture_output=True, check=True).stdout


@pytest.mark.parametrize("problem", ["ask those who run that system.", "answered 401"])
def test_a_sentence_ends_once(problem: str) -> None:
    row = {"name": "n", "kind": "webhook", "problem": problem, "waiting": 0}
    advice = advice_of(row, ConnectionState.MISCONFIGURED)
    assert advice is not None
    assert advice.detail == f"{problem.rstrip('.')}. Sending has stopped. Nothing is waiting."


@pytest.mark.parametrize("proof", [{"X-Webhook-Secret": SECRET}, {"Authorization": f"Bearer {SECRET}"}])
def test_what_comes_in_may_name_itself_as_requests_of_people_do(
    api: Api, client: httpx.Client, proof: dict[str, str]
) -> None:
    """A key in the header is the sender's own id; whose request it is says the secret, and nobody signs in."""
    path = f"/connections/{add(client)['id']}"
    hook = client.put(f"{path}/secret", json={"value": SECRET, "purpose": "receive"}).json()["hook"]
    for _ in range(2):
        headers = proof | {"Idempotency-Key": "theirs"}
        answer = httpx.post(f"{api.base_url}{hook}", headers=headers, json={"type": "x"}, timeout=10)
        assert answer.status_code == 202, answer.text
    with psycopg.connect(api.owner_url) as connection:
        assert connection.execute("select provider_id from hook_delivery").fetchall() == [("theirs",)]


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        (HOOK, HOOK | {"url": "https://thief.example/in"}, False),
        (HOOK, HOOK | {"url": "http://hooks.example/in"}, False),
        (HOOK, HOOK | {"url": "https://hooks.example/other"}, True),
        (MAIL, MAIL | {"host": "thief.example"}, False),
        (MAIL, MAIL | {"security": "none"}, False),
        (MAIL, MAIL | {"sender": "c@b.example"}, True),
    ],
)
def test_a_secret_does_not_go_where_it_was_not_entered_for(
    client: httpx.Client, before: dict[str, Any], after: dict[str, Any], kept: bool
) -> None:
    """Else whoever may change an address would read a secret that is never shown."""
    path = f"/connections/{add(client, **before)['id']}"
    version = client.put(f"{path}/secret", json={"value": SECRET}).json()["version"]
    changed = client.patch(path, json={"settings": after}, headers={"If-Match": f'"{version}"'}).json()
    assert (changed["secret"] is not None, changed["state"]) == (kept, "ok" if kept else "misconfigured")
    if not kept:
        assert "enter it again" in changed["advice"]["detail"]
        found = client.put(f"{path}/secret", json={"value": SECRET}).json()
        assert (found["state"], found["secret"]["previousUntil"]) == ("ok", None)


def test_the_secret_of_a_setting_is_for_its_own_connection() -> None:
    secret = Settings(shop_webhook="https://shop.example/x", shop_webhook_secret="s" * 20).shop_webhook_secret
    assert secret is not None
    store = SecretStore(None, None, {"OPSCONSOLE_SHOP_WEBHOOK_SECRET": secret})
    reference = "env:OPSCONSOLE_SHOP_WEBHOOK_SECRET"
    assert store.reference_blocker(reference, "shop_webhook") is None
    assert [store.reference_blocker(reference, seed) is None for seed in (None, "finance_webhook")] == [False, False]


def test_references_lead_only_where_secrets_are_kept(client: httpx.Client, tmp_path: Path) -> None:
    path = f"/connections/{add(client)['id']}/secret"
    for reference, words in (
        ("env:OPSCONSOLE_TOKEN_KEY", "starts with OPSCONSOLE_SECRET_"),
        ("file:/etc/passwd", "files of secrets lie in"),
        (f"file:{tmp_path}/../x", "files of secrets lie in"),
        ("vault:x", "env:NAME or file:"),
    ):
        answer = client.put(path, json={"reference": reference})
        assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert client.put(path, json={"reference": f"file:{tmp_path}/token"}).json()["secret"]["reference"]
    assert client.put(path, json={"reference": "env:OPSCONSOLE_SECRET_SLACK"}).json()["secret"]["lastFour"] == ""
    assert client.put(path, json={}).status_code == 422


def test_a_notice_is_tried_on_a_connection_and_nothing_is_written_down(client: httpx.Client) -> None:
    made = add(client)
    request = {"template": "alert.raised", "connectionId": made["id"]}
    answer = client.post("/templates/preview", json=request)
    assert answer.status_code == 200, answer.text
    assert answer.json()["subject"]
    assert client.post("/templates/preview", json=request | {"template": "nothing.of.ours"}).status_code == 404
