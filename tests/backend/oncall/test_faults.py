"""A worker is killed in the middle of a page, and the database is restarted under one: nobody is called twice."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg

from backend.core.database import Database
from backend.core.settings import Settings
from backend.oncall import PageSubject, page
from backend.oncall.pages.actions import move_on
from backend.runtime.data_folder import prepare
from backend.runtime.embedded_postgres import DATABASE, OWNER, Embedded
from backend.runtime.worker import Progress, Tick, repeat
from models.deliveries.connections import PagerDutySettings
from tests.backend.deliveries.fixtures import KEY, Post, post, until
from tests.backend.integrations.fixtures import TAKEN
from tests.backend.integrations.stand_ins import Fault, Play, stand_in
from tests.backend.oncall.fixtures import Desk, person, step
from tests.backend.oncall.worker_process import PAGERDUTY

ROOT = Path(__file__).parents[3]
SUBJECT = PageSubject("incident", "INC-1", "Downloads fail", "SEV1", "")
BLOCKED = "select 1 from pg_locks where not granted and relation = 'page_notice'::regclass"


@contextmanager
def worker(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that is killed at the end."""
    arguments = [sys.executable, "-m", "tests.backend.oncall.worker_process", url, KEY]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def in_the_middle(desk: Desk) -> AsyncIterator[None]:
    """The next step is due, and whoever takes it comes as far as its notices within the block, and no further."""
    with psycopg.connect(desk.url) as connection:
        connection.execute("lock table page_notice in access exclusive mode")
        desk.elapse(5)
        await until(lambda: desk.sql(BLOCKED))
        yield
        with suppress(psycopg.OperationalError):  # the database may have been stopped within the block
            connection.rollback()


async def begin(database: Database, policy: UUID, subject: PageSubject = SUBJECT) -> UUID:
    async with database.transaction() as tx:
        return await page(tx, policy, subject, actor="tester")


async def pager(it: Post, url: str) -> None:
    """The team is paged by PagerDuty."""
    key = await it.connect("", name="Pager", settings=PagerDutySettings(url=url), subscriptions=())
    it.sql("insert into route (team, severity, connection_id, mode) values ('operations', 'P1', %s, 'at_once')", key)


async def test_a_worker_killed_after_sending_repeats_what_the_pager_knows(database_url: str, owner_url: str) -> None:
    desk = Desk(owner_url)
    silent = Play(fault=Fault.SILENT)
    async with post(database_url, owner_url) as it, stand_in(PAGERDUTY, silent, TAKEN[PAGERDUTY]) as vendor:
        await pager(it, vendor.url)
        page_id = await begin(it.database, desk.policy(step(tellTeam=True)))
        with worker(database_url) as first:
            await until(lambda: vendor.heard)  # it has the page, and the worker waits for its answer
            first.kill()
        assert it.states() == {}
        with worker(database_url):
            await until(lambda: it.states() == {"sent": 1})
        sent = [each.json for each in vendor.heard]
    assert [(each["event_action"], each["dedup_key"]) for each in sent] == [("trigger", f"page:{page_id}")] * 2
    assert sent[0]["payload"]["custom_details"]["id"] == sent[1]["payload"]["custom_details"]["id"]
    assert desk.calls(page_id) == [[]]
    assert desk.sql("select count(*) from notice") == [(1,)]


async def test_a_worker_killed_within_a_step_has_not_taken_it(database_url: str, owner_url: str) -> None:
    desk = Desk(owner_url)
    async with post(database_url, owner_url) as it, stand_in(PAGERDUTY, TAKEN[PAGERDUTY]) as vendor:
        await pager(it, vendor.url)
        policy = desk.policy(step(tellTeam=True), step(tellTeam=True, after=5))
        page_id = await begin(it.database, policy)
        with worker(database_url) as first:
            await until(lambda: it.states() == {"sent": 1})
            async with in_the_middle(desk):
                first.kill()
                first.wait()
        assert desk.calls(page_id) == [[]]
        with worker(database_url):
            await until(lambda: it.states() == {"sent": 2})
        assert len(vendor.heard) == 2
    assert desk.calls(page_id) == [[], []]


async def test_pages_go_on_after_the_database_was_restarted_within_a_step(tmp_path: Path) -> None:
    server = Embedded(tmp_path / "data")
    await asyncio.to_thread(server.start)
    try:
        await asyncio.to_thread(prepare, server, lambda _message, _fraction: None)
        desk = Desk(server.url(OWNER, DATABASE))
        desk.people("ada", "bob", "cy")
        policy = desk.policy(step(person("ada")), step(person("bob"), after=5), step(person("cy"), after=5))
        database = Database(server.url())
        await database.open()
        subjects = [replace(SUBJECT, id=f"INC-{number}") for number in range(10)]
        pages = [await begin(database, policy, each) for each in subjects]
        tick = Tick("on-call pages", 0.1, move_on)
        turning = asyncio.create_task(repeat(tick, database, Settings(), Progress()))
        async with in_the_middle(desk):
            await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await until(lambda: [desk.calls(each) for each in pages] == [[["ada"], ["bob"]]] * len(pages))
        desk.elapse(5)
        await until(lambda: [desk.calls(each) for each in pages] == [[["ada"], ["bob"], ["cy"]]] * len(pages))
        turning.cancel()
        told = Counter(to for to, _ in desk.mails())
        assert told == {f"{name}@shop.example": len(pages) for name in ("ada", "bob", "cy")}
        await database.close()
    finally:
        await asyncio.to_thread(server.stop)
