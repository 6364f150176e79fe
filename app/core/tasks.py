"""Tasks with an owner: named, held, and their exceptions reported instead of lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

CANCEL_AGAIN = 0.5
"""Seconds until a task that has not ended is cancelled once more."""

log = logging.getLogger(__name__)


class Tasks:
    """Starts tasks and ends them all on ``close``."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, coroutine: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start a task. It needs a running loop."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        if self._closed:
            task.cancel()
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task %s failed", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Cancel everything and wait until it has ended."""
        self._closed = True
        while self._running:
            await end(*self._running)


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended.

    A library may lose a cancellation, asyncio's own ``wait_for`` before Python 3.12 among them: who was cancelled then
    goes on asking a server that is not there. So it is repeated, not so soon that it disturbs the clearing up.
    """
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=CANCEL_AGAIN)


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Whether an event is set within that time."""
    # Not wait_for: on Python 3.11 it swallows a cancellation that comes in the moment the event is set.
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
