"""Pending mutations that wait a few seconds before they are sent, so that they can still be taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

FLUSH_TURNS, TURN = 150, 0.02
"""How often, and how many seconds apart, a closing console looks whether what it had kept back is sent."""


class DelayedSend:
    """Keys of pending mutations, and until when each is kept back, without those of an earlier run."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def hold(self, key: str, seconds: float, wake: asyncio.Event) -> bool:
        """Keep one back for so long, if it is any time at all; ``wake`` is set when its time has come."""
        if seconds <= 0:
            return False
        self._until[key] = monotonic() + seconds
        asyncio.get_running_loop().call_later(seconds, wake.set)
        return True

    def holds(self, key: str) -> bool:
        """Whether it is kept back still."""
        until = self._until.get(key)
        if until is None:
            return False
        # The loop's timer may come a moment early by this clock.
        if monotonic() < until - 0.005:
            return True
        del self._until[key]
        return False

    async def flush(self, unsent: Callable[[frozenset[str]], bool], wake: asyncio.Event) -> None:
        """Let all go now, and wait a little until they are sent: the operator decided, and will not be back today."""
        keys = frozenset(self._until)
        self._until.clear()
        if not keys or not unsent(keys):
            return
        wake.set()
        for _ in range(FLUSH_TURNS):
            await asyncio.sleep(TURN)
            if not unsent(keys):
                return
