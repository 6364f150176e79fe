"""Connections over HTTP: set up, changed, held back; secrets go in and never come out."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from backend.core.keys import Key
from backend.core.postgres_binaries import binaries
from backend.core.settings import Settings
from backend.deliveries import SecretStore
from backend.deliveries.connections.state import advice_of
from backend.deliveries.sending.actions import secrets_of
from models.deliveries.connections import ConnectionState, SecretPurpose
from tests.conftest import Api

SECRET = "canary-secret-3f9a77b1-never-seen-7f3a"
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


def etag(client: httpx.Client, path: str) -> dict[str, str]:
    return {"If-Match": client.get(path).headers["etag"]}


def set_secret(client: httpx.Client, path: str, **request: Any) -> httpx.Response:
    """Of the connection at a path, based on what it is now."""
    return client.put(f"{path}/secret", json=request, headers=etag(client, path))


def test_a_connection_is_off_until_it_has_its_secret(client: httpx.Client) -> None:
    made = add(client)
    assert (made["state"], made["secret"], made["breaker"]) == ("off", None, "closed")
    assert made["advice"]["verdict"] == "Orders desk is not set up"
    path = f"/connections/{made['id']}"
    answer = set_secret(client, path, value=SECRET)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["state"], found["advice"], found["waiting"]) == ("ok", None, 0)
    assert found["secret"]["lastFour"] == "7f3a"
    assert len(found["secret"]["fingerprint"]) == 19
    assert client.request("DELETE", f"{path}/secret", headers=etag(client, path)).json()["state"] == "off"


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
    set_secret(client, path, value=SECRET)
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
    said = set_secret(client, path, value=SECRET).text
    said += set_secret(client, path, value=f"{SECRET}-next", purpose="receive").text
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
    row = {"name": "n", "kind": "webhook", "problem": problem, "fault": "secret", "waiting": 0}
    advice = advice_of(row, ConnectionState.MISCONFIGURED)
    assert advice is not None
    assert advice.detail == f"{problem.rstrip('.')}. Sending has stopped. Nothing is waiting."


@pytest.mark.parametrize("proof", [{"X-Webhook-Secret": SECRET}, {"Authorization": f"Bearer {SECRET}"}])
def test_what_comes_in_may_name_itself_as_requests_of_people_do(
    api: Api, client: httpx.Client, proof: dict[str, str]
) -> None:
    """A key in the header is the sender's own id; whose request it is says the secret, and nobody signs in."""
    path = f"/connections/{add(client)['id']}"
    hook = set_secret(client, path, value=SECRET, purpose="receive").json()["hook"]
    for _ in range(2):
        headers = proof | {"Idempotency-Key": "theirs"}
        answer = httpx.post(f"{api.base_url}{hook}", headers=headers, json={"type": "x"}, timeout=10)
        assert answer.status_code == 202, answer.text
    with psycopg.connect(api.owner_url) as connection:
        assert connection.execute("select provider_id from hook_delivery").fetchall() == [("theirs",)]


def test_the_secret_of_a_setting_is_for_its_own_connection() -> None:
    secret = Settings(shop_webhook="https://shop.example/x", shop_webhook_secret="s" * 20).shop_webhook_secret
    assert secret is not None
    store = SecretStore(None, None, {"OPSCONSOLE_SHOP_WEBHOOK_SECRET": secret})
    reference = "env:OPSCONSOLE_SHOP_WEBHOOK_SECRET"
    assert store.reference_blocker(reference, "shop_webhook") is None
    assert [store.reference_blocker(reference, seed) is None for seed in (None, "finance_webhook")] == [False, False]


def test_references_lead_only_where_secrets_are_kept(client: httpx.Client, tmp_path: Path) -> None:
    path = f"/connections/{add(client)['id']}"
    for reference, words in (
        ("env:OPSCONSOLE_TOKEN_KEY", "starts with OPSCONSOLE_SECRET_"),
        ("file:/etc/passwd", "files of secrets lie in"),
        (f"file:{tmp_path}/../x", "files of secrets lie in"),
        ("vault:x", "env:NAME or file:"),
    ):
        answer = set_secret(client, path, reference=reference)
        assert (answer.status_code, words in answer.text) == (422, True), answer.text
    assert set_secret(client, path, reference=f"file:{tmp_path}/token").json()["secret"]["reference"]
    assert set_secret(client, path, reference="env:OPSCONSOLE_SECRET_SLACK").json()["secret"]["lastFour"] == ""
    assert set_secret(client, path).status_code == 422


def test_a_notice_is_tried_on_a_connection_and_nothing_is_written_down(client: httpx.Client) -> None:
    made = add(client)
    request = {"template": "alert.raised", "connectionId": made["id"]}
    answer = client.post("/templates/preview", json=request)
    assert answer.status_code == 200, answer.text
    assert answer.json()["subject"]
    assert client.post("/templates/preview", json=request | {"template": "nothing.of.ours"}).status_code == 404


def test_a_secret_is_set_and_removed_on_what_was_seen(client: httpx.Client) -> None:
    path = f"/connections/{add(client)['id']}"
    assert client.put(f"{path}/secret", json={"value": SECRET}).status_code == 428
    assert client.delete(f"{path}/secret").status_code == 428
    stale = {"If-Match": '"9"'}
    assert client.put(f"{path}/secret", json={"value": SECRET}, headers=stale).status_code == 412
    assert set_secret(client, path, value=SECRET).status_code == 200
    assert client.delete(f"{path}/secret", headers=stale).status_code == 412


def test_rotations_within_each_other_drop_no_secret(api: Api, client: httpx.Client) -> None:
    path = f"/connections/{add(client)['id']}"
    for number in range(3):
        assert set_secret(client, path, value=f"{SECRET}-{number}", previousHours=24).status_code == 200
    assert known_secrets(api, path) == [f"{SECRET}-2", f"{SECRET}-1", f"{SECRET}-0"]
    ended = set_secret(client, path, value=f"{SECRET}-3", previousHours=0).json()
    assert (known_secrets(api, path), ended["secret"]["previousUntil"]) == ([f"{SECRET}-3"], None)


def known_secrets(api: Api, path: str) -> list[str]:
    """What is signed with."""
    key = UUID(path.rpartition("/")[2])

    async def read() -> list[str]:
        async with await psycopg.AsyncConnection.connect(api.owner_url) as connection:
            store = SecretStore.of(api.settings)
            return list((await secrets_of(connection, store, key, SecretPurpose.SEND)).valid)

    return asyncio.run(read())


@pytest.mark.parametrize(
    "url", ["https://listener.example/in", "https://hooks.example:8443/in", "http://hooks.example/in"]
)
def test_a_secret_is_for_the_server_it_was_entered_for(client: httpx.Client, url: str) -> None:
    path = f"/connections/{add(client)['id']}"
    set_secret(client, path, value=SECRET)
    same = client.patch(
        path, json={"settings": HOOK | {"url": "https://HOOKS.example:443/other"}}, headers=etag(client, path)
    )
    assert (same.json()["state"], same.json()["secret"] is None) == ("ok", False)
    moved = client.patch(path, json={"settings": HOOK | {"url": url}}, headers=etag(client, path)).json()
    assert (moved["state"], moved["secret"], moved["advice"]["remedy"]) == ("misconfigured", None, "secret")
    renamed = client.patch(path, json={"name": "Other desk"}, headers=etag(client, path)).json()
    assert renamed["state"] == "misconfigured"  # nothing brings it back but the secret
    assert set_secret(client, path, value=SECRET).json()["state"] == "ok"


def test_a_mail_server_has_its_password_once_more_for_less_protection(client: httpx.Client) -> None:
    mail = {
        "kind": "smtp",
        "host": "mail.example",
        "user": "ops",
        "sender": "a@b.example",
        "recipients": ["c@d.example"],
    }
    path = f"/connections/{add(client, **mail)['id']}"
    set_secret(client, path, value=SECRET)
    for change in ({"security": "none"}, {"host": "mail.other"}, {"port": 2525}):
        moved = client.patch(path, json={"settings": mail | change}, headers=etag(client, path)).json()
        assert moved["secret"] is None
        mail |= change
        set_secret(client, path, value=SECRET)


def test_what_needs_no_secret_is_turned_off_and_on(client: httpx.Client) -> None:
    made = add(client, kind="smtp", host="127.0.0.1", security="none", sender="a@b.example", recipients=["c@d.example"])
    path = f"/connections/{made['id']}"
    off = client.delete(f"{path}/secret", headers=etag(client, path)).json()
    assert (off["state"], off["advice"]["verdict"]) == ("off", "Orders desk is turned off")
    renamed = client.patch(path, json={"name": "Mail"}, headers=etag(client, path)).json()
    assert renamed["state"] == "off"  # whatever else is changed
    assert client.post(f"{path}/resume").json()["state"] == "ok"


def test_a_connection_is_removed_and_its_name_is_free(api: Api, client: httpx.Client) -> None:
    path = f"/connections/{add(client)['id']}"
    set_secret(client, path, value=SECRET)
    routes = client.get("/routes")
    request = {
        "routes": [{"team": "risk", "severity": "P1", "connectionId": path[13:], "mode": "at_once"}],
        "reason": "x",
    }
    assert client.put("/routes", json=request, headers={"If-Match": routes.headers["etag"]}).status_code == 200
    assert client.delete(path).status_code == 428
    assert client.delete(path, headers=etag(client, path)).status_code == 204
    assert client.get(path).status_code == 404
    assert (client.get("/connections").json()["items"], client.get("/routes").json()["routes"]) == ([], [])
    with psycopg.connect(api.owner_url) as connection:
        assert connection.execute("select count(*) from connection_secret").fetchone() == (0,)
        said = connection.execute("select action, actor from audit_log where action like '%%.removed'").fetchall()
    assert said == [("deliveries.connection.removed", "administrator")]
    assert add(client)["name"] == "Orders desk"


def test_one_cell_of_the_map_is_said_once(client: httpx.Client) -> None:
    cell = {"team": "risk", "severity": "P1", "connectionId": add(client)["id"]}
    request = {"routes": [cell | {"mode": "at_once"}, cell | {"mode": "daily"}], "reason": "x"}
    answer = client.put("/routes", json=request, headers={"If-Match": client.get("/routes").headers["etag"]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/routes/1")


@pytest.mark.parametrize(
    "path", ["/connections?sate=ok", "/letters?kind=dead", "/routes?x=1", "/templates?limit=1", "/contacts?q="]
)
def test_a_parameter_nobody_knows_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    name = path.partition("?")[2].partition("=")[0]
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, f"query:{name}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://a.example/in?token=abc", "enter it as the secret"),
        ("https://a.example/in?x=1&API_KEY=abc", "enter it as the secret"),
        ("https://a.example/in?access%5Ftoken=abc", "enter it as the secret"),
        ("https://a.example/in?sig=abc", "enter it as the secret"),
        ("https://u:p@a.example/in", "enter the secret by itself"),
        ("https://u:p@a.example?x=1", "enter the secret by itself"),
        ("https://a.example?u:p@b.example", None),
        ("https://a.example/in?source=ops&monkey=1", None),
    ],
)
def test_an_address_has_no_secret_in_it(client: httpx.Client, url: str, words: str | None) -> None:
    answer = client.post("/connections", json={"name": "x", "settings": {"kind": "webhook", "url": url}})
    assert (answer.status_code, (words or "") in answer.text) == (201 if words is None else 422, True), answer.text


@pytest.mark.parametrize("name", ["a\u202eb", "two\nlines", "\u200f", "a\u2028b", "a\u0007"])
def test_a_name_stands_in_one_line(client: httpx.Client, name: str) -> None:
    assert client.post("/connections", json={"name": name, "settings": HOOK}).status_code == 422
    path = f"/connections/{add(client)['id']}"
    assert client.patch(path, json={"name": name}, headers=etag(client, path)).status_code == 422
    subject = {"subject": name, "text": "{title}"}
    assert client.patch("/templates/alert.raised", json=subject, headers={"If-Match": '"1"'}).status_code == 422


def test_what_comes_in_signed_and_cannot_be_read_is_no_matter_of_who_sent_it(api: Api, client: httpx.Client) -> None:
    made = add(client)
    set_secret(client, f"/connections/{made['id']}", value=SECRET, purpose="receive")

    def send(secret: str) -> int:
        hook = f"{api.base_url}{made['hook']}"
        return httpx.post(hook, content=b"no json", headers={"x-webhook-secret": secret}, timeout=10).status_code

    assert (send("another secret"), send(SECRET)) == (401, 422)
