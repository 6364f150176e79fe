"""Working days: weekends and holidays, fixed ones and those that move with Easter. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """On which days nobody has to work."""

    weekend: frozenset[int] = frozenset({5, 6})
    """Monday is 0."""
    fixed: frozenset[tuple[int, int]] = frozenset()
    """Month and day."""
    easter: frozenset[int] = frozenset()
    """Days from Easter Sunday: 1 is Easter Monday."""

    def __post_init__(self) -> None:
        """Raises ValueError for a week without a working day."""
        if len(self.weekend) > 6:
            raise ValueError("a week has at least one working day")

    def is_working(self, day: date) -> bool:
        """Whether people work on a day."""
        return day.weekday() not in self.weekend and day not in _holidays(day.year, self.fixed, self.easter)

    def next_working(self, day: date) -> date:
        """The day itself, or the next one on which people work."""
        while not self.is_working(day):
            day += DAY
        return day


@lru_cache(256)
def _holidays(year: int, fixed: Iterable[tuple[int, int]], easter: Iterable[int]) -> frozenset[date]:
    sunday = easter_sunday(year)
    # On 29 February only where there is one.
    those = {date(year, month, day) for month, day in fixed if (month, day) != (2, 29) or _is_leap(year)}
    return frozenset(those | {sunday + days * DAY for days in easter})


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def easter_sunday(year: int) -> date:
    """By the Gregorian calendar (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    g = (b - f + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
