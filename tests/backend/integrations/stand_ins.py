"""Systems at the other end, on loopback: each keeps what it was asked, and then does well or badly as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import httpx

from models.deliveries.connections import ConnectionKind
from tests.backend.integrations.descriptions import check


class Fault(Enum):
    """What a system can do instead of answering."""

    SILENT = "takes the request and says nothing"
    CLOSED = "takes the request and closes"
    HALF_HEAD = "closes in the middle of the head"
    HALF_BODY = "closes in the middle of the body"
    STALLED = "says the head and never the body"
    NO_HTTP = "speaks something else"


@dataclass(frozen=True)
class Play:
    """One answer."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class StandIn:
    """Answers from ``plays``, the last one for ever. What does not fit the vendor's description is a complaint."""

    def __init__(self, kind: ConnectionKind, plays: Sequence[Play]) -> None:
        self._kind = kind
        self.plays = list(plays)
        self.always: dict[str, Play] = {}
        """Answers by the last part of the path, whatever else is played."""
        self.heard: list[Heard] = []
        self.complaints: list[str] = []
        self.url = ""
        self._ending = asyncio.Event()
        self._serving: set[asyncio.Task[None]] = set()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection on, as a task that is waited for at the end."""
        task = asyncio.create_task(self.serve(reader, writer))
        self._serving.add(task)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while not reader.at_eof():
                heard = await _request(reader)
                self._keep(heard)
                play = self.always.get(heard.path.partition("?")[0].rpartition("/")[2])
                if play is None:
                    play = self.plays.pop(0) if len(self.plays) > 1 else self.plays[0]
                writer.write(_bytes(play))
                await writer.drain()
                if play.fault in {Fault.SILENT, Fault.STALLED}:
                    await self._ending.wait()
                if play.fault is not None:
                    break
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    def _keep(self, heard: Heard) -> None:
        self.heard.append(heard)
        try:
            check(self._kind, heard.method, heard.path, heard.headers, heard.body)
        except Exception as error:  # noqa: BLE001 - whichever of the checker's many it is
            self.complaints.append(f"{heard.method} {heard.path}: {error!r} {error.__cause__!r}")

    async def end(self) -> None:
        """Let go of connections that wait."""
        self._ending.set()
        await asyncio.gather(*self._serving)


@asynccontextmanager
async def stand_in(kind: ConnectionKind, *plays: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[StandIn]:
    """One that runs."""
    made = StandIn(kind, plays or [Play()])
    server = await asyncio.start_server(made.accept, "127.0.0.1", 0, ssl=tls)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await made.end()
        await server.wait_closed()
    assert made.complaints == []


def http(seconds: float = 10.0) -> httpx.AsyncClient:
    """As the sender makes it, without the guard."""
    return httpx.AsyncClient(timeout=seconds, trust_env=False, follow_redirects=False)


async def _request(reader: asyncio.StreamReader) -> Heard:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Heard(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def _bytes(play: Play) -> bytes:
    if play.fault in {Fault.SILENT, Fault.CLOSED}:
        return b""
    if play.fault is Fault.NO_HTTP:
        return b"220 mail.example ESMTP\r\n"
    content = play.content
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content)), **play.headers}
    head = f"HTTP/1.1 {play.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if play.fault is Fault.HALF_HEAD:
        return head[: len(head) // 2].encode()
    if play.fault is Fault.STALLED:
        return head.encode() + b"\r\n"
    if play.fault is Fault.HALF_BODY:
        return head.encode() + b"\r\n" + content[: len(content) // 2]
    return head.encode() + b"\r\n" + content
