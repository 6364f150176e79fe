"""Local time and instants: one function for each way, and neither ever runs back.

``zoneinfo`` alone does: 02:30 that does not exist becomes an instant after that of 03:00, and spans get negative lengths.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall without a zone
SECOND = timedelta(seconds=1)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def wall(zone: str, instant: int) -> datetime:
    """What the clocks of a zone show; of a repeated hour both times."""
    return datetime.fromtimestamp(instant, _zone(zone)).replace(tzinfo=None, fold=0)


@lru_cache(maxsize=1 << 18)
def at(zone: str, local: datetime) -> int:
    """The first instant at which the wall clock has reached a local time.

    One that does not exist is the instant of the change, one that comes twice is the first.
    """
    high = int(local.replace(tzinfo=_zone(zone)).timestamp())
    if wall(zone, high) == local:
        return high
    low = int(local.replace(tzinfo=_zone(zone), fold=1).timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if wall(zone, middle) >= local:
            high = middle
        else:
            low = middle
    return high


def standing_clock(zone: str, instant: int) -> datetime:
    """The inverse of ``at``: the wall clock, but through a repeated hour it stands one tick before that hour's end."""
    shown = datetime.fromtimestamp(instant, _zone(zone))
    if not shown.fold:
        return shown.replace(tzinfo=None)
    return _end_of_repeat(zone, instant) - SECOND


def _end_of_repeat(zone: str, instant: int) -> datetime:
    """The local time at which clocks were set back, within an instant of the second time round."""
    found = _zone(zone)
    shown = datetime.fromtimestamp(instant, found)
    before, after = shown.replace(fold=0).utcoffset(), shown.utcoffset()
    assert before is not None  # noqa: S101 - it has a zone
    assert after is not None  # noqa: S101 - it has a zone
    low, high = instant - int((before - after).total_seconds()), instant
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, found).fold:
            high = middle
        else:
            low = middle
    return _EPOCH + timedelta(seconds=high) + before


def seconds(instant: datetime) -> int:
    """Of an aware instant, to the second before."""
    return int(instant.timestamp() // 1)


def instant(seconds: int) -> datetime:
    """The other way."""
    return datetime.fromtimestamp(seconds, UTC)
