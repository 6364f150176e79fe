"""Limits on how often one address may ask what costs us or helps a guesser: sign-in, renewal, second factor."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from typing import Any

from fastapi import Depends, Request

from backend.core.http import address_of
from backend.core.problems import ProblemError, raises
from models.core.problems import Code

REMEMBERED = 10_000


class Limit:
    """A token bucket for each address: ``burst`` at once, then ``per_minute``. One process counts for itself."""

    def __init__(self, burst: int, per_minute: float) -> None:
        self.burst, self.per_second = burst, per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float) -> float | None:
        """Take one; ``None`` if there was one, else the seconds until there is."""
        left, at = self._buckets.pop(address, (float(self.burst), now))
        left = min(self.burst, left + (now - at) * self.per_second)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return None if left >= 1 else (1 - left) / self.per_second


class Limits:
    """The limits of one application."""

    def __init__(self) -> None:
        self.sign_in = Limit(burst=30, per_minute=30)
        self.tokens = Limit(burst=120, per_minute=120)


def _limited(name: str) -> Any:
    # What asks for a password, a code or a token also refuses wrong ones.
    @raises(Code.TOO_MANY_REQUESTS, Code.UNAUTHENTICATED)
    def check(request: Request) -> None:
        limit: Limit = getattr(request.app.state.limits, name)
        wait = limit.take(address_of(request), time.monotonic())
        if wait is not None:
            seconds = math.ceil(wait)
            raise ProblemError(
                Code.TOO_MANY_REQUESTS,
                f"Too many requests from this address; try again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )

    return Depends(check)


SignInLimit = _limited("sign_in")
"""Dependency of routes that take a password or a code."""
TokenLimit = _limited("tokens")
"""Dependency of routes that renew tokens."""
