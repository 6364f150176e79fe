"""What queries answered is shown in the next run until there is another answer, whatever query it is."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import NotSent
from app.core.freshness import Quality
from app.core.kept_samples import KEEP_SECONDS, KeptSamples
from app.core.query import Query, Sample
from app.core.snapshot import PAINT_KEY, Snapshot, read
from app.core.tasks import Tasks
from models.core.counts import Counts
from tests.app.answers import AS_OF
from tests.app.core.faulty_server import FakeClock, MemoryKeyring, NoKeyring

Listed = tuple[Counts, ...]


def counts(number: int) -> Listed:
    return (Counts(counts={"a": number}, as_of=AS_OF),)


class Run:
    """One run of a console: it can be started, asked and ended."""

    def __init__(self, path: Path, keyring: Any) -> None:
        self.clock, self.tasks, self.said = FakeClock(), Tasks(), list[str]()
        self.snapshot = Snapshot(path, self.said.append)
        self.kept = KeptSamples(
            self.snapshot, self.clock, self.tasks, keyring=keyring, target="p", say=self.said.append
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
async def run(path: Path, keyring: Any = None, *, start: bool = False) -> AsyncIterator[Run]:
    made = Run(path, keyring or NoKeyring())
    if start:
        await made.kept.start()
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
    async with run(path, start=True) as made:
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
    async with run(path, start=True) as first:
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
    assert second.said == [], "neither that it was written, nor once more that there is no keyring"


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


# --- sealed ----------------------------------------------------------------------------------------------------------


async def keep_one(path: Path, keyring: Any, number: int) -> list[str]:
    async with run(path, keyring, start=True) as made:
        query = made.query()
        made.kept.add(query, lambda: Listed)
        await made.answered(query, number)
    return made.said


async def seen(path: Path, keyring: Any) -> tuple[Listed | None, list[str]]:
    async with run(path, keyring) as made:
        query = made.query()
        made.kept.add(query, lambda: Listed)
        await made.kept.start()
    return (None if query.sample is None else query.sample.value), made.said


async def test_with_a_keyring_nothing_but_the_first_picture_can_be_read_in_the_file(tmp_path: Path) -> None:
    path, keyring = tmp_path / "s.db", MemoryKeyring()
    assert await keep_one(path, keyring, 123454321) == []
    assert kept_number(path) is None
    assert b"123454321" not in path.read_bytes()
    assert await seen(path, keyring) == (counts(123454321), [])
    assert [*keyring.kept] == ["p snapshot"]
    assert path.stat().st_mode & 0o077 == 0


async def test_without_a_keyring_it_is_kept_as_it_is_and_that_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    (said,) = await keep_one(path, NoKeyring(), 1)
    assert "unencrypted" in said
    assert kept_number(path) == 1
    assert await seen(path, NoKeyring()) == (counts(1), [])


async def test_what_was_kept_without_a_keyring_is_sealed_once_there_is_one(tmp_path: Path) -> None:
    path, keyring = tmp_path / "s.db", MemoryKeyring()
    await keep_one(path, NoKeyring(), 123454321)
    async with run(path, keyring, start=True) as made:
        made.snapshot.put("another", "[]", AS_OF, AS_OF)
    assert b"123454321" not in path.read_bytes()
    assert await seen(path, keyring) == (counts(123454321), [])


@pytest.mark.parametrize("lost", [{}, {"p snapshot": "no key"}, {"p snapshot": "A" * 43 + "="}])
async def test_a_key_that_is_lost_or_another_begins_anew_and_says_so_once(tmp_path: Path, lost: dict[str, str]) -> None:
    path, keyring = tmp_path / "s.db", MemoryKeyring()
    await keep_one(path, keyring, 1)
    keyring.kept = lost
    found, said = await seen(path, keyring)
    assert found is None
    assert len(said) == 1
    assert "another key" in said[0]
    assert await keep_one(path, keyring, 2) == []
    assert await seen(path, keyring) == (counts(2), [])


async def test_a_keyring_that_is_away_for_once_costs_nothing_that_is_sealed(tmp_path: Path) -> None:
    path, keyring = tmp_path / "s.db", MemoryKeyring()
    await keep_one(path, keyring, 1)
    found, (said,) = await seen(path, NoKeyring())
    assert found is None
    assert "unencrypted" in said
    assert await seen(path, keyring) == (counts(1), [])


async def test_what_is_sealed_under_one_name_opens_under_no_other(tmp_path: Path) -> None:
    path, keyring = tmp_path / "s.db", MemoryKeyring()
    await keep_one(path, keyring, 1)
    async with run(path, keyring, start=True) as made:
        made.snapshot.put("y", "[]", AS_OF, AS_OF)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("update sample set text = (select text from sample where key = 'y') where key = 'x'")
    found, _said = await seen(path, keyring)
    assert found is None


# --- how much --------------------------------------------------------------------------------------------------------


async def test_what_was_on_the_screen_the_longest_time_ago_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.core.snapshot.MOST_BYTES", 200_000)
    path = tmp_path / "s.db"
    async with run(path, start=True) as made:
        for number in range(40):
            query = made.query(f"q{number}")
            made.kept.add(query, lambda: Listed)
            made.answer = (Counts(counts={"a" * 10_000: number}, as_of=AS_OF),)
            if number != 39:
                with contextlib.closing(query.watch()):
                    made.clock.wall += timedelta(seconds=1)
            await query.refresh()
        # The first one is looked at again, and the last one by nobody.
        query = made.query("q0")
        made.kept.add(query, lambda: Listed)
        query.watch()
        await query.refresh()
        made.snapshot.put(PAINT_KEY, "picture", AS_OF, AS_OF)
        made.snapshot.close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        left = {key for (key,) in db.execute("select key from sample")}
    assert PAINT_KEY in left
    assert "q0" in left
    assert "q38" in left
    assert not left & {"q1", "q2", "q3", "q39"}
    assert path.stat().st_size < 600_000
    assert made.said[1:] == []


async def test_an_answer_that_is_too_large_is_not_kept_and_the_one_before_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "s.db"
    await keep_one(path, NoKeyring(), 1)
    monkeypatch.setattr("app.core.snapshot.VALUE_MOST_BYTES", 10)
    await keep_one(path, NoKeyring(), 2)
    assert kept_number(path) == 1


async def test_what_is_forgotten_is_neither_shown_nor_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    await keep_one(path, NoKeyring(), 123454321)
    async with run(path, start=True) as made:
        query = made.query()
        made.kept.add(query, lambda: Listed)
        await made.kept.start()
        assert query.sample is not None
        made.snapshot.put(PAINT_KEY, "picture", AS_OF, AS_OF)
        made.kept.forget()
        assert query.sample is None
    assert b"123454321" not in path.read_bytes()
    assert read(path, PAINT_KEY) is not None
