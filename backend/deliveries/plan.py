"""When what failed is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta

STEPS = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 50_400.0, 72_000.0, 86_400.0)
"""Seconds before each attempt; the last holds for all that follow."""
TRIES = (
    "at once, then after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h; dead after three days, or after ten failures "
    "of its own while the connection works"
)
ATTEMPTS_MOST = 10
"""Failures of a message's own, while the canary gets through."""
OLDEST = timedelta(days=3)
"""A message is dead so long after its first attempt."""
PROBES = (30.0, 60.0, 120.0, 300.0)
"""Seconds until each probe of a connection that fails; the last holds for all that follow."""
OPEN_AFTER_ORDERED, OPEN_AFTER = 2, 5
"""Failures in a row that open the breaker."""
PATIENCE = 30.0
"""Seconds to wait where somebody asks for patience and does not say how long."""
PATIENCE_MOST = 86_400.0
JITTER = 0.1


def pause(attempts: int) -> float:
    """Seconds before the next attempt after so many, from 1."""
    return _jittered(STEPS[min(attempts, len(STEPS) - 1)])


def probe_pause(probes: int) -> float:
    """Seconds before the next probe after so many that failed, from 0."""
    return _jittered(PROBES[min(probes, len(PROBES) - 1)])


def patience(asked: float | None) -> float:
    """Seconds to wait as asked, within reason: an answer may name a date in 2037."""
    return PATIENCE if asked is None else min(max(asked, 0.0), PATIENCE_MOST)


def _jittered(seconds: float) -> float:
    return seconds * random.uniform(1.0, 1.0 + JITTER)  # noqa: S311 - not a secret
