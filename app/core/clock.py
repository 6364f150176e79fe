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
        """Seconds since some instant; never jumps."""


class SystemClock:
    """The computer's clocks."""

    def now(self) -> datetime:
        """Wall time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some instant; never jumps."""
        return time.monotonic()
