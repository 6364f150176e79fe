"""Days of a zone as instants: one of 23 hours is shorter than its neighbours, one of 25 longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

UTC_NAME = "UTC"


@dataclass(frozen=True, slots=True)
class Day:
    """A local day: from ``start`` to ``end``, which is the start of the next one."""

    date: date
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        """How long it is."""
        return (self.end - self.start).total_seconds() / 3600


@cache
def zone_of(name: str) -> ZoneInfo:
    """A zone of the tz database; UTC for one that this computer does not know."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo(UTC_NAME)


@lru_cache(maxsize=4096)
def instant_of(zone: str, local: datetime) -> datetime:
    """The first instant at which the wall clock of a zone has reached a local time, as the server has it.

    One that does not exist is the instant of the change, one that comes twice is the first.
    """
    known = zone_of(zone)
    high = local.replace(tzinfo=known).astimezone(UTC)
    if _wall(known, high) == local:
        return high
    low = local.replace(tzinfo=known, fold=1).astimezone(UTC)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (low, middle) if _wall(known, middle) >= local else (middle, high)
    return high


def _wall(zone: ZoneInfo, at: datetime) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def days_of(zone: str, first: date, count: int) -> tuple[Day, ...]:
    """So many days of a zone from a date on."""
    starts = [instant_of(zone, datetime.combine(first + timedelta(days=n), time())) for n in range(count + 1)]
    return tuple(Day(first + timedelta(days=n), starts[n], starts[n + 1]) for n in range(count))


def local(at: datetime, zone: str) -> datetime:
    """An instant as the wall clock of a zone shows it."""
    return at.astimezone(zone_of(zone))


def city(zone: str) -> str:
    """A zone in short: ``Berlin``, ``New York``, ``UTC``."""
    return zone.rpartition("/")[2].replace("_", " ")


def offset_words(zone: str, at: datetime) -> str:
    """How far ahead of UTC it is then: ``Berlin +1``, ``Vancouver −8``, ``Kolkata +5:30``."""
    offset = local(at, zone).utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "\N{MINUS SIGN}" if minutes < 0 else "+"
    return f"{city(zone)} {sign}{hours}{f':{rest:02}' if rest else ''}"
