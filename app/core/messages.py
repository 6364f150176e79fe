"""What the console tells its operator, in the message bar and its history."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app.core.clock import Clock
from app.core.signals import Signal

HISTORY_MOST = 500

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message; ``undo`` takes back what it tells of."""

    at: datetime
    text: str
    level: Level = "info"
    undo: Callable[[], Any] | None = None
    passing: bool = False
    """About the moment alone: it goes by itself."""


class Messages:
    """Posts messages and remembers the last ones."""

    posted = Signal(object)
    """Carries the Message."""
    taken_back = Signal()
    """What the last message with an undo told of was taken back elsewhere."""
    cleared = Signal()
    """Nothing of what was told is to be read any more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.history: deque[Message] = deque(maxlen=HISTORY_MOST)
        self._posted_keys: set[str] = set()

    def post(
        self, text: str, level: Level = "info", undo: Callable[[], Any] | None = None, *, passing: bool = False
    ) -> None:
        """Tell the operator."""
        message = Message(self._clock.now(), text, level, undo, passing)
        self.history.append(message)
        self.posted.emit(message)

    def post_once(self, key: str, text: str, level: Level = "warning") -> None:
        """Tell something that would otherwise be told again and again; once until ``forget(key)``."""
        if key not in self._posted_keys:
            self._posted_keys.add(key)
            self.post(text, level)

    def clear(self) -> None:
        """Forget all that was told: it was for somebody who has left."""
        self.history.clear()
        self._posted_keys.clear()
        self.cleared.emit()

    def forget(self, key: str) -> None:
        """It may be told again."""
        self._posted_keys.discard(key)
