"""The audit log cannot be changed, and no committed row is ever missed by a reader of positions."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import psycopg
import pytest

from backend.audit.relay import stamp
from backend.core import audit_trail
from backend.core.database import Database
from backend.core.settings import Settings
from backend.migrations.migrate import migrate
from tests.backend.audit.fixtures import all_stamped

CHANGES = ["update audit_log set actor = 'somebody else'", "delete from audit_log", "truncate audit_log"]


async def write(database: Database, number: int) -> None:
    async with database.transaction() as tx:
        await audit_trail.record(
            tx, actor="a", action="test.done", resource_type="thing", resource_id=str(number), after={"n": number}
        )


@pytest.mark.parametrize("statement", CHANGES)
async def test_the_application_cannot_change_the_log(open_database: Any, statement: str) -> None:
    async with open_database() as database:
        await write(database, 1)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
            async with database.transaction() as tx:
                await tx.execute(statement)


@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_it_by_mistake(owner_url: str, statement: str) -> None:
    with psycopg.connect(owner_url) as connection, pytest.raises(psycopg.Error, match="only grows"):
        connection.execute(statement)


async def test_a_change_that_is_rolled_back_leaves_no_row(open_database: Any) -> None:
    async def interrupted(database: Database) -> None:
        async with database.transaction() as tx:
            await audit_trail.record(tx, actor="a", action="b.c", resource_type="d", resource_id="e")
            raise InterruptedError

    async with open_database() as database:
        with pytest.raises(InterruptedError):
            await interrupted(database)
        async with database.read() as connection:
            assert await (await connection.execute("select count(*) from audit_log")).fetchone() == (0,)


async def test_sixteen_writers_never_lose_a_row_for_a_reader(database_url: str, settings: Settings) -> None:
    dice = random.Random(7)  # noqa: S311 - chance to test with, repeatable
    committed: set[str] = set()
    seen: list[tuple[int, str]] = []
    done = asyncio.Event()
    database = Database(database_url, size=20)
    await database.open()

    async def write(name: str) -> None:
        async with database.transaction() as tx:
            await audit_trail.record(tx, actor="w", action="test.done", resource_type="thing", resource_id=name)
            await asyncio.sleep(dice.random() * 0.08)
            if dice.random() < 0.2:
                raise InterruptedError
        committed.add(name)

    async def writer(which: int) -> None:
        for turn in range(8):
            with contextlib.suppress(InterruptedError):
                await write(f"{which}-{turn}")

    async def relay() -> None:
        while not done.is_set():
            await stamp(database, settings)
            await asyncio.sleep(0.01)

    async def reader() -> None:
        position = 0
        while True:
            last = done.is_set()
            if last:
                await all_stamped(database, settings)
            async with database.read() as connection:
                cursor = await connection.execute(
                    "select p.position, l.resource_id from audit_position p join audit_log l using (seq)"
                    " where p.position > %s order by p.position",
                    [position],
                )
                rows = await cursor.fetchall()
            seen.extend(rows)
            position = rows[-1][0] if rows else position
            if last:
                return
            await asyncio.sleep(0.005)

    helpers = [asyncio.create_task(work()) for work in (relay, relay, reader)]
    await asyncio.gather(*(writer(which) for which in range(16)))
    done.set()
    await asyncio.gather(*helpers)
    await database.close()
    assert [position for position, _ in seen] == list(range(1, len(seen) + 1))
    assert {name for _, name in seen} == committed
    assert len(seen) == len(committed)


async def test_the_relay_goes_on_after_a_restore_elsewhere(
    open_database: Any, owner_url: str, settings: Settings
) -> None:
    async with open_database() as database:
        await write(database, 1)
        await all_stamped(database, settings)
        await write(database, 2)
        with psycopg.connect(owner_url) as connection:
            # As in a dump from a server that had counted far further.
            connection.execute("update audit_relay set xid = '9000000000', system_id = system_id - 1")
        await write(database, 3)
        await stamp(database, settings)
        assert not migrate(owner_url)
        await write(database, 4)
        await all_stamped(database, settings)
        async with database.read() as connection:
            rows = await (
                await connection.execute(
                    "select position, l.resource_id from audit_position join audit_log l using (seq) order by 1"
                )
            ).fetchall()
    assert rows == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]
