"""P6 and P12: how soon 200 consoles hear of a change, and whether a window stands still while a thousand arrive."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.shop import empty_database
from benchmarks.table import Result

CONSOLES = 200
CHANGES = 40
STREAM = "/api/operations/stream"


def _serve(url: str, key: str, pipe: Pipe) -> None:
    """An API and the relay of a worker, in a process of their own."""
    from backend.accounts.session.accounts import seed_role_accounts
    from backend.audit.relay import stamp
    from backend.core.database import Database
    from backend.core.settings import Settings
    from backend.runtime.asgi import create_app
    from backend.runtime.http_server import HttpServer, bind

    settings = Settings(database_url=url, token_key=key)  # type: ignore[arg-type]

    async def main() -> None:
        database = Database(url)
        await database.open()
        async with database.transaction() as tx:
            await seed_role_accounts(tx)

        async def relay() -> None:
            while True:
                await stamp(database, settings)
                await asyncio.sleep(0.25)

        task = asyncio.create_task(relay())
        http = HttpServer(create_app(settings, Database(url)), bind("127.0.0.1", 0))
        running = asyncio.create_task(http.run())
        await http.wait_started()
        pipe.send(http.url)
        await asyncio.to_thread(pipe.recv)
        http.stop()
        await running
        task.cancel()
        await database.close()

    asyncio.run(main())


async def _listen(host: str, port: int, token: str, heard: dict[str, list[float]], ready: asyncio.Event) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    try:
        while line := await reader.readline():
            if line.startswith(b": connected"):
                ready.set()
            elif line.startswith(b"data: ") and b'"resourceId":"b' in line:
                known = line.split(b'"resourceId":"')[1].split(b'"')[0].decode()
                heard.setdefault(known, []).append(time.perf_counter())
    finally:
        writer.close()


async def _p95(url: str, database_url: str, token: str, consoles: int) -> float:
    """Milliseconds from the commit of a change until a console has heard of it."""
    from backend.core import audit_trail
    from backend.core.database import Database

    host, port = url.removeprefix("http://").split(":")
    heard: dict[str, list[float]] = {}
    ready = [asyncio.Event() for _ in range(consoles)]
    tasks = [asyncio.create_task(_listen(host, int(port), token, heard, one)) for one in ready]
    await asyncio.gather(*(one.wait() for one in ready))
    database = Database(database_url, size=2)
    await database.open()
    committed: dict[str, float] = {}
    for n in range(CHANGES):
        known = f"b{consoles}-{n}"
        async with database.transaction() as tx:
            await audit_trail.record(
                tx, actor="bench", action="bench.changed", resource_type="alert", resource_id=known
            )
        committed[known] = time.perf_counter()
        await asyncio.sleep(0.137)  # against the rhythm of relay and follower
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await database.close()
    taken = [(at - committed[known]) * 1000 for known, times in heard.items() for at in times]
    if len(taken) != CHANGES * consoles:
        raise RuntimeError(f"{len(taken)} of {CHANGES * consoles} events were heard")
    return quantiles(taken, n=20)[-1]


def _delays() -> list[Result]:
    from datetime import UTC, datetime

    from backend.core.security import mint
    from backend.core.settings import Settings

    key = "b" * 40
    with empty_database() as server:
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(server.url(), key, there))
        process.start()
        try:
            url = here.recv()
            token, _ = mint(Settings(token_key=key), user_id="viewer", name="x", auth_time=datetime.now(UTC))  # type: ignore[arg-type]
            floor = asyncio.run(_p95(url, server.url(), token, 1))
            figure = asyncio.run(_p95(url, server.url(), token, CONSOLES))
        finally:
            here.send("end")
            process.join(20)
    return [
        Result(f"P6 live event, {CONSOLES} consoles, p95", figure, floor, "ms", 5.0),
        Result(f"P6 the same against one second, {CONSOLES} consoles", figure, 1000.0, "ms", 1.0),
    ]


def _stall() -> list[Result]:
    """The longest turn of a window's loop while a thousand events arrive within a second; Access workspace open."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    from tests.app.core.faulty_server import Faulty
    from tests.views.office import desk_of, office

    application: Any = QApplication.instance() or QApplication([])
    application.setQuitOnLastWindowClosed(False)

    async def main(folder: Path) -> float:
        async with office(folder) as made, desk_of(made):
            server: Faulty = made.server
            server.events = asyncio.Queue()
            async with asyncio.timeout(40):
                while made.console.stream.state != "live":  # noqa: ASYNC110 - whichever of its attempts succeeds
                    await asyncio.sleep(0.05)
            await asyncio.sleep(3)
            telling: Any = server.events._loop  # type: ignore[attr-defined] # noqa: SLF001 - the server's own thread's
            longest, ending = 0.0, asyncio.Event()

            async def feel() -> None:
                nonlocal longest
                before = time.perf_counter()
                while not ending.is_set():
                    await asyncio.sleep(0)
                    now = time.perf_counter()
                    longest, before = max(longest, now - before), now

            feeling = asyncio.create_task(feel())
            for batch in range(50):
                text = b"".join(
                    b'id: %d\nevent: %s\ndata: {"resourceType":"alert","resourceId":"%d"}\n\n' % (n, topic, n)
                    for n, topic in (
                        (batch * 20 + k + 10, (b"alerts", b"dashboard", b"roles")[k % 3]) for k in range(20)
                    )
                )
                telling.call_soon_threadsafe(server.events.put_nowait, text)
                await asyncio.sleep(0.02)
            await asyncio.sleep(1.5)
            ending.set()
            await feeling
            return longest * 1000

    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner,
    ):
        return [Result("P12 longest turn while 1 000 events arrive", runner.run(main(Path(folder))), 50.0, "ms", 1.0)]


def run() -> list[Result]:
    """All of them."""
    return [*_delays(), *_stall()]
