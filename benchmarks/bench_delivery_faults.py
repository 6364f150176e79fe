"""P15: a P1 alert until Slack and PagerDuty are asked, also with one dead; one endpoint hangs and the others go on.

Time runs ten times as fast where something hangs: limits, pauses and probes are a tenth, so a minute stands for ten.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

import psycopg

from backend.alerts import raise_alert
from backend.audit.relay import stamp
from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries import DeliveryPorts, plan
from backend.deliveries.connections import actions as connections
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.sender import Sender
from backend.integrations.channels import channels
from backend.runtime.embedded_postgres import DATABASE, OWNER
from benchmarks import table
from benchmarks.bench_deliveries import FILL, GUARD, LANES
from benchmarks.shop import empty_database
from models.alerts import Severity
from models.deliveries.connections import (
    ConnectionRequest,
    ConnectionSettings,
    PagerDutySettings,
    SecretRequest,
    SlackSettings,
    WebhookSettings,
)

ALERTS = int(os.environ.get("OPSCONSOLE_BENCH_ALERTS", "15"))
FASTER = 10.0
WELL, HANGS = 30.0, 60.0
"""Seconds all is well, and that one hangs: ten minutes, ten times as fast."""
PACE = 0.5
"""Seconds from entry to entry."""
RATE = 5.0
"""Messages a second of the one that hangs."""
SLACK = {"ok": True, "channel": "C0123456", "ts": "1732456957.000100", "message": {}}
PAGERDUTY = {"status": "success", "message": "Event processed", "dedup_key": "alert"}


class Systems:
    """Every outside system at one port: notes when each was asked, and may hang by path."""

    def __init__(self) -> None:
        self.asked: dict[str, list[tuple[str, float]]] = defaultdict(list)
        """What a request was about and when it came, by path."""
        self.hang: set[str] = set()
        self.url = ""

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take requests, one after the other."""
        try:
            while True:
                line, *heads = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in heads)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                path = line.split()[1]
                while path in self.hang:  # noqa: ASYNC110 - it ends for many at once
                    await asyncio.sleep(0.05)
                self.asked[path].append((headers.get("webhook-id") or body.decode(), time.time()))
                status, answer = self._answer(path)
                content = json.dumps(answer).encode()
                head = (
                    f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
                )
                writer.write(head.encode() + content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    @staticmethod
    def _answer(path: str) -> tuple[int, dict[str, Any]]:
        if path.startswith("/api/"):
            return 200, SLACK
        return (202, PAGERDUTY) if path.startswith("/v2/") else (200, {})


@asynccontextmanager
async def systems() -> AsyncIterator[Systems]:
    """Run them."""
    found = Systems()
    server = await asyncio.start_server(found.accept, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        found.hang.clear()
        server.close()


@asynccontextmanager
async def at_work(database: Database, store: SecretStore, within: float = 10.0) -> AsyncIterator[None]:
    """A sender with its real channels, and a relay at its pace."""

    async def no_addresses(_host: str, _port: int) -> tuple[str, ...]:
        return ()

    async def relay() -> None:
        while True:
            await stamp(database, Settings())
            await asyncio.sleep(0.25)

    sender = Sender(database, DeliveryPorts(channels(no_addresses)), store, GUARD, within=within)
    tasks = [asyncio.create_task(sender.run()), asyncio.create_task(relay())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def connect(
    database: Database, store: SecretStore, settings: ConnectionSettings, *actions: str, rate: float | None = None
) -> UUID:
    """One connection that was proved already."""
    name = f"{settings.kind} {getattr(settings, 'url', '')}"
    async with database.transaction() as tx:
        request = ConnectionRequest(name=name, settings=settings, subscriptions=actions, rate=rate)
        key = await connections.create(tx, actor="bench", request=request)
        secret = SecretRequest(value="a-secret-of-a-bench-0123456789ab")
        await connections.set_secret(tx, actor="bench", connection_id=key, store=store, request=secret)
        await tx.execute("update connection_health set canary_due_at = now() + interval '1 day'")
    return key


def p95(values: list[float]) -> float:
    """All of them count: what never came is infinite."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


async def alerts_told(database: Database, found: Systems, *paths: str) -> list[float]:
    """Raise P1 alerts one after the other; seconds from each commit to the request of the slower system."""
    waits = []
    for number in range(ALERTS):
        title = f"bench-{time.time_ns()}-{number}"  # the same in each form of a body
        async with database.transaction() as tx:
            await raise_alert(tx, source="bench", key=title, title=title, severity=Severity.P1, guidance="Look.")
        begun = time.time()
        ends = begun + 20.0
        came: dict[str, float] = {}
        while len(came) < len(paths) and time.time() < ends:
            await asyncio.sleep(0.01)
            came = {
                path: next(at for what, at in found.asked[path] if title in what)
                for path in paths
                if any(title in what for what, _ in found.asked[path])
            }
        waits.append(max(came.values()) - begun if len(came) == len(paths) else float("inf"))
        await asyncio.sleep(1.1)  # Slack takes one a second
    return waits


async def _alerts(database: Database, store: SecretStore, owner: psycopg.Connection) -> list[table.Result]:
    async with systems() as found:
        slack = await connect(database, store, SlackSettings(channel="C0123456", url=f"{found.url}/api"))
        pager = await connect(database, store, PagerDutySettings(url=found.url))
        owner.execute(
            "insert into route (team, severity, connection_id, mode)"
            " select 'operations', 'P1', c, 'at_once' from unnest(%s::uuid[]) as c",
            ([slack, pager],),
        )
        asked = "/api/chat.postMessage", "/v2/enqueue"
        async with at_work(database, store):
            both = await alerts_told(database, found, *asked)
            owner.execute(
                "update connection set settings = settings || %s::jsonb, version = version + 1 where id = %s",
                (json.dumps({"url": "http://127.0.0.1:9"}), pager),
            )
            one = await alerts_told(database, found, asked[0])
        dead = owner.execute("select problem from connection_health where connection_id = %s", (pager,)).fetchone()
        assert dead is not None and "nobody listens" in dead[0], dead  # noqa: S101, PT018 - it is said to be dead
    return [
        table.Result("P15 P1 alert to Slack and PagerDuty, p95", p95(both), 1.0, "s", 2.0),
        table.Result("P15 the same to Slack, PagerDuty dead, p95", p95(one), 1.0, "s", 2.0),
    ]


async def _entries(owner: psycopg.Connection, seconds: float) -> tuple[list[str], float]:
    """Write entries at their pace; their ids, and by how much the loop was late at the worst of twenty turns."""
    ids, late = [], []
    ends = time.time() + seconds
    while time.time() < ends:
        owner.execute(FILL, (1,))
        row = owner.execute("select id::text from audit_log order by seq desc limit 1").fetchone()
        assert row is not None  # noqa: S101 - it was just written
        ids.append(row[0])
        begun = time.monotonic()
        await asyncio.sleep(PACE)
        late.append(time.monotonic() - begun - PACE)
    return ids, p95(late)


def _waits(owner: psycopg.Connection, found: Systems, ids: list[str]) -> list[float]:
    """From commit to arrival at each that is well."""
    written = dict(
        owner.execute("select id::text, extract(epoch from at)::float8 from audit_log where id::text = any(%s)", (ids,))
    )
    waits = []
    for number in range(1, LANES):
        came: dict[str, float] = {}
        for key, at in found.asked[f"/{number}"]:
            came.setdefault(key, at)
        waits += [came.get(key, float("inf")) - written[key] for key in ids]
    return waits


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    ends = time.time() + seconds
    while not condition() and time.time() < ends:  # noqa: ASYNC110 - another process ends it
        await asyncio.sleep(0.1)


async def _hang(database: Database, store: SecretStore, owner: psycopg.Connection) -> list[table.Result]:
    plan.PROBES = tuple(each / FASTER for each in plan.PROBES)  # type: ignore[misc, assignment]
    plan.STEPS = tuple(each / FASTER for each in plan.STEPS)  # type: ignore[misc, assignment]
    async with systems() as found:
        for number in range(LANES):
            settings = WebhookSettings(url=f"{found.url}/{number}", ordered=True)
            await connect(database, store, settings, "bench.*", rate=RATE if number == 0 else None)
        async with at_work(database, store, 10.0 / FASTER):
            await _entries(owner, 5.0)  # everything is imported and connected
            before, calm = await _entries(owner, WELL)
            await _until(lambda: all(len(found.asked[f"/{n}"]) >= len(before) for n in range(LANES)), 10.0)
            found.hang.add("/0")
            begun = time.time()
            during, late = await _entries(owner, HANGS)
            await _until(lambda: max(_waits(owner, found, during)) < float("inf"), 10.0)
            found.hang.clear()
            wanted = set(during)
            await _until(lambda: wanted <= {key for key, _ in found.asked["/0"]}, 120.0)
        drained: dict[str, float] = {}
        for key, at in found.asked["/0"]:
            if key in wanted and at > begun + HANGS:
                drained.setdefault(key, at)
        in_order = [key for key in during if key in drained]
        assert list(drained) == in_order, "the backlog came out of order"  # noqa: S101 - a wrong order has no speed
        times = list(drained.values())
        gaps = [after - each for each, after in pairwise(times)]
        assert min(gaps) >= 1.0 / RATE, min(gaps)  # noqa: S101 - nor has too fast
    well, hung = (_waits(owner, found, ids) for ids in (before, during))
    return [
        table.Result("P16 others, one hangs 10 min (as 1), p95", p95(hung), p95(well), "s", 1.1),
        table.Result("P16 a turn of the same process late, p95", late, max(calm, 0.05), "s", 1.5),
        table.Result("P16 backlog drained, at its rate", len(drained) / (times[-1] - times[0]), RATE, "/s", 1.0),
    ]


async def _measure(url: str, owner_url: str) -> list[table.Result]:
    database = Database(url, size=12, statement_seconds=30)
    store = SecretStore(Key.read(Key.make(), "bench"), None)
    await database.open()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        found = await _alerts(database, store, owner)
        owner.execute("update connection set ready = false")
        found += await _hang(database, store, owner)
    await database.close()
    return found


def run() -> list[table.Result]:
    """On a database with fsync on; systems and sender share a process, as a worker and its loop do."""
    with empty_database() as server:
        return asyncio.run(_measure(server.url(), server.url(OWNER, DATABASE)))
