"""A small HTTP server on loopback that misbehaves as told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from app.core.clock import Clock

Answer = Callable[["Asked"], Awaitable[bytes | None] | bytes | None]
RESET = b"reset"
"""An answer that resets the connection."""
SILENT = b"silent"
"""An answer that does not come, on a connection that does not end before whoever waits has given up."""


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Faulty:
    """``answer`` decides; ``None`` closes the connection without a word."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    streams: list[Asked] = field(default_factory=list)
    answer: Answer = lambda _asked: None
    events: asyncio.Queue[bytes] | None = None
    """What the live stream says, piece by piece, empty to end it; without one there is no stream."""


def http(
    body: Any,
    *,
    status: str = "200 OK",
    media: str = "application/json",
    date: datetime | None = None,
    marked: bool = True,
    **headers: str,
) -> bytes:
    """A complete answer; ``marked`` as those of the API."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {media}",
        f"Content-Length: {len(content)}",
        *(["X-Request-Id: 1"] if marked else []),
        f"Date: {format_datetime(date or datetime.now(UTC), usegmt=True)}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        "Connection: close",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def problem(code: str, status: int, detail: str, **headers: str) -> bytes:
    """A problem document."""
    body = {"type": "urn:x", "title": "T", "status": status, "detail": detail, "code": code}
    return http(body, status=f"{status} Problem", media="application/problem+json", **headers)


async def _send_events(state: Faulty, writer: asyncio.StreamWriter) -> None:
    if state.events is None:
        writer.write(problem("not-found", 404, "There is no stream here."))
        return
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n: connected\nid: 7\n\n"
    )
    while piece := await state.events.get():
        writer.write(piece)
        await writer.drain()


@contextlib.asynccontextmanager
async def faulty_server(port: int = 0) -> AsyncIterator[Faulty]:
    """Serve until the block ends."""
    state = Faulty()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            method, path, _ = head[0].split(" ")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, body)
            if path == "/api/operations/stream":
                state.streams.append(asked)
                await _send_events(state, writer)
                return
            state.asked.append(asked)
            result = state.answer(asked)
            content = await result if isinstance(result, Awaitable) else result
            if content is RESET:
                linger = struct.pack("ii", 1, 0)  # for no time: what follows is a reset, not an orderly end
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            elif content is SILENT:
                await reader.read()
            elif content is not None:
                writer.write(content)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    state.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield state
    finally:
        server.close()


class FakeClock(Clock):
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)
        self.mono = 1000.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def pass_seconds(self, seconds: float) -> None:
        from datetime import timedelta

        self.mono += seconds
        self.wall += timedelta(seconds=seconds)


class NoKeyring:
    """A computer without a keyring."""

    async def get(self, _target: str) -> str | None:
        raise OSError("none here")

    async def put(self, _target: str, _secret: str) -> None:
        raise OSError("none here")

    async def forget(self, _target: str) -> None:
        raise OSError("none here")


class MemoryKeyring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    async def get(self, target: str) -> str | None:
        return self.kept.get(target)

    async def put(self, target: str, secret: str) -> None:
        self.kept[target] = secret

    async def forget(self, target: str) -> None:
        self.kept.pop(target, None)
