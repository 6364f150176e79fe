"""Leases: the API lives as long as some console holds a connection to it.

The kernel closes the connections of a killed process, so nothing depends on anybody tidying up. Protocol: connect to
the lease port on loopback, send one JSON line ``{"token": …, "as": role or null}``, read one JSON line, keep the
connection. Whoever sends another line gives the lease back: nobody will come again, as somebody might whose connection
broke, and ``{"ending": …}`` says whether the API ends by that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

HANDSHAKE_SECONDS = 5.0

Admit = Callable[[str | None], Awaitable[dict[str, Any]]]
"""What a console gets for the role it asks for; raises ValueError with words for it when it cannot."""
GivenBack = Callable[[], bool]
"""The last lease was given back; whether all ends by that."""


class Leases:
    """Counts who holds one."""

    def __init__(self, admit: Admit, given_back: GivenBack) -> None:
        self.token = secrets.token_urlsafe(32)
        self.port = 0
        self.ever = False
        self._admit = admit
        self._given_back = given_back
        self._held = 0
        self._since = time.monotonic()
        self._server: asyncio.Server | None = None

    @property
    def unheld_seconds(self) -> float:
        """How long nobody has held one; 0 while somebody does."""
        return 0.0 if self._held else time.monotonic() - self._since

    async def open(self) -> None:
        """Listen on a free port of loopback; nobody can be late before this."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._since = time.monotonic()

    def close(self) -> None:
        """Listen no more. Connections end with the process."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await self._answer(reader)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            if answer["ok"] and await self._hold(reader):
                ending = not self._held and self._given_back()
                writer.write(json.dumps({"ending": ending}).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # gone in the middle, or we end: either way there is nobody to tell
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            line = await reader.readline()
        try:
            asked = json.loads(line)
            token, role = str(asked["token"]), asked.get("as")
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"ok": False, "error": "that was no lease request"}
        if not secrets.compare_digest(token.encode(), self.token.encode()):
            return {"ok": False, "error": "the token is not the one in serve.json"}
        try:
            return {"ok": True, **await self._admit(role)}
        except ValueError as error:
            return {"ok": False, "error": str(error)}

    async def _hold(self, reader: asyncio.StreamReader) -> bool:
        """Until it is given back, or its holder is gone: then False."""
        self._held += 1
        self.ever = True
        try:
            return bool(await reader.read(1024))
        finally:
            self._held -= 1
            self._since = time.monotonic()
