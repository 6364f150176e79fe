"""What queries answered is shown in the next run until there is another answer, whatever query it is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.errors import NotSent
from app.core.freshness import Quality
from app.core.kept_samples import KEEP_SECONDS, KeptSamples
from app.core.query import Query, Sample
from app.core.snapshot import Snapshot, read
from app.core.tasks import Tasks
from models.core.counts import Counts
from tests.app.answers import AS_OF
from tests.app.core.faulty_server import FakeClock

Listed = tuple[Counts, ...]


def counts(number: int) -> Listed:
    return (Counts(counts={"a": number}, as_of=AS_OF),)


class Run:
    """One run of a console: it can be started, asked and ended."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self.clock, self.tasks, self.said = FakeClock(), Tasks(), list[str]()
        self.snapshot = Snapshot(path, self.said.append)
        self.kept = KeptSamples(
            self.snapshot, self.clock, self.tasks, keyring=keyring, place="p", say=self.said.append
        )
        self.gate = asyncio.Event()
        self.answer: Listed | None = None

    def query(self, key: str = "x") -> Query[Listed]:
        async def fetch() -> Sample[Listed]:
            if self.answer is None:
                raise NotSent("away")
            return Sample(self.answer, AS_OF, self.clock.now(), self.clock.monotonic())

        return Query(key, fetch, clock=self.clock, tasks=self.tasks, gate=self.gate)

    async def answered(self, query: Query[Listed], number: int) -> None:
        self.answer = counts(number)
        await query.refresh()

    async def close(self) -> None:
        self.kept.close()
        self.snapshot.close()
        await self.tasks.close()


@asynccontextmanager
async def run(path: Path) -> AsyncIterator[Run]:
    made = Run(path)
    try:
        yield made
    finally:
        await made.close()


def kept_number(path: Path) -> int | None:
    found = read(path, "x")
    return None if found is None else int(found.text.partition('"a":')[2].partition("}")[0])


@pytest.mark.parametrize("early", [True, False], ids=["known at the start", "opened later"])
async def test_the_last_answer_is_shown_until_there_is_another(tmp_path: Path, early: bool) -> None:
    path = tmp_path / "s.db"
    async with run(path) as first:
        query = first.query()
        first.kept.add(query, lambda: Listed)
        await first.kept.start()
        assert query.sample is None
        await first.answered(query, 1)
        await first.answered(query, 2)
    async with run(path) as second:
        query = second.query()
        if not early:
            await second.kept.start()
        second.kept.add(query, lambda: Listed)
        if early:
            await second.kept.start()
        async with asyncio.timeout(5):
            while query.sample is None:
                await asyncio.sleep(0.001)
        assert query.sample.value == counts(2)
        assert query.sample.as_of == AS_OF
        assert query.sample.received_mono is None
        assert query.quality is Quality.STALE
        await query.refresh()
        assert query.quality is Quality.DISCONNECTED, "nobody answers, and it can still be read"
        assert query.sample.value == counts(2)
        await second.answered(query, 3)
        assert query.sample.value == counts(3)


async def test_it_is_written_now_and_then_and_the_last_one_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with run(path) as made:
        query = made.query()
        made.kept.add(query, lambda: Listed)
        for number in range(5):
            await made.answered(query, number)
        made.snapshot.close()
        assert kept_number(path) == 0
        made.clock.mono += KEEP_SECONDS
        await made.answered(query, 7)
        await made.answered(query, 8)
        made.snapshot.close()
        assert kept_number(path) == 7
    assert kept_number(path) == 8


async def test_what_was_only_shown_again_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    async with run(path) as first:
        query = first.query()
        first.kept.add(query, lambda: Listed)
        await first.answered(query, 1)
    with sqlite3.connect(path) as db:
        db.execute("create trigger no_write before update on sample begin select raise(abort, 'written'); end")
    async with run(path) as second:
        query = second.query()
        second.kept.add(query, lambda: Listed)
        await second.kept.start()
        query.reapply()
        second.clock.mono += timedelta(hours=1).total_seconds()
    assert second.said == []


@pytest.mark.parametrize("text", ["{", "[]x", '[{"counts": 1}]', "null"])
async def test_what_does_not_fit_is_as_if_there_were_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.db"
    async with run(path) as made:
        made.snapshot.put("x", text, AS_OF, AS_OF)
        made.snapshot.close()
        query = made.query()
        made.kept.add(query, lambda: Listed)
        await made.kept.start()
        assert query.sample is None
