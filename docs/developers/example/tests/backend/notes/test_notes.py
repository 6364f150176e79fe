"""Notes on a real API: written once, audited, told, counted, and looked at by a job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg

from backend.audit.relay import stamp
from backend.core.sample_shop import SampleShop
from backend.core.settings import Settings
from backend.migrations.migrate import current
from backend.migrations.revisions import newest
from backend.notes.sample import create
from backend.runtime import jobs
from tests.backend.live.test_live import listening
from tests.conftest import Api

NOTES = "/api/operations/notes"
TEXT = "Look at https://status.example.com first."


class Shift:
    """Somebody who leads operations."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = self._api.headers() | options.pop("headers", {})
        return httpx.request(method, self._api.base_url + path, headers=headers, timeout=10, **options)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", f"{NOTES}{path}", json=body, headers=given)

    def found(self, path: str, **query: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.send("GET", path, params=query).raise_for_status().json()
        return found

    def notes(self, **query: Any) -> dict[str, Any]:
        return self.found(NOTES, **query)

    def audited(self) -> list[str]:
        return [entry["action"] for entry in self.found("/api/operations/audit", resourceType="note")["items"]]

    def counted(self) -> int:
        return int(self.found("/api/operations/counts")["counts"]["notes.open"])


async def stamped(api: Api, open_database: Callable[[], Any]) -> None:
    async with open_database() as database:
        await stamp(database, api.settings)


def test_its_branch_of_migrations_ran_beside_the_others(owner_url: str) -> None:
    with psycopg.connect(owner_url) as connection:
        assert current(connection) == newest() > {"notes_0001"}


async def test_a_note_is_written_once_audited_and_listed(api: Api, open_database: Callable[[], Any]) -> None:
    shift = Shift(api)
    first = shift.post("", {"text": TEXT}, Idempotency_Key="one")
    again = shift.post("", {"text": TEXT}, Idempotency_Key="one")
    assert (first.status_code, first.headers["etag"]) == (201, '"1"')
    assert again.json() == first.json()
    shift.post("", {"text": "Second"})
    page = shift.notes(limit=1)
    assert [note["text"] for note in page["items"]] == ["Second"]
    assert [note["text"] for note in shift.notes(cursor=page["nextCursor"])["items"]] == [TEXT]
    await stamped(api, open_database)
    assert shift.audited() == ["notes.note.written"] * 2


async def test_only_the_version_that_was_seen_is_finished(api: Api) -> None:
    shift = Shift(api)
    path = f"/{shift.post('', {'text': TEXT}).json()['id']}/finish"
    assert shift.post(path).status_code == 428
    assert shift.post(path, If_Match='"7"').status_code == 412
    assert shift.counted() == 1
    assert shift.post(path, If_Match='"1"').headers["etag"] == '"2"'
    assert shift.post(path, If_Match='"1"').json()["version"] == 2, "the same wish again"
    assert (shift.counted(), shift.notes()["items"]) == (0, [])


async def test_a_job_finds_the_links_and_the_stream_tells_of_it(
    api: Api, settings: Settings, open_database: Callable[[], Any]
) -> None:
    shift = Shift(api)
    async with listening(api) as heard, open_database() as database, asyncio.TaskGroup() as group:
        work = group.create_task(jobs.work(settings.database_url or "", database, settings))
        shift.post("", {"text": TEXT})
        async with asyncio.timeout(20):
            while heard.topics().count("notes") < 2:
                await stamp(database, settings)
                await asyncio.sleep(0.02)
        work.cancel()
    (note,) = shift.notes()["items"]
    assert (note["links"], note["version"]) == (["https://status.example.com"], 2)
    assert shift.audited() == ["notes.note.linked", "notes.note.written"]


async def test_the_sample_shop_has_a_note(api: Api, open_database: Callable[[], Any]) -> None:
    now = datetime.now(UTC)
    shop = SampleShop(now, now, now, "EUR", None, lambda _done: None, api.settings)  # type: ignore[arg-type]
    async with open_database() as database, database.transaction() as tx:
        await create(tx, shop)
    (note,) = Shift(api).notes()["items"]
    assert note["writtenBy"] == "system:sample-shop"
