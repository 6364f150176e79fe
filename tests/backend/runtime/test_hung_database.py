"""A database that is there but does nothing: every request ends in time, with the last picture or with words."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psycopg
import pytest

from backend.core.settings import Settings
from backend.runtime.data_folder import prepare
from backend.runtime.embedded_postgres import OWNER, Embedded
from tests.conftest import Api, _seed, serve_in_thread

SECONDS_MOST = 10.0
"""On a busy machine; three on one of its own. Without the probe it is 22 to 30."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    running = Embedded(tmp_path / "data", durable=False)
    running.start()
    try:
        prepare(running, lambda _message, _fraction: None)
        yield running
    finally:
        running.stop()


def processes_of(url: str) -> list[int]:
    """The server's main process and all its others."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("select pg_read_file('postmaster.pid')").fetchone()
    main = int(rows[0].splitlines()[0]) if rows else 0
    children = Path(f"/proc/{main}/task/{main}/children").read_text()
    return [main, *map(int, children.split())]


@pytest.mark.skipif(sys.platform != "linux", reason="stops processes by their parent")
def test_nobody_waits_long_for_a_database_that_is_stopped(server: Embedded) -> None:
    settings = Settings(database_url=server.url(), token_key="k" * 40)
    asyncio.run(_seed(settings))
    url, stop = serve_in_thread(settings)
    api = Api(url, settings, "", stop)
    dashboard = f"{url}/api/operations/dashboard?range=7"
    assert httpx.get(dashboard, headers=api.headers(), timeout=30).status_code == 200
    stopped = processes_of(server.url(OWNER))
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        for path, status in (
            ("/api/operations/dashboard?range=7", 200),
            ("/api/operations/rbac/people", 503),
            ("/readyz", 503),
            ("/api/operations/dashboard?range=7", 200),
        ):
            began = time.monotonic()
            answer = httpx.get(
                f"{url}{path}",
                headers=api.headers("administrator" if "rbac" in path else "operations-lead"),
                timeout=30,
            )
            assert time.monotonic() - began < SECONDS_MOST, path
            assert answer.status_code == status, path
            if status == 503:
                assert answer.headers["Retry-After"]
            elif "dashboard" in path:
                assert answer.json()["degraded"]
    finally:
        for process in stopped:
            with suppress(ProcessLookupError):  # one that had been told to end while it stood
                os.kill(process, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while httpx.get(f"{url}/api/operations/rbac/me", headers=api.headers("viewer"), timeout=30).status_code != 200:
        assert time.monotonic() < deadline
    stop()


@pytest.mark.skipif(sys.platform != "linux", reason="stops processes by their parent")
def test_nobody_waits_long_for_single_processes_that_are_stopped(server: Embedded) -> None:
    """The server goes on and answers, and what we are connected to does not."""
    from backend.core.database import Database, DatabaseUnavailable

    async def ask() -> tuple[list[float], int]:
        database = Database(server.url(), size=4, statement_seconds=20)
        await database.open()

        async def own_process() -> int:
            async with database.read() as connection:
                await connection.execute("select pg_sleep(0.1)")
                return connection.info.backend_pid

        held = set(await asyncio.gather(*(own_process() for _ in range(4))))
        for process in held:
            os.kill(process, signal.SIGSTOP)
        waited, answered = [], 0
        try:
            while not answered:
                began = time.monotonic()
                with suppress(DatabaseUnavailable):
                    assert await own_process() not in held
                    answered += 1
                waited.append(time.monotonic() - began)
        finally:
            for process in held:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGCONT)
        await database.close()
        return waited, len(held)

    waited, held = asyncio.run(ask())
    assert max(waited) < SECONDS_MOST, waited
    assert len(waited) <= held + 1


def test_a_statement_that_only_takes_long_is_waited_for(database_url: str) -> None:
    from backend.core.database import Database

    async def sleep() -> object:
        database = Database(database_url, statement_seconds=20)
        await database.open()
        async with database.read() as connection:
            row = await (await connection.execute("select pg_sleep(2.5), 1")).fetchone()
        await database.close()
        return row and row[1]

    assert asyncio.run(sleep()) == 1


def test_not_ready_says_that_changes_are_refused(api: Api) -> None:
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute(
            "create function full_disk() returns trigger language plpgsql as"
            " $$ begin raise exception 'no room' using errcode = 'disk_full'; end $$;"
            "create trigger full_disk before insert or update on heartbeat execute function full_disk()"
        )
    checks = {each["name"]: each for each in httpx.get(f"{api.base_url}/readyz", timeout=10).json()["checks"]}
    assert checks["database"]["ok"]
    assert checks["writes"] == {"name": "writes", "ok": False, "detail": "the disk of the database is full"}


FULL = """create function full_disk() returns trigger language plpgsql as
$$ begin raise exception 'no room' using errcode = 'disk_full'; end $$;
create trigger full_disk before insert on incident execute function full_disk()"""


def test_whoever_changes_something_on_a_full_disk_is_told_so(api: Api) -> None:
    with psycopg.connect(api.owner_url, autocommit=True) as connection:
        connection.execute(FULL)
    answer = httpx.post(
        f"{api.base_url}/api/operations/incidents",
        json={"severity": "SEV2", "description": "Downloads fail"},
        headers=api.headers("operations-lead"),
        timeout=10,
    )
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.json()["detail"].startswith("The disk of the database is full: nothing was changed.")
