"""The connection to an operations API. No Qt, no state but the connection pool: usable as an SDK.

What there is to ask for is in the ``requests`` module of each capability, as functions over a client.

Reads are repeated with jitter when the server could not be reached or was busy; writes are sent once, with an
idempotency key, so that the caller may repeat them safely.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar
from uuid import uuid4

import httpx

from app.core.backoff import pause
from app.core.errors import (
    BadAnswer,
    NotSent,
    OperationsError,
    SignedOut,
    TimedOut,
    Unreachable,
)
from app.core.responses import (
    check_media,
    content_of,
    is_from_api,
    kept_text,
    read,
    refusal,
    server_time,
    words_of,
    worth_repeating,
)
from app.core.tokens import TokenSource
from models.core.base import Record, Request

R = TypeVar("R", bound=Record)

TIMEOUT = httpx.Timeout(connect=3.0, read=8.0, write=5.0, pool=5.0)
WHOLE_SECONDS = 20.0
"""For one request from first to last byte: an answer that drips for ever never meets the read timeout."""
READ_ATTEMPTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0

NOT_MODIFIED = 304

OnAnswer = Callable[[datetime | None], None]
OnSilence = Callable[[Unreachable], None]


@dataclass(frozen=True, slots=True)
class Conditional(Generic[R]):
    """What is said of a record that may be known already."""

    record: R | None
    """``None``: it is as it was."""
    etag: str
    headers: Mapping[str, str]


class OperationsClient:
    """A client of one server. Close it, or use it as ``async with``."""

    def __init__(
        self,
        base_url: str,
        token: TokenSource | str | None = None,
        *,
        on_answer: OnAnswer | None = None,
        on_silence: OnSilence | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``on_answer`` is told of every answer of the API, with the server's own time; not of those of gateways.

        ``on_silence`` is told when the server cannot be heard, whoever asks for whatever.
        """
        self.base_url = base_url.rstrip("/")
        self._tokens = token if isinstance(token, TokenSource) else TokenSource(token)
        self._on_answer, self._on_silence = on_answer, on_silence
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            timeout=TIMEOUT,
            transport=transport,
            limits=httpx.Limits(max_connections=8, keepalive_expiry=30),
            headers={"User-Agent": "opsconsole", "Accept": "application/json, application/problem+json"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    # --- what capabilities ask for -------------------------------------------------------------------------------

    async def get(self, path: str, kind: type[R], query: dict[str, Any] | None = None, *, signed: bool = True) -> R:
        """A record or a page; ``None`` and empty lists in ``query`` are left out. Raises OperationsError."""
        return await self._ask("GET", path, kind, attempts=READ_ATTEMPTS, query=query, signed=signed)

    async def get_changed(self, path: str, kind: type[R], etag: str | None) -> Conditional[R]:
        """A record, unless it is the one that ``etag`` names. Sent once: whoever asks so asks often.

        Raises OperationsError.
        """
        response = await self._send("GET", path, headers={} if etag is None else {"If-None-Match": etag})
        if response.status_code == NOT_MODIFIED and etag is None:
            raise BadAnswer("The server says that nothing has changed, and was not asked that.")
        found = None if response.status_code == NOT_MODIFIED else read(response, kind)
        self._hear(response)
        return Conditional(found, response.headers.get("etag", etag or ""), response.headers)

    async def post(
        self,
        path: str,
        kind: type[R],
        body: Request | None = None,
        *,
        signed: bool = True,
        keyed: bool = True,
        repeated: bool = False,
    ) -> R:
        """Ask for something to be done, once. Raises OperationsError.

        Without ``keyed`` there is no idempotency key: for answers with secrets, which the server must not remember.
        ``repeated`` is for what the server knows again by its body and answers the same: it is repeated as a read is.
        """
        headers = {"Idempotency-Key": str(uuid4())} if signed and keyed else {}
        attempts = READ_ATTEMPTS if repeated else 1
        return await self._ask("POST", path, kind, attempts=attempts, body=body, headers=headers, signed=signed)

    async def put(self, path: str, kind: type[R], body: Request, *, version: int | None = None) -> R:
        """Have something be as the body says, once, based on ``version``. Raises OperationsError."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return await self._ask("PUT", path, kind, attempts=1, body=body, headers=headers, signed=True)

    async def delete(self, path: str, body: Request | None = None) -> None:
        """Ask for something to be ended, once. Raises OperationsError."""
        await self._send("DELETE", path, body=body)

    async def file(self, path: str, media: str, asked: Request | None = None) -> bytes:
        """A file, such as ``application/pdf``. What is asked for by a body is sent once."""
        return content_of(await self._send("GET" if asked is None else "POST", path, body=asked), media)

    async def send(
        self, method: str, path: str, body: str | None, *, version: int | None, key: str
    ) -> tuple[str, int | None]:
        """Send a pending mutation: text of the answer, empty for none, and the record's version, if it has one."""
        headers = {"Idempotency-Key": key} | ({} if version is None else {"If-Match": f'"{version}"'})
        response = await self._send(method, path, content=body, headers=headers)
        kept = kept_text(response)
        self._hear(response)
        return kept

    async def record(self, path: str) -> tuple[str, int | None]:
        """A record as text, and its version, whatever its kind."""
        return kept_text(await self._send("GET", path))

    @contextlib.asynccontextmanager
    async def stream(self, last: int | None = None) -> AsyncIterator[AsyncIterator[str]]:
        """Lines of ``GET /api/operations/stream``, going on after position ``last``. Raises OperationsError."""
        token = await self._tokens.token()
        if token is None:
            raise SignedOut("Nobody is signed in.")
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        heard = False
        try:
            # A connection of its own, outside the pool's limit: it stays for as long as the console runs.
            async with (
                httpx.AsyncClient(base_url=self.base_url, timeout=httpx.Timeout(5.0, read=None)) as http,
                http.stream("GET", "/api/operations/stream", headers=headers) as response,
            ):
                if not response.is_success:
                    await response.aread()
                    refused = refusal(response)
                    if isinstance(refused, SignedOut):
                        await self._tokens.renew(token)
                    raise refused
                check_media(response, "text/event-stream")
                heard = True
                self._hear(response)
                yield response.aiter_lines()
        except httpx.TransportError as error:
            broken = Unreachable(words_of(error))
            if not heard and self._on_silence is not None:  # one that broke is begun again, and that tells
                self._on_silence(broken)
            raise broken from error

    @contextlib.contextmanager
    def _telling_silence(self) -> Iterator[None]:
        try:
            yield
        except Unreachable as error:
            if self._on_silence is not None:
                self._on_silence(error)
            raise

    # --- how -------------------------------------------------------------------------------------------------

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[R],
        *,
        attempts: int,
        query: dict[str, Any] | None = None,
        body: Request | None = None,
        headers: dict[str, str] | None = None,
        signed: bool,
    ) -> R:
        with self._telling_silence():
            for attempt in range(1, attempts + 1):
                try:
                    response = await self._exchange(
                        method, path, query=query, body=body, headers=headers, signed=signed
                    )
                    found = read(response, kind)
                except OperationsError as error:
                    wait = worth_repeating(error)
                    if wait is None or attempt == attempts:
                        raise
                    await asyncio.sleep(wait + pause(attempt, FIRST_PAUSE, LONGEST_PAUSE))
                else:
                    self._hear(response)
                    return found
        raise AssertionError("the last attempt raises or returns")

    async def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Sent once."""
        with self._telling_silence():
            return await self._exchange(method, path, **more)

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Request | None = None,
        content: str | None = None,
        headers: dict[str, str] | None = None,
        signed: bool = True,
    ) -> httpx.Response:
        token = await self._tokens.token() if signed else None
        if signed and token is None:
            raise SignedOut("Nobody is signed in.")
        if body is not None:
            content = body.model_dump_json(by_alias=True, exclude_unset=True)
        response = await self._request(method, path, query, content, headers or {}, token)
        if response.status_code == 401 and token is not None and isinstance(refusal(response), SignedOut):
            # The token may have expired in the middle: renew once, then repeat. A wanted second factor is no such case.
            renewed = await self._tokens.renew(token)
            if renewed is not None:
                response = await self._request(method, path, query, content, headers or {}, renewed)
        if response.is_success or response.status_code == NOT_MODIFIED:
            return response
        raise refusal(response)

    async def _request(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None,
        content: str | None,
        headers: dict[str, str],
        token: str | None,
    ) -> httpx.Response:
        # Every request is a trace of its own; the server's log and problems carry the same id.
        sent = {"traceparent": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01", **headers}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if content is not None:
            sent["Content-Type"] = "application/json"
        url = httpx.URL(path)
        if query:
            url = url.copy_merge_params({k: v for k, v in query.items() if v not in (None, [])})
        if self._http.is_closed:
            raise NotSent("The connection was given up.")
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                response = await self._http.request(method, url, content=content, headers=sent)
        except (httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent("The server cannot be reached in time.") from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise TimedOut("The server did not answer in time.") from error
        except (httpx.ConnectError, httpx.UnsupportedProtocol) as error:
            raise NotSent(words_of(error)) from error
        except httpx.TransportError as error:
            raise Unreachable(words_of(error)) from error
        except (httpx.InvalidURL, httpx.DecodingError) as error:
            raise BadAnswer(f"The answer could not be read: {error}.") from error
        if is_from_api(response):
            self._hear(response)
        return response

    def _hear(self, response: httpx.Response) -> None:
        """An answer of the API: marked by it, or, where a gateway removes its marks, one that fits."""
        if self._on_answer is not None and response.status_code != 401:
            self._on_answer(server_time(response))
