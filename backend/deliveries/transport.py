"""HTTP clients whose every connection goes through the egress guard. Apart, for httpx takes its time to import."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from functools import cache

import certifi
import httpcore
import httpx

from backend.deliveries.egress import EgressGuard

CONNECT_SECONDS = 5.0
SECONDS = 10.0


@cache
def _tls() -> ssl.SSLContext:
    """One for all: to read the certificates of the world takes a while."""
    return ssl.create_default_context(cafile=certifi.where())


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at, never to a name. TLS still asks for the name."""

    def __init__(self, guard: EgressGuard) -> None:
        self._guard = guard
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._guard.resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


class _GuardedTransport(httpx.AsyncHTTPTransport):
    def __init__(self, guard: EgressGuard, width: int) -> None:
        super().__init__(verify=_tls())
        # httpx has no argument for the network; rewriting addresses to numbers instead would share TLS connections
        # between names.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=width,
            max_keepalive_connections=width,
            keepalive_expiry=30.0,
            network_backend=_GuardedNetwork(guard),
        )


def http_client(guard: EgressGuard, width: int = 1) -> httpx.AsyncClient:
    """A client for one connection: as many requests at once as ``width``, no redirects, no proxy of the environment."""
    return httpx.AsyncClient(
        transport=_GuardedTransport(guard, width),
        timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "opsconsole"},
    )
