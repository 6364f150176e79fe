"""P17: a thousand alerts in a second reach a real console by the real stream: one incident, and no turn over 50 ms."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from benchmarks.shop import empty_database
from benchmarks.table import Result

ALERTS, BATCH = 1_000, 50
TURN_MS, SOON_MS = 50.0, 10_000.0
KEY, ROLE = "b" * 40, "operations-lead"
PATIENCE = 60
RULE = {
    "title": "Connections fail",
    "kind": "burst",
    "minutes": 5,
    "alerts": 5,
    "group": "deliveries",
    "least_severity": "P2",
    "severity": "SEV2",
}


RAISE = """
with raised as (
    insert into alert (id, version, valid_from, cause, title, severity, state, condition, raised_at, evaluated_at,
                       guidance, runbook_url, source, key)
    select uuidv7(), 1, now(), 'breached', 'Connection ' || n || ' answers nothing', 'P2', 'active', 'breached', now(),
           now(), 'Look whether it is up.', '', 'deliveries', 'connection:' || n
      from generate_series(%(first)s::int, %(last)s::int) as n
    returning id, title, severity)
insert into audit_log (actor, action, resource_type, resource_id, resource_label, version, after)
select 'system:worker', 'alerts.alert.raised', 'alert', id::text, title, 1, jsonb_build_object('severity', severity)
  from raised
"""
"""As the worker raises them, by the fifty: what is measured is how they arrive."""


def _serve(url: str, pipe: Pipe) -> None:
    """An API, and of a worker the relay and the rules that open incidents, in a process of their own."""
    from backend.accounts.session.accounts import seed_role_accounts
    from backend.audit.relay import stamp
    from backend.core.database import Database
    from backend.core.settings import Settings
    from backend.incidents.alerts.actions import create_rule, run_rules
    from backend.runtime.asgi import create_app
    from backend.runtime.http_server import HttpServer, bind
    from models.incidents.matrix import IncidentRuleDraft

    settings = Settings(database_url=url, token_key=KEY)  # type: ignore[arg-type]

    async def main() -> None:
        database = Database(url)
        await database.open()
        async with database.transaction() as tx:
            await seed_role_accounts(tx)
            await create_rule(tx, actor="bench", request=IncidentRuleDraft.model_validate(RULE))

        async def work() -> None:
            while True:
                await stamp(database, settings)
                await run_rules(database, settings)
                await asyncio.sleep(0.25)

        async def flood() -> float:
            begun = time.perf_counter()
            for batch in range(0, ALERTS, BATCH):
                async with database.transaction() as tx:
                    await tx.execute(RAISE, {"first": batch, "last": batch + BATCH - 1})
                await asyncio.sleep(max(0.0, begun + (batch + BATCH) / ALERTS - time.perf_counter()))
            return time.perf_counter() - begun

        working = asyncio.create_task(work())
        http = HttpServer(create_app(settings, Database(url)), bind("127.0.0.1", 0))
        running = asyncio.create_task(http.run())
        await http.wait_started()
        pipe.send(http.url)
        while await asyncio.to_thread(pipe.recv) == "flood":
            pipe.send(await flood())
        http.stop()
        await running
        working.cancel()
        await database.close()

    asyncio.run(main())


async def _watched(url: str, folder: Path, pipe: Pipe, application: Any) -> tuple[float, float, float]:
    """The longest turn in ms, the same with nothing to hear, and how long the incident took to have all of them."""
    from app.console import Console
    from app.core.connection_target import ConnectionTarget
    from app.incidents.domain import Incidents
    from backend.core.security import mint
    from backend.core.settings import Settings
    from models.accounts import Tokens
    from tests.app.core.faulty_server import NoKeyring
    from views.shell.application import ConsoleApplication

    now = datetime.now(UTC)
    token, _ = mint(Settings(token_key=KEY), user_id=ROLE, name="Lead", auth_time=now)  # type: ignore[arg-type]
    tokens = Tokens(access_token=token, expires_at=now + timedelta(minutes=10), as_of=now)
    console = Console(folder, ConnectionTarget(url=url), keyring=NoKeyring())  # type: ignore[arg-type]
    app = ConsoleApplication(application, console)
    try:
        await console.start()
        await console.session.take(tokens, remember=False)
        await console._after_sign_in()  # noqa: SLF001 - what signing in does next
        app.show(1920, 1080)
        await app.furnish()
        app.window.open_workspace("war-room")
        opened = console.of(Incidents).open()
        async with asyncio.timeout(PATIENCE):
            while console.stream.state != "live" or opened.sample is None:  # noqa: ASYNC110 - whatever comes last
                await asyncio.sleep(0.05)
        await asyncio.sleep(3)
        quiet = await _longest(asyncio.sleep(2))
        pipe.send("flood")

        async def all_there() -> float:
            begun = time.perf_counter()
            async with asyncio.timeout(PATIENCE):
                while sum(each.alerts for each in opened.sample.value) < ALERTS:  # type: ignore[union-attr] # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            return time.perf_counter() - begun

        taken: list[float] = []

        async def until_there() -> None:
            taken.append(await all_there())
            await asyncio.sleep(2)

        longest = await _longest(until_there())
        if len(opened.sample.value) != 1:  # type: ignore[union-attr]
            raise RuntimeError(f"{len(opened.sample.value)} incidents instead of one")  # type: ignore[union-attr]
        return longest, quiet, taken[0] * 1e3
    finally:
        app.close()
        await console.close()
        app.window.deleteLater()


async def _longest(doing: Any) -> float:
    """The longest turn of the loop in ms meanwhile."""
    longest, ending = 0.0, asyncio.Event()

    async def feel() -> None:
        nonlocal longest
        before = time.perf_counter()
        while not ending.is_set():
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, before = max(longest, now - before), now

    feeling = asyncio.create_task(feel())
    await doing
    ending.set()
    await feeling
    return longest * 1e3


def run() -> list[Result]:
    """The figures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication
    from qasync import QEventLoop

    from views.kit.theme import Theme

    application: Any = QApplication.instance() or QApplication([])
    application.setQuitOnLastWindowClosed(False)
    Theme(application).apply("dark")
    with empty_database() as server, tempfile.TemporaryDirectory() as folder:
        here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(server.url(), there))
        process.start()
        try:
            url = here.recv()
            with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
                longest, quiet, taken = runner.run(_watched(url, Path(folder), here, application))
            sent = here.recv() * 1e3
        finally:
            here.send("end")
            process.join(20)
    return [
        Result("P17 longest turn while 1 000 alerts arrive", longest, TURN_MS, "ms", 1.0),
        Result("P17 the same with nothing to hear", quiet, TURN_MS, "ms", 1.0),
        Result("P17 1 000 alerts are raised", sent, 1_000.0, "ms", 1.2),
        Result("P17 until one incident has all of them", taken, SOON_MS, "ms", 1.0),
    ]
