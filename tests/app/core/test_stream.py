"""The console's end of the live stream: it listens, goes on where it was, and falls back to polling, openly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from app.core import stream as streaming
from app.core.http_client import OperationsClient
from app.core.stream import Stream, StreamEvent, StreamState, events
from app.core.tasks import Tasks
from tests.app.core.faulty_server import Faulty, faulty_server


async def _lines(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def test_events_are_read_with_comments_pings_and_a_cut_off_end() -> None:
    found = [
        event
        async for event in events(
            _lines(": hello", "id: 4", "", "id:5", "event: alerts", "data: {", "data: }", "", "id: 6", "event: x")
        )
    ]
    assert found == [StreamEvent(4, "", ""), StreamEvent(5, "alerts", "{\n}")]


class Ear:
    """A stream, and what it told."""

    def __init__(self, server: Faulty) -> None:
        self.client = OperationsClient(server.url, "token")
        self.stream = Stream(lambda: self.client)
        self.topics: list[str] = []
        self.states: list[StreamState] = []
        self.tasks = Tasks()
        self.stream.received.connect(self.topics.append)
        self.stream.changed.connect(lambda: self.states.append(self.stream.state))
        self.stream.start(self.tasks.start)

    async def close(self) -> None:
        await self.tasks.close()
        await self.client.aclose()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not true():
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "FIRST_PAUSE", 0.02)


async def test_it_tells_topics_and_goes_on_after_the_last_position() -> None:
    async with faulty_server() as server:
        server.events = asyncio.Queue()
        ear = Ear(server)
        await until(lambda: ear.stream.state is StreamState.LIVE)
        await server.events.put(b"id: 8\nevent: alerts\ndata: {}\n\nid: 9\nevent: resync\nda")
        await server.events.put(b"ta: {}\n\n: ping\nid: 12\n\n")
        await until(lambda: len(ear.topics) == 3)
        assert ear.topics == ["resync", "alerts", "resync"], (
            "everything at first, then what is told; resync means everything"
        )
        await server.events.put(b"")
        await until(lambda: len(server.streams) == 2)
        assert "last-event-id" not in server.streams[0].headers
        assert server.streams[1].headers["last-event-id"] == "12"
        assert StreamState.POLLING not in ear.states, "a stream that ends and is back says nothing"
        await ear.close()


async def test_a_server_without_it_or_away_means_polling() -> None:
    async with faulty_server() as server:
        ear = Ear(server)
        await until(lambda: ear.stream.state is StreamState.POLLING)
        assert "no stream here" in ear.stream.detail
        server.events = asyncio.Queue()
        await until(lambda: ear.stream.state is StreamState.LIVE)
        await ear.close()


async def test_silence_counts_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SILENCE", 0.1)
    async with faulty_server() as server:
        server.events = asyncio.Queue()
        ear = Ear(server)
        await until(lambda: len(server.streams) >= 2)
        await ear.close()


async def test_it_stops_when_nobody_is_signed_in(tmp_path: Path) -> None:
    async with faulty_server() as server:
        server.events = asyncio.Queue()
        ear = Ear(server)
        await until(lambda: ear.stream.state is StreamState.LIVE)
        ear.stream.stop()
        assert ear.stream.state is StreamState.OFF
        await ear.close()


async def test_queries_rest_while_it_is_live_and_swarms_are_one_question() -> None:
    from app.core.query import LIVE_FACTOR, Queries, Query, Sample
    from tests.app.core.faulty_server import FakeClock

    clock, tasks, gate, asked = FakeClock(), Tasks(), asyncio.Event(), 0
    gate.set()

    async def fetch() -> Sample[Any]:
        nonlocal asked
        asked += 1
        return Sample(asked, clock.now(), clock.now(), clock.monotonic())

    queries = Queries()
    query = queries.get(
        "x", lambda: Query("x", fetch, clock=clock, tasks=tasks, gate=gate, poll=5.0, topics=frozenset({"alerts"}))
    )
    queries.set_live(live=True)
    assert query.interval == 5.0 * LIVE_FACTOR
    query.watch()
    await until(lambda: asked == 1)
    for _ in range(1_000):
        queries.invalidate("alerts")
    await until(lambda: asked == 2)
    for _ in range(1_000):
        queries.invalidate("alerts")
        await asyncio.sleep(0)
    assert asked == 2, "within a second of the last one told, they wait"
    queries.set_live(live=False)
    assert query.interval == 5.0
    await tasks.close()
