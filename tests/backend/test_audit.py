"""The audit log cannot be changed, and no committed row is ever missed by a reader of positions."""

from __future__ import annotations

import asyncio
import random

import psycopg
import pytest

from backend import audit
from backend.audit.relay import stamp
from backend.database import Database
from backend.settings import Settings
from tests.conftest import opened


async def _write(database: Database, number: int) -> None:
    async with database.transaction() as tx:
        await audit.record(
            tx,
            actor="test",
            action="test.thing.done",
            resource_type="thing",
            resource_id=str(number),
            after={"n": number},
        )


@pytest.mark.parametrize(
    "statement",
    ["update audit_log set actor = 'somebody else'", "delete from audit_log", "truncate audit_log"],
)
async def test_the_application_cannot_change_the_log(settings: Settings, statement: str) -> None:
    async with opened(settings) as database:
        await _write(database, 1)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction() as tx:
                await tx.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["update audit_log set actor = 'somebody else'", "delete from audit_log", "truncate audit_log"],
)
def test_not_even_the_owner_changes_it_by_mistake(database_url: str, statement: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement)


async def test_no_committed_row_is_missed_under_sixteen_writers(settings: Settings) -> None:
    settings = settings.model_copy(update={"pool_size": 24})
    dice = random.Random(7)
    committed: set[int] = set()
    done = asyncio.Event()

    async with opened(settings) as database:

        async def writer(which: int) -> None:
            for turn in range(12):
                number = which * 1000 + turn
                try:
                    async with database.transaction() as tx:
                        await audit.record(
                            tx, actor="w", action="test.thing.done", resource_type="thing", resource_id=str(number)
                        )
                        await asyncio.sleep(dice.random() * 0.06)
                        if dice.random() < 0.2:
                            raise InterruptedError  # a fifth of them roll back
                    committed.add(number)
                except InterruptedError:
                    continue

        async def relay() -> None:
            while not done.is_set():
                await stamp(database)
                await asyncio.sleep(0.01)

        seen: list[tuple[int, str]] = []

        async def reader() -> None:
            position = 0
            while True:
                finished = done.is_set()
                if finished:
                    await stamp(database)
                async with database.read() as connection:
                    cursor = await connection.execute(audit.queries.read_after, {"position": position, "limit": 50})
                    names = [column.name for column in cursor.description or ()]
                    rows = await cursor.fetchall()
                for row in rows:
                    seen.append((row[0], row[names.index("resource_id")]))
                    position = row[0]
                if finished and not rows:
                    return
                await asyncio.sleep(0.005)

        helpers = [asyncio.create_task(relay()), asyncio.create_task(relay()), asyncio.create_task(reader())]
        await asyncio.gather(*(writer(which) for which in range(16)))
        done.set()
        await asyncio.gather(*helpers)

    assert [position for position, _ in seen] == list(range(1, len(seen) + 1))  # dense, in order
    assert {int(number) for _, number in seen} == committed
    assert len(seen) == len(committed)
