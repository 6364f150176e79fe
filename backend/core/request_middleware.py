"""Around every request: its id, its trace, its log line, its metrics, and an answer even when we fail."""

from __future__ import annotations

import re
import secrets
import time

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.core import metrics
from backend.core.logs import correlation_id, logger, request_id, trace_id
from backend.core.problem_responses import internal

log = logger(__name__)

_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
SLOW_SECONDS = 1.0
CLIENT_LEFT = 499
"""What the log and the metrics call a request whose client went before it had sent it: as nginx does."""
UNSIGNED_BYTES = 64 * 1024
"""The longest body of a request of nobody we know: what stands in place of a token proves nothing."""


class Observe:
    """ASGI middleware. Takes ``X-Request-Id`` and ``traceparent`` if they are well formed, and answers both.

    What ties requests together is ``X-Correlation-Id`` if well formed, else the trace they say they belong to, else the
    request alone.
    """

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        """``most_bytes`` is the longest body of a request that is read."""
        self._app = app
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"])
        trace = _TRACEPARENT.fullmatch(given.get(b"traceparent", b""))
        wanted = _REQUEST_ID.fullmatch(given.get(b"x-request-id", b""))
        traced, flags = (trace[1].decode(), trace[2].decode()) if trace else (secrets.token_hex(16), "00")
        known = wanted[0].decode() if wanted else traced
        tying = _REQUEST_ID.fullmatch(given.get(b"x-correlation-id", b""))
        tied = tying[0].decode() if tying else traced if trace else known
        tokens = request_id.set(known), trace_id.set(traced), correlation_id.set(tied)
        status = got = 0
        begun = time.perf_counter()

        async def send_traced(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", known.encode()),
                    (b"traceparent", f"00-{traced}-{secrets.token_hex(8)}-{flags}".encode()),
                ]
            await send(message)

        async def receive_limited() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            known_person = "principal" in scope.get("state", ())
            most_bytes = self._most_bytes if known_person else min(UNSIGNED_BYTES, self._most_bytes)
            if got > most_bytes:
                raise HTTPException(413, f"The body may have {most_bytes} bytes.")
            return message

        try:
            await self._app(scope, receive_limited, send_traced)
        except ClientDisconnect:
            # Nobody is there to answer, and nothing went wrong here.
            status = status or CLIENT_LEFT
        except Exception as error:
            if status:  # half an answer is out already: only closing the connection tells the truth
                raise
            await internal(error)(scope, receive, send_traced)
        finally:
            _note(scope, status, time.perf_counter() - begun)
            request_id.reset(tokens[0])
            trace_id.reset(tokens[1])
            correlation_id.reset(tokens[2])


def _note(scope: Scope, status: int, seconds: float) -> None:
    if scope.get("opsconsole.stream"):
        return  # how long a console was connected says nothing about how quick we are
    # The pattern, not the address: addresses are without number. It is absent for unknown addresses.
    route = getattr(scope.get("route"), "path", "unknown")
    metrics.REQUESTS.labels(scope["method"], route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    # Ordinary reads come every few seconds from every console; they are counted, not logged.
    if status >= 400 or seconds > SLOW_SECONDS or scope["method"] not in {"GET", "HEAD"}:
        log.info("request", method=scope["method"], route=route, status=status, milliseconds=round(seconds * 1000, 1))
