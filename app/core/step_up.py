"""The second factor, asked for once however many pending mutations wait for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from app.core.errors import StepUpNeeded
from app.core.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from app.core.errors import Challenge

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StepUpQuestion:
    """What the operator is asked."""

    title: str
    """What waits for it, in words."""
    words: str
    """What the server says."""
    challenge: Challenge
    answered: asyncio.Future[bool]
    """To be set: true when the second factor was used, false when the operator did not want to."""


class StepUp:
    """Asks through whoever listens; without anybody, the answer is no."""

    asked = Signal(object)
    """Carries a StepUpQuestion; at most one is open at a time."""

    def __init__(self) -> None:
        self.listening = False
        """Set by the window that shows the dialog."""
        self._open: StepUpQuestion | None = None

    async def ask(self, needed: StepUpNeeded, title: str) -> bool:
        """Whether a second factor was used. Everybody who asks meanwhile gets the same answer."""
        if not self.listening:
            return False
        if self._open is None:
            answered = asyncio.get_running_loop().create_future()
            self._open = StepUpQuestion(title, needed.problem.detail, needed.challenge, answered)
            answered.add_done_callback(self._closed)
            self.asked.emit(self._open)
        return await asyncio.shield(self._open.answered)

    async def confirmed(self, make: Callable[[], Awaitable[T]], title: str) -> T | None:
        """Do something that may need a second factor; ``None`` when the operator does not want to use it.

        Raises OperationsError.
        """
        try:
            return await make()
        except StepUpNeeded as error:
            if not await self.ask(error, title):
                return None
        return await make()

    def _closed(self, _answered: asyncio.Future[bool]) -> None:
        self._open = None
