"""Pauses after failures."""

from __future__ import annotations

from app.core.backoff import pause


def test_pauses_double_up_to_the_longest() -> None:
    for failures, most in ((1, 2.0), (2, 4.0), (5, 32.0), (6, 60.0), (10_000, 60.0)):
        found = [pause(failures, 2.0, 60.0) for _ in range(200)]
        assert most / 2 <= min(found) < max(found) <= most
