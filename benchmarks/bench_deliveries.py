"""P14: results of one entry to 20 lanes against one audit append; sending against bare httpx; commit to request."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from uuid import uuid4

import httpx
import psycopg

from backend.audit.relay import stamp
from backend.core import audit_trail
from backend.core.database import Connection, Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries import DeliveryPorts, EgressGuard, Message, Outcome, Result, Target, signed_headers
from backend.deliveries.connections import actions as connections
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending import actions
from backend.deliveries.sending.actions import Holder
from backend.deliveries.sending.sender import Sender
from backend.deliveries.sending.types import Row
from backend.deliveries.transport import http_client
from backend.runtime.embedded_postgres import DATABASE, OWNER
from benchmarks import table
from benchmarks.shop import empty_database
from models.deliveries.connections import (
    ConnectionKind,
    ConnectionRequest,
    ConnectionSettings,
    SecretRequest,
    WebhookSettings,
)

LANES = 20
ROUNDS = 300
ENTRIES = int(os.environ.get("OPSCONSOLE_BENCH_DELIVERIES", "200"))
WIDE = 10
LATENCIES = 40
GUARD = EgressGuard((ip_network("127.0.0.0/8"),))
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
FILL = (
    "insert into audit_log (actor, action, resource_type, resource_id, version)"
    " select 'bench', 'bench.thing.done', 'thing', i::text, 1 from generate_series(1, %s::int) as i"
)


def serve() -> None:
    """Take everything, in a process of its own; prints its port, then the arrival of each that is no canary."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
                await reader.readexactly(length)
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(main())


@dataclass
class Webhook:
    """A signed webhook, as wide as is wanted; notes when each request is sent."""

    sent_at: dict[str, float]
    kind: ConnectionKind = ConnectionKind.WEBHOOK
    width: int = WIDE
    rate: float | None = None
    one_by_one: bool = False

    def ordered(self, settings: ConnectionSettings) -> bool:
        """As the connection says."""
        return isinstance(settings, WebhookSettings) and settings.ordered

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        """One try."""
        self.sent_at.setdefault(message.id, time.time())
        body, headers = signed(target, message)
        answer = await client.post(getattr(target.settings, "url", ""), content=body, headers=headers)
        return Result(Outcome.SENT if answer.is_success else Outcome.RETRY, "", answer.status_code)


def signed(target: Target, message: Message) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a request."""
    content = {"type": message.type, "timestamp": message.at.isoformat(), "data": dict(message.data)}
    body = json.dumps(content).encode()
    headers = signed_headers(target.secrets, message.id, message.at, body)
    return body, headers | {"Content-Type": "application/json"}


async def connect(database: Database, store: SecretStore, url: str, *, ordered: bool) -> None:
    """Twenty endpoints, their canaries not due."""
    async with database.transaction() as tx:
        for number in range(LANES):
            settings = WebhookSettings(url=f"{url}/{number}", ordered=ordered)
            request = ConnectionRequest(name=f"{ordered}{number}", settings=settings, subscriptions=("bench.*",))
            key = await connections.create(tx, actor="bench", request=request)
            secret = SecretRequest(value="a-secret-of-a-bench")
            await connections.set_secret(tx, actor="bench", connection_id=key, store=store, request=secret)
        await tx.execute("update connection_health set canary_due_at = now() + interval '1 day'")


async def results_of_one_entry(database: Database, owner: psycopg.Connection) -> table.Result:
    """Twenty rows in one statement, and one entry of the log, in turns."""
    me = Holder(uuid4(), ())
    owner.execute("update lane set held_by = %s, held_until = now() + interval '1 day'", (me.id,))
    lanes = [row[0] for row in owner.execute("select id from lane where source = 'log' order by id").fetchall()]
    flushed, appended = [], []
    async with database.read() as connection:
        for position in range(1, ROUNDS + 1):
            rows = [Row(lane, position, "sent", 1, None, 0.0, 204, 0.01, None, None, None) for lane in lanes]
            begun = time.perf_counter()
            held = await actions.flush(connection, me, rows)
            flushed.append(time.perf_counter() - begun)
            assert len(held) == LANES  # noqa: S101 - a wrong answer has no speed
            begun = time.perf_counter()
            await append(connection, position)
            appended.append(time.perf_counter() - begun)
    owner.execute("truncate delivery")
    owner.execute(
        "update lane set held_by = null, held_until = '-infinity', cursor = (select position from audit_relay)"
    )
    return table.Result(
        "P14 results of one entry to 20 lanes",
        statistics.median(flushed) * 1e6,
        statistics.median(appended) * 1e6,
        "µs",
        1.3,
    )


async def append(connection: Connection, number: int) -> None:
    """One entry of the log."""
    await audit_trail.record(
        connection, actor="bench", action="other.thing.done", resource_type="thing", resource_id=str(number), version=1
    )


@asynccontextmanager
async def sending(database: Database, store: SecretStore, channel: Webhook) -> AsyncIterator[None]:
    """A sender at work."""
    sender = Sender(database, DeliveryPorts({ConnectionKind.WEBHOOK: channel}), store, GUARD)
    task = asyncio.create_task(sender.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def rate_of_sender(database: Database, store: SecretStore, owner: psycopg.Connection) -> float:
    """Requests a second, results written down."""
    owner.execute("truncate delivery")
    owner.execute("update lane set cursor = (select position from audit_relay), due_at = '-infinity'")
    owner.execute(FILL, (ENTRIES,))
    while owner.execute(
        "select count(*) from audit_log l where not exists (select from audit_position p where p.seq = l.seq)"
    ).fetchone() != (0,):
        await stamp(database, Settings())
    begun = time.perf_counter()
    async with sending(database, store, Webhook({})):
        sent = "select count(*) from delivery where state = 'sent'"
        while owner.execute(sent).fetchone() != (ENTRIES * LANES,):  # noqa: ASYNC110 - another process ends it
            await asyncio.sleep(0.05)
        return ENTRIES * LANES / (time.perf_counter() - begun)


async def rate_of_httpx(url: str, width: int) -> float:
    """The same requests by one client for each endpoint, and nothing else."""
    body = json.dumps({"type": "bench.thing.done", "timestamp": "2026-11-24T14:02:37Z", "data": {"id": "1"}}).encode()

    async def one(number: int) -> None:
        left = iter(range(ENTRIES))
        async with http_client(GUARD, width) as client:

            async def work() -> None:
                for _ in left:
                    await client.post(f"{url}/{number}", content=body)

            await asyncio.gather(*(work() for _ in range(width)))

    begun = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(LANES)))
    return ENTRIES * LANES / (time.perf_counter() - begun)


async def seconds_to_request(database: Database, store: SecretStore, owner: psycopg.Connection) -> float:
    """From the commit of an entry to the request, p95; the relay at its pace."""
    channel = Webhook({})

    async def relay() -> None:
        while True:
            await stamp(database, Settings())
            await asyncio.sleep(0.25)

    relaying = asyncio.create_task(relay())
    async with sending(database, store, channel):
        for _ in range(LATENCIES):
            owner.execute(FILL, (1,))
            await asyncio.sleep(0.1)
        await asyncio.sleep(2.0)
    relaying.cancel()
    rows = owner.execute(
        "select id::text, extract(epoch from at)::float8 from audit_log order by seq desc limit %s", (LATENCIES,)
    )
    waits = sorted(channel.sent_at.get(key, float("inf")) - at for key, at in rows.fetchall())
    return waits[int(0.95 * len(waits))]


async def _measure(url: str, owner_url: str, receiver: str) -> list[table.Result]:
    database = Database(url, size=12, statement_seconds=30)
    store = SecretStore(Key.read(Key.make(), "bench"), None)
    await database.open()
    found = []
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for ordered, width, words in ((True, 1, "20 lanes in order"), (False, WIDE, f"20 lanes of {WIDE}")):
            owner.execute(
                "truncate connection, connection_secret, connection_health, connection_hour, lane, delivery cascade"
            )
            await connect(database, store, receiver, ordered=ordered)
            if ordered:
                found.append(await results_of_one_entry(database, owner))
            pairs = [
                (await rate_of_sender(database, store, owner), await rate_of_httpx(receiver, width)) for _ in range(3)
            ]
            sent, bare = (statistics.median(each) for each in zip(*pairs, strict=True))
            found.append(table.Result(f"P14 sending, {words}", sent, bare, "/s", 0.5, at_least=True))
        seconds = await seconds_to_request(database, store, owner)
        found.append(table.Result("P14 from commit to 20 requests, p95", seconds, 1.0, "s", 2.0))
    await database.close()
    return found


def run() -> list[table.Result]:
    """On a database with fsync on, against a receiver in another process."""
    command = [sys.executable, "-c", "from benchmarks.bench_deliveries import serve; serve()"]
    with empty_database() as server, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None  # noqa: S101 - it was asked for
        receiver = f"http://127.0.0.1:{int(other.stdout.readline())}"
        try:
            return asyncio.run(_measure(server.url(), server.url(OWNER, DATABASE), receiver))
        finally:
            other.terminate()
