"""Access from one end to the other: gathered, looked through, redacted, released, fetched for a day, and forgotten."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from typing import Any

import httpx
import pyrage
import pytest

from backend.core import sealed_archive
from backend.core.database import Database
from backend.core.sealed_archive import make_archive, seal_archive
from backend.integrations.people import RegisteredPeople
from backend.privacy.packages.actions import forget_packages
from tests.backend.privacy.fixtures import Desk, rows
from tests.backend.privacy.test_graph import SHOPPING, nodes, work
from tests.backend.privacy.test_requests import CONFIRMED, OFFICER, PATH, SHOP, SUPPORT, act, shown, take_in

WHY = {"purpose": "To look through it"}


@pytest.fixture
def gathered(desk: Desk) -> tuple[Desk, dict[str, Any]]:
    """A request of Jane's whose systems have all answered."""
    rows(desk.api.owner_url, SHOPPING)
    yes = {"userId": "c-17", "email": "jane@example.com", "consentType": "marketing", "status": "granted"}
    desk.done("POST", "/consent", yes, SHOP)
    made = act(desk, take_in(desk), "verify", CONFIRMED)
    work(desk)
    assert {each["state"] for each in nodes(desk, made).values()} == {"done", "waiting"}  # the shop has not answered
    rows(desk.api.owner_url, "update shop_command set state = 'done', ended_at = now() where name = 'privacy.export'")
    rows(desk.api.owner_url, "update privacy_node set next_at = now() where state = 'waiting'")
    work(desk)
    assert shown(desk, made)["status"] == "review"
    return desk, made


def version(desk: Desk, request: dict[str, Any]) -> str:
    return f'"{shown(desk, request)["version"]}"'


def press(desk: Desk, request: dict[str, Any], what: str, body: Any = None, role: str = OFFICER) -> httpx.Response:
    path = f"{PATH}/{request['requestId']}/package/{what}"
    return desk.send("POST", path, body, role, If_Match=version(desk, request))


def told(desk: Desk) -> dict[str, str]:
    """What the person is told, by notice, as it would be sent."""

    async def filled() -> dict[str, str]:
        database = Database(desk.api.settings.database_url or "")
        await database.open()
        people, found = RegisteredPeople(desk.api.settings), {}
        sent = rows(
            desk.api.owner_url, "select data from shop_command where name = 'privacy.request_changed' order by id"
        )
        async with database.read() as connection:
            for (data,) in sent:
                found[data["notice"]] = ((await people.fill_in(connection, data)) or {}).get("text", "")
        await database.close()
        return found

    return asyncio.run(filled())


def fetch(desk: Desk, link: str) -> httpx.Response:
    return httpx.get(f"{desk.api.base_url}{link}", timeout=20)


def test_what_is_held_is_looked_through_released_and_fetched(gathered: tuple[Desk, dict[str, Any]]) -> None:
    desk, made = gathered
    assert press(desk, made, "preview", WHY, SUPPORT).status_code == 403
    preview = press(desk, made, "preview", WHY).json()
    parts = {each["name"]: each for each in preview["parts"]}
    assert len(parts["shop.orders"]["rows"]) == 6
    assert len(parts["risk.checks"]["rows"]) == 6
    assert len(parts["privacy.consent"]["rows"]) == 1
    node = parts["risk.checks"]["nodeId"]
    somebody_elses = {"redactions": [{"nodeId": node, "row": 0, "field": "card"}]}
    assert press(desk, made, "redact", somebody_elses).is_success
    assert (
        press(desk, made, "redact", {"redactions": [{"nodeId": node, "row": 99, "field": "card"}]}).status_code == 422
    )
    released = press(desk, made, "release").json()
    assert (released["rows"], released["redacted"]) == (14, 1)
    assert shown(desk, made)["status"] == "ready"
    notices = told(desk)
    assert notices["link"] not in str(rows(desk.api.owner_url, "select c::text from shop_command as c"))
    got = fetch(desk, notices["link"])
    assert got.headers["content-type"] == "application/age-encryption"
    archive = zipfile.ZipFile(io.BytesIO(pyrage.passphrase.decrypt(got.content, notices["passphrase"])))
    assert sorted(archive.namelist()) == ["your-data.html", "your-data.json"]
    data = json.loads(archive.read("your-data.json"))
    [checks] = [each for each in data["systems"] if each["system"] == "risk.checks"]
    assert [row["card"] for row in checks["rows"][:2]] == ["(left out: it is about somebody else)", "card1"]
    assert b"<script" not in archive.read("your-data.html")
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(got.content, "wrong")
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(got.content[:-5], notices["passphrase"])
    assert shown(desk, made)["status"] == "done"
    fetch(desk, notices["link"])
    downloads = desk.get(f"{PATH}/{made['requestId']}/package", SUPPORT)["downloads"]
    assert [each["refused"] for each in downloads] == [False, False]
    acts = [verb for (verb,) in rows(desk.api.owner_url, "select action from audit_log order by seq")]
    assert acts.count("privacy.request.downloaded") == 2


def test_a_link_ends_and_a_new_one_ends_the_old(gathered: tuple[Desk, dict[str, Any]]) -> None:
    desk, made = gathered
    assert fetch(desk, "/api/privacy/packages/" + "x" * 40).status_code == 404
    press(desk, made, "release")
    first = told(desk)["link"]
    rows(desk.api.owner_url, "update privacy_package set expires_at = now() - interval '1 second'")
    assert fetch(desk, first).json()["detail"] == "This link has ended: ask the shop for a new one."
    assert desk.get(f"{PATH}/{made['requestId']}/package", SUPPORT)["downloads"][0]["refused"]
    assert press(desk, made, "release").is_success
    second = told(desk)["link"]
    assert (fetch(desk, first).status_code, fetch(desk, second).status_code) == (404, 200)


def test_what_was_gathered_is_sealed_and_forgotten(gathered: tuple[Desk, dict[str, Any]]) -> None:
    desk, made = gathered
    press(desk, made, "release")
    for table in ("privacy_export", "privacy_package", "shop_command"):
        assert "jane" not in str(rows(desk.api.owner_url, f"select t::text from {table} as t")).lower()
    fetch(desk, told(desk)["link"])
    rows(desk.api.owner_url, "update privacy_package set expires_at = now() - interval '8 days'")

    async def forget() -> None:
        database = Database(desk.api.settings.database_url or "")
        await database.open()
        async with database.transaction() as tx:
            await forget_packages(tx)
        await database.close()

    asyncio.run(forget())
    counts = "select (select count(*) from privacy_export), (select count(*) from privacy_package)"
    assert rows(desk.api.owner_url, counts) == [(0, 0)]


def test_nothing_is_released_before_it_was_gathered(desk: Desk) -> None:
    made = act(desk, take_in(desk), "verify", CONFIRMED)
    assert press(desk, made, "release").status_code == 409
    assert desk.send("GET", f"{PATH}/{made['requestId']}/package", None, SUPPORT).status_code == 404


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("terminated abruptly")])
def test_an_archive_that_cannot_be_made_says_so_and_changes_nothing(
    gathered: tuple[Desk, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    desk, made = gathered

    class Full:
        def __init__(self, *_arguments: object) -> None:
            raise error

    monkeypatch.setattr(sealed_archive, "ProcessPoolExecutor", Full)
    answer = press(desk, made, "release")
    assert answer.status_code == 503
    assert shown(desk, made)["status"] == "review"


async def test_the_child_makes_what_we_would() -> None:
    sealed = await seal_archive({"a.json": b"{}"}, "one-two")
    for content in (sealed, make_archive({"a.json": b"{}"}, "one-two")):
        archive = zipfile.ZipFile(io.BytesIO(pyrage.passphrase.decrypt(content, "one-two")))
        assert archive.read("a.json") == b"{}"
