"""The live stream: one connection that says what changed. It only invalidates queries; it carries no state.

While it is connected, queries poll slowly; while it is not, they poll as they would without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from app.core.backoff import pause
from app.core.errors import OperationsError, SignedOut, Unreachable
from app.core.signals import Signal
from models.core.topics import Topic

if TYPE_CHECKING:
    from app.core.http_client import OperationsClient

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
SILENCE = 40.0
"""Seconds without a word (it pings every 15) after which the connection counts as lost."""


class StreamState(StrEnum):
    """Whether changes are told at once."""

    OFF = "off"
    CONNECTING = "connecting"
    LIVE = "live"
    POLLING = "polling"
    """It is down: panels ask by themselves."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event; ``topic`` is empty for a ping."""

    position: int | None
    topic: str
    data: str


async def events(lines: AsyncIterator[str]) -> AsyncIterator[StreamEvent]:
    """Events out of the lines of a stream, comments and all. A last one without its empty line was cut off: none."""
    position: int | None = None
    topic, data = "", list[str]()
    async for line in lines:
        if not line:
            yield StreamEvent(position, topic, "\n".join(data))
            topic, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and value.isdigit():
            position = int(value)
        elif name == "event":
            topic = value
        elif name == "data":
            data.append(value)


class Stream:
    """Keeps one connection to the server's stream and tells of what it hears."""

    changed = Signal()
    """``state`` is another."""
    received = Signal(Topic)
    """A topic something changed in; ``RESYNC`` when everything must be asked for anew."""

    def __init__(self, client: Callable[[], OperationsClient]) -> None:
        self._client = client
        self.state = StreamState.OFF
        self.detail = ""
        self._last: int | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, spawn: Callable[..., asyncio.Task[Any]]) -> None:
        """Begin to listen; once is enough."""
        if self._task is None or self._task.done():
            self._task = spawn(self._keep_listening(), name="live stream")

    def stop(self) -> None:
        """Listen no longer, for example because nobody is signed in."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._set(StreamState.OFF, "")

    async def _keep_listening(self) -> None:
        failures = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._listen()
                detail, lived = "The server ended the stream.", True
            except SignedOut as error:
                detail, lived = str(error), False
            except OperationsError as error:
                detail, lived = str(error), self.state is StreamState.LIVE
            lived = lived or asyncio.get_running_loop().time() - began > LONGEST_PAUSE
            failures = 0 if lived else failures + 1
            # A stream ends with its token and with each release of the server: that is no reason to say anything.
            if failures or not lived:
                self._set(StreamState.POLLING, detail)
            # A stream that lived and ended counts as one failure as well: many end at the same moment.
            await asyncio.sleep(pause(failures + 1, FIRST_PAUSE, LONGEST_PAUSE))

    async def _listen(self) -> None:
        async with self._client().stream(self._last) as lines:
            gap = self._last is None
            source = events(lines)
            while True:
                try:
                    async with asyncio.timeout(SILENCE):
                        event = await anext(source)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise Unreachable("The live stream went silent.") from None
                if event.position is not None:
                    self._last = event.position
                if self.state is not StreamState.LIVE:
                    self._set(StreamState.LIVE, "")
                    if gap:
                        # Between the first questions and this connection something may have changed.
                        self.received.emit(Topic.RESYNC)
                if event.topic:
                    self._dispatch(event)

    def _dispatch(self, event: StreamEvent) -> None:
        try:
            topic = Topic(event.topic)
        except ValueError:  # of another release: whatever it is about, the audit log has it
            topic = Topic.AUDIT
        self.received.emit(topic)

    def _set(self, state: StreamState, detail: str) -> None:
        if (state, detail) != (self.state, self.detail):
            self.state, self.detail = state, detail
            self.changed.emit()
