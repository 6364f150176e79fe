"""A receiver on loopback, a channel that signs, and a sender between them and a database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, TypeVar
from uuid import UUID

import httpx
import psycopg

from backend.audit.relay import queries as relay
from backend.core.database import Database
from backend.core.keys import Key
from backend.deliveries import (
    DeliveryPorts,
    EgressGuard,
    Exchange,
    Message,
    Outcome,
    Result,
    Target,
    signed_headers,
)
from backend.deliveries.connections import actions as connections
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.sender import Sender
from models.deliveries.connections import (
    ConnectionKind,
    ConnectionRequest,
    ConnectionSettings,
    SecretRequest,
    ShopSettings,
    WebhookSettings,
)

SECRET = "whsec_" + "c2VjcmV0LW9mLWEtdGVzdC0xMjM0NTY3OA=="
LOOPBACK = EgressGuard((ip_network("127.0.0.0/8"),))
KEY = Key.make()
STORE = SecretStore(Key.read(KEY, "test"), None)


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


Answer = tuple[int, dict[str, str]]


@dataclass
class Receiver:
    """Notes what comes and answers as ``plan`` says, by path: a status, or a function of the request."""

    got: list[Received] = field(default_factory=list)
    canaries: list[Received] = field(default_factory=list)
    plan: dict[str, int | Callable[[Received], int | Answer]] = field(default_factory=dict)
    hang: set[str] = field(default_factory=set)
    port: int = 0
    busy: dict[str, int] = field(default_factory=dict)
    busiest: dict[str, int] = field(default_factory=dict)
    delay: float = 0.0
    server: asyncio.Server | None = None
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def restart(self, pause: float) -> None:
        """As if killed: whatever is under way is cut off, and for a while nobody listens."""
        assert self.server is not None
        self.server.close()
        await self.end()
        await asyncio.sleep(pause)
        await self.start()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.accept, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        """Nobody is answered any more."""
        self.hang.clear()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)

    def url(self, path: str = "/in") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Received]:
        return [each for each in self.got if each.path == path]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError), closing(writer):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *lines = head.split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (each.partition(":") for each in lines if each)}
                body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
                request = Received(line.split()[1], headers, body, asyncio.get_running_loop().time())
                await self._answer(request, writer)

    def note(self, request: Received) -> None:
        (self.canaries if request.body.get("type") in {"canary", "test"} else self.got).append(request)

    async def _answer(self, request: Received, writer: asyncio.StreamWriter) -> None:
        path = request.path
        self.note(request)
        self.busy[path] = self.busy.get(path, 0) + 1
        self.busiest[path] = max(self.busiest.get(path, 0), self.busy[path])
        try:
            while path in self.hang:
                await asyncio.sleep(0.01)
            if self.delay:
                await asyncio.sleep(self.delay)
            plan = self.plan.get(path, 200)
            answer = plan(request) if callable(plan) else plan
        finally:
            self.busy[path] -= 1
        status, more = answer if isinstance(answer, tuple) else (answer, {})
        lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 2\r\n{lines}\r\n{{}}".encode())
        await writer.drain()


R = TypeVar("R", bound=Receiver)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    async with started(Receiver()) as receiver:
        yield receiver


@asynccontextmanager
async def started(receiver: R) -> AsyncIterator[R]:
    await receiver.start()
    try:
        yield receiver
    finally:
        if receiver.server is not None:
            receiver.server.close()
        await receiver.end()


@dataclass
class PlainChannel:
    """A signed webhook, as small as can be."""

    kind: ConnectionKind = ConnectionKind.WEBHOOK
    width: int = 10
    rate: float | None = None
    one_by_one: bool = False

    def ordered(self, settings: ConnectionSettings) -> bool:
        return isinstance(settings, WebhookSettings) and settings.ordered

    async def send(self, client: httpx.AsyncClient, target: Target, message: Message) -> Result:
        assert isinstance(target.settings, WebhookSettings | ShopSettings)
        body = json.dumps(
            {
                "type": message.type,
                "timestamp": message.at.isoformat(),
                "data": dict(message.data),
                "text": None if message.notice is None else message.notice.text,
            }
        ).encode()
        headers = signed_headers(target.secrets, message.id, message.at, body)
        answer = await client.post(target.settings.url, content=body, headers=headers)
        exchange = Exchange(f"POST {target.settings.url}", headers, body.decode(), dict(answer.headers), answer.text)
        outcome = {
            2: Outcome.SENT,
            4: Outcome.MISCONFIGURED,
        }.get(answer.status_code // 100, Outcome.RETRY)
        outcome = {410: Outcome.GONE, 413: Outcome.REFUSED, 422: Outcome.REFUSED, 429: Outcome.WAIT}.get(
            answer.status_code, outcome
        )
        after = answer.headers.get("retry-after")
        return Result(outcome, f"answered {answer.status_code}", answer.status_code, after and float(after), exchange)


@dataclass
class PlainShop(PlainChannel):
    """The same for commands; ``done`` says what the shop answers when asked about a command."""

    kind: ConnectionKind = ConnectionKind.SHOP
    done: dict[str, bool | None] = field(default_factory=dict)

    async def look_up(self, _client: httpx.AsyncClient, _target: Target, message: Message) -> bool | None:
        return self.done.get(message.id)


def ports(**more: Any) -> DeliveryPorts:
    return DeliveryPorts({ConnectionKind.WEBHOOK: PlainChannel(**more), ConnectionKind.SHOP: PlainShop()})


class Post:
    """A database with connections, its relay, and senders."""

    def __init__(self, database: Database, owner_url: str) -> None:
        self.database = database
        self.owner = psycopg.connect(owner_url, autocommit=True)
        self.entries = 0

    async def connect(
        self,
        url: str,
        *,
        name: str = "",
        ordered: bool = False,
        subscriptions: tuple[str, ...] = ("test.*",),
        **more: Any,
    ) -> UUID:
        settings = more.pop("settings", None) or WebhookSettings(url=url, ordered=ordered)
        request = ConnectionRequest(
            name=name or url, settings=settings, subscriptions=subscriptions, rate=more.get("rate")
        )
        async with self.database.transaction() as tx:
            found = await connections.create(tx, actor="test", request=request)
            await connections.set_secret(
                tx, actor="test", connection_id=found, store=STORE, request=SecretRequest(value=SECRET)
            )
        # As if it had been proved already: a canary of its own would come between.
        self.sql(
            "update connection_health set canary_due_at = now() + interval '1 hour' where connection_id = %s", found
        )
        return found

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.owner.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def record(self, count: int = 1, action: str = "test.thing.done") -> None:
        """Entries of the log, with their positions."""
        self.sql(
            "insert into audit_log (actor, action, resource_type, resource_id, version)"
            " select 'test', %s, 'thing', i::text, 1 from generate_series(%s::int, %s::int) as i order by i",
            action,
            self.entries + 1,
            self.entries + count,
        )
        self.entries += count
        self.stamp()

    def stamp(self) -> None:
        """As the relay does; a transaction of another test may hold it back."""
        while True:
            self.owner.execute(relay.stamp)
            if self.owner.execute(relay.lag).fetchone() == (0.0,):
                return

    async def test(self, connection_id: UUID) -> None:
        """As somebody who presses *Send test*, and waits for what became of it."""
        async with self.database.transaction() as tx:
            since = await connections.ask_for_proof(tx, actor="test", connection_id=connection_id)
        tried = "select 1 from connection_health where connection_id = %s and proof_tried_at > %s"
        await until(lambda: self.sql(tried, connection_id, since))

    @asynccontextmanager
    async def sending(
        self, given: DeliveryPorts | None = None, within: float = 2.0, guard: EgressGuard = LOOPBACK
    ) -> AsyncIterator[Sender]:
        sender = Sender(self.database, given or ports(), STORE, guard, within=within)
        task = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def states(self) -> dict[str, int]:
        return {str(state): count for state, count in self.sql("select state, count(*) from delivery group by 1")}


@asynccontextmanager
async def post(database_url: str, owner_url: str) -> AsyncIterator[Post]:
    database = Database(database_url, size=10)
    await database.open()
    try:
        it = Post(database, owner_url)
        with it.owner:
            yield it
    finally:
        await database.close()


async def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until it holds."""
    end = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < end, "it did not come to pass"
        await asyncio.sleep(0.02)


def ids(got: list[Received]) -> list[str]:
    return [each.id for each in got]


def order(got: list[Received]) -> list[int]:
    return [int(each.body["data"]["id"]) for each in got]
