"""Local time and instants: one function for each way, and neither ever runs back.

``zoneinfo`` alone does: 02:30 that does not exist becomes an instant after that of 03:00, and spans of negative length
follow.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
"""Instants are counted in microseconds, as the database has them: what was written down later in the same second must
not act earlier in it."""
TICK = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1 << 18)
def at(zone: str, local: datetime) -> int:
    """The first instant at which the wall clock has reached a local time.

    One that does not exist is the instant of the change, one that comes twice is the first.
    """
    high = int(local.replace(tzinfo=_zone(zone)).timestamp())
    if _wall(zone, high) == local:
        return high * SECOND
    low = int(local.replace(tzinfo=_zone(zone), fold=1).timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if _wall(zone, middle) >= local:
            high = middle
        else:
            low = middle
    return high * SECOND


def standing_clock(zone: str, instant: int) -> datetime:
    """The inverse of ``at``: the wall clock, but through a repeated hour it stands one tick before that hour's end."""
    seconds, rest = divmod(instant, SECOND)
    shown = datetime.fromtimestamp(seconds, _zone(zone))
    if shown.fold:
        return _end_of_repeat(zone, seconds) - TICK
    return shown.replace(tzinfo=None, microsecond=rest)


def ticks(instant: datetime) -> int:
    """An instant as it is counted here."""
    return (instant - _EPOCH) // TICK


def moment(instant: int) -> datetime:
    """The other way."""
    return _EPOCH + instant * TICK


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _wall(zone: str, seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, _zone(zone)).replace(tzinfo=None, fold=0)


def _end_of_repeat(zone: str, seconds: int) -> datetime:
    """What the clocks showed when they were set back, of a time that they show for the second time."""
    shown = datetime.fromtimestamp(seconds, _zone(zone))
    before, after = shown.replace(fold=0).utcoffset(), shown.utcoffset()
    assert before is not None  # noqa: S101 - it has a zone
    assert after is not None  # noqa: S101 - it has a zone
    low, high = seconds - (before - after) // timedelta(seconds=1), seconds
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, _zone(zone)).fold:
            high = middle
        else:
            low = middle
    return (_EPOCH + timedelta(seconds=high) + before).replace(tzinfo=None)
