"""HTTP on a socket of our own: taken before anything costly is done, and ended in time though streams are open."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import time
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from backend.runtime.http_protocol import LimitedHttpProtocol

GRACE_SECONDS = 3
"""How long open answers may go on after the end was asked for."""


class PortTakenError(Exception):
    """The address cannot be listened on; the words say what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A socket bound to an address, port 0 for a free one. Raises PortTakenError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise PortTakenError(f"{host} is no address of this computer; choose another with --host") from None
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTakenError(
                f"port {port} on {host} is taken by another program; choose another with --port, "
                "or leave --port out to take a free one"
            ) from None
        if error.errno == errno.EACCES:
            raise PortTakenError(f"port {port} is reserved for the system; choose one above 1023 with --port") from None
        raise PortTakenError(f"cannot listen on {host}, port {port}: {error.strerror}") from None
    return bound


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop_requested = asyncio.Event()
        """The end was asked for."""

    async def main_loop(self) -> None:
        """As uvicorn's own, but it ends when it is asked to, not up to a tenth of a second later."""
        tick = 0
        while not await self.on_tick(tick):
            if tick % 10 == 0:
                self._enforce_deadlines()
            tick = (tick + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await self.stop_requested.wait()

    def _enforce_deadlines(self) -> None:
        now = time.monotonic()
        for connection in list(self.server_state.connections):
            if isinstance(connection, LimitedHttpProtocol):
                connection.enforce_deadlines(now)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's own, which gives open connections a tenth of a second; where none is open, nobody needs it."""
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for bound in sockets or []:
            bound.close()
        if not self.force_exit:
            await self.lifespan.shutdown()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the business of whoever runs this."""
        yield


class HttpServer:
    """One application on one socket."""

    def __init__(self, app: FastAPI, bound: socket.socket) -> None:
        self._socket, self._app = bound, app
        host, port = bound.getsockname()[:2]
        shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        self.url = f"http://{shown}:{port}"
        self._server = _Server(
            uvicorn.Config(
                app,
                http=LimitedHttpProtocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                backlog=512,
            )
        )

    async def run(self) -> None:
        """Serve until ``stop``."""
        await self._server.serve(sockets=[self._socket])

    async def wait_started(self) -> None:
        """Return when requests are answered; ``run`` must be on its way. Raises RuntimeError when it ended instead."""
        while not self._server.started:
            if self._server.should_exit:
                raise RuntimeError("the application did not start; see the log")
            await asyncio.sleep(0.005)

    def stop(self) -> None:
        """Ask for the end; open answers get three seconds."""
        # What goes on for ever is told, else each of it would use up the whole grace.
        for end in self._app.state.ending:
            end(self._app)
        self._server.should_exit = True
        self._server.stop_requested.set()
