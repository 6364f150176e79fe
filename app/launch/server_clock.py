"""What time it is where the server is, from its answers alone: this computer's wall clock is never asked.

Each answer says when it was given. Half the round trip later it was here, and from then on a clock counts that only
counts seconds. The sample with the smallest round trip is the best one; it loses with its age, because no clock counts
quite right, and at once when a newer one cannot be true beside it: then the server's clock was set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

DRIFT = 1e-4
"""Seconds that a second of this computer may be wrong by; quartz is a tenth of that."""
SLEPT_SECONDS = 0.5
"""A computer whose clocks have come apart by more than that has slept."""


@dataclass(frozen=True, slots=True)
class _Sample:
    as_of: datetime
    received: float
    asleep: float
    round_trip: float


class ServerClock:
    """The server's time, as far as it is known."""

    def __init__(self, monotonic: Callable[[], float], with_sleep: Callable[[], float]) -> None:
        """``monotonic`` stands still while the computer sleeps, ``with_sleep`` does not."""
        self._monotonic, self._with_sleep = monotonic, with_sleep
        self._best: _Sample | None = None

    def begin(self) -> float:
        """Before a question is asked: what ``hear`` wants to know."""
        return self._monotonic()

    def hear(self, as_of: datetime, began: float) -> None:
        """An answer has come that was given at ``as_of``; its question was asked at ``began``."""
        now = self._monotonic()
        heard = _Sample(as_of, now, self._with_sleep() - now, max(0.0, now - began))
        best = self._best
        if best is None or self._slept(best) or self._better(heard, best):
            self._best = heard

    def _better(self, heard: _Sample, best: _Sample) -> bool:
        doubt = self._doubt(best, heard.received)
        apart = abs((self._at(heard, heard.received) - self._at(best, heard.received)).total_seconds())
        return heard.round_trip / 2 <= doubt or apart > heard.round_trip / 2 + doubt

    @staticmethod
    def _doubt(sample: _Sample, now: float) -> float:
        return sample.round_trip / 2 + (now - sample.received) * DRIFT

    @staticmethod
    def _at(sample: _Sample, now: float) -> datetime:
        return sample.as_of + timedelta(seconds=sample.round_trip / 2 + now - sample.received)

    def _slept(self, sample: _Sample) -> bool:
        return self._with_sleep() - self._monotonic() - sample.asleep > SLEPT_SECONDS

    @property
    def now(self) -> datetime | None:
        """The server's time; ``None`` while it is not known: before the first answer, and after a sleep."""
        best = self._best
        return None if best is None or self._slept(best) else self._at(best, self._monotonic())
