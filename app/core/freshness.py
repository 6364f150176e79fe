"""How much a number can be trusted, and ages in words. A number never appears without its age."""

from __future__ import annotations

from enum import StrEnum


class Quality(StrEnum):
    """Of a sample, judged by the console's own clock."""

    FRESH = "fresh"
    LATE = "late"
    """Its source, or the last answer, is later than promised; the value is the last one known."""
    STALE = "stale"
    """Nothing was heard for long, or the server repeats an earlier answer."""
    DISCONNECTED = "disconnected"
    """The link is down."""


_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60


def age_words(seconds: float) -> str:
    """Short: ``12 s``, ``26 min``, ``4 h 31``, ``3 d 2 h``. Negative ages are none."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d}"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def long_age_words(seconds: float) -> str:
    """With the next smaller unit: ``4 min 16 s``, ``4 h 31 min``, ``3 d 2 h``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"
