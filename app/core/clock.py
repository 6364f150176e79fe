"""Time, injected everywhere so that tests can turn it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol

FIRST_INSTANT, LAST_INSTANT = 0.0, 32_503_680_000.0
"""1970 and 3000 in epoch seconds: what lies outside is no time of ours, and not every calendar knows it."""


def is_instant(value: object) -> bool:
    """Whether a value that was read from somewhere can be a time in epoch seconds."""
    return isinstance(value, int | float) and FIRST_INSTANT <= value <= LAST_INSTANT


class Clock(Protocol):
    """Two clocks: the wall's, which may be wrong or jump, and one that only counts seconds."""

    def now(self) -> datetime:
        """Wall time in UTC."""

    def monotonic(self) -> float:
        """Seconds since some instant; never jumps, and may stand still while the computer sleeps."""

    def with_sleep(self) -> float:
        """Seconds since some instant, those in which the computer slept too, where it can tell."""
        return self.monotonic()


class SystemClock:
    """The computer's clocks."""

    def now(self) -> datetime:
        """Wall time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some instant; never jumps."""
        return time.monotonic()

    def with_sleep(self) -> float:
        """Seconds since some instant, those in which the computer slept too, where it can tell."""
        counts_sleep = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
        return time.monotonic() if counts_sleep is None else time.clock_gettime(counts_sleep)
