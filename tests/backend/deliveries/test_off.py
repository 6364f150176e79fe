"""With every setting unset a whole worker runs and nothing tries the network; the API says that nothing is set up."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from backend.core.capability import Tick
from backend.core.settings import Settings
from backend.deliveries.connections.reads import connections
from backend.deliveries.watching.dead_man import sign_of_life
from backend.runtime.worker import Progress, ticks, work
from tests.backend.deliveries.fixtures import post, until


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Whatever would leave the machine; all of it is refused. The database is reached by libpq, which is not Python."""
    found: list[object] = []

    def refuse(*arguments: object, **_more: object) -> Any:
        found.append(arguments)
        raise OSError("a test refuses all egress")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    return found


async def test_with_every_setting_unset_nothing_tries_the_network(
    database_url: str, owner_url: str, tried: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=database_url)
    turned: set[str] = set()
    note = Progress.note

    def count(progress: Progress, tick: Tick) -> None:
        note(progress, tick)
        turned.add(tick.name)

    monkeypatch.setattr(Progress, "note", count)
    async with post(database_url, owner_url) as it:
        it.record(20)
        stop = asyncio.Event()
        working = asyncio.create_task(work(settings, stop))
        try:
            await until(lambda: turned >= {each.name for each in ticks(settings)}, 120.0)
        finally:
            stop.set()
            await working
        async with it.database.read() as connection:
            assert await connections(connection) == []
        assert it.states() == {}
    assert tried == []


async def test_whatever_tried_it_would_be_seen(database_url: str, owner_url: str, tried: list[object]) -> None:
    async with post(database_url, owner_url) as it:
        await sign_of_life(it.database, Settings(dead_man_url="https://watch.example/7"))
    assert tried
