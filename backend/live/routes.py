"""``GET /api/operations/stream``: server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Header, Request, Response
from starlette.types import Receive, Scope, Send

from backend.core.http import operations_router
from backend.core.security import Principal, require
from backend.live.broadcast import Broadcast, Listener, event_text
from models.core.topics import Topic

router = operations_router("/api/operations", "live")

PING_SECONDS = 15.0
SEND_PATIENCE = 10.0
"""A console that takes nothing for so long is gone, or might as well be."""


EVENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "event": {"type": "string", "enum": [str(topic) for topic in Topic]},
        "data": {"type": "string"},
    },
    "required": ["id", "event", "data"],
}


class EventStream(Response):
    """An answer that goes on until the console leaves, the token expires, or the process ends."""

    media_type = "text/event-stream"

    def __init__(self, broadcast: Broadcast, listener: Listener, expires: datetime) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._broadcast, self._listener, self._expires = broadcast, listener, expires

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the listener hears."""
        scope["opsconsole.stream"] = True
        leaving = asyncio.create_task(self._watch_disconnect(receive), name="stream left")
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            # Something at once: the console knows that it is connected.
            await self._say_position(send, "connected")
            await self._go_on(send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            return  # it was told to take more, and did not
        finally:
            self._broadcast.forget(self._listener)
            leaving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await leaving

    async def _go_on(self, send: Send) -> None:
        listener = self._listener
        loop = asyncio.get_running_loop()
        until = loop.time() + max(0.0, (self._expires - datetime.now(UTC)).total_seconds())
        while True:
            if listener.lost:
                await self._send(send, event_text(Topic.RESYNC, listener.position))
                return
            if listener.waiting:
                text = b"".join(listener.waiting)
                listener.waiting.clear()
                await self._send(send, text)
            if listener.ended or loop.time() >= until:
                return
            listener.wake.clear()
            if listener.waiting or listener.lost or listener.ended:
                continue
            try:
                async with asyncio.timeout(min(PING_SECONDS, until - loop.time())):
                    await listener.wake.wait()
            except TimeoutError:
                await self._say_position(send, "ping")

    async def _say_position(self, send: Send, words: str) -> None:
        """Say where the console would go on; not while events up to there still wait to be sent: it would miss them."""
        where = "" if self._listener.waiting else f"id: {self._listener.position}\n"
        await self._send(send, f": {words}\n{where}\n".encode())

    async def _send(self, send: Send, text: bytes) -> None:
        async with asyncio.timeout(SEND_PATIENCE):
            await send({"type": "http.response.body", "body": text, "more_body": True})

    async def _watch_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._listener.end()


@router.get(
    "/stream",
    response_class=Response,
    responses={
        200: {
            "description": "Events: `id` is the position to go on after, `event` a topic, `data` a Change.",
            "content": {"text/event-stream": {"schema": EVENT}},
        }
    },
)
async def stream(
    http: Request,
    principal: Annotated[Principal, require(None)],
    last_event_id: Annotated[
        str | None,
        Header(alias="Last-Event-ID", description="Go on after this position.", pattern=r"^\d{1,18}$"),
    ] = None,
) -> Response:
    """Tell what changes, as long as the token holds: only topics the principal may read, a comment every 15 s.

    After more than 10 000 missed changes, and to a console that is too slow, ``resync`` is said instead.
    """
    broadcast: Broadcast = http.app.state.live
    listener = await broadcast.listen(principal, None if last_event_id is None else int(last_event_id))
    return EventStream(broadcast, listener, principal.identity.expires)
