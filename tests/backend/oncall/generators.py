"""Three generators of rosters. Times at random miss what matters, so two of them crowd theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from backend.oncall.resolver import Layer, Override, Window, ticks
from models.oncall.schedules import HolidayRule, InsteadOf, TurnCount, TurnUnit
from tests.backend.oncall.oracle import DAY, GRID

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Chicago",
    "America/Havana",  # changes at midnight
    "America/Santiago",  # at the end of a day
    "Asia/Beirut",
    "Asia/Kathmandu",  # 5 h 45 min
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Auckland",
)
DAYS = 3
LOOKS_BACK = 9
_MINUTES = timedelta(minutes=5)


@dataclass(frozen=True)
class Example:
    """A roster, and the stretch it is looked at over."""

    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...]
    since: int
    """Before every anchor."""
    start: int
    end: int
    known: tuple[int, ...]


@lru_cache
def changes(zone: str) -> tuple[int, ...]:
    """When the clocks of a zone change in 2026."""
    found, known = [], ZoneInfo(zone)
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    while instant.year == 2026:
        after = instant + timedelta(minutes=30)
        if after.astimezone(known).utcoffset() != instant.astimezone(known).utcoffset():
            found.append(ticks(after))
        instant = after
    return tuple(found)


class Generator:
    """Makes examples, each with its own stretch, zones and times."""

    def __init__(self, seed: int, *, crowded: bool = False, piled: bool = False) -> None:
        self._random = Random(seed)  # noqa: S311 - not a secret
        self._crowded = crowded
        self._piled = piled

    def example(self) -> Example:
        random = self._random
        zones = [random.choice(ZONES[1:] if self._crowded else ZONES) for _ in range(random.choice((1, 1, 2)))]
        begin = ticks(datetime(2026, 1, 20, tzinfo=UTC)) + random.randrange(330) * DAY
        middle = begin + DAYS * DAY // 2
        if self._crowded and (found := changes(zones[0])):
            middle = random.choice(found)
            begin = middle // DAY * DAY - random.randrange(DAYS) * DAY
        layers = tuple(self._layer(random.choice(zones), begin, middle) for _ in range(random.choice((1, 2, 3))))
        overrides = self._overrides(begin)
        moments = {0, *(t for o in overrides for t in (o.recorded_at, o.cancelled_at or 0)), begin + DAY}
        return Example(
            layers,
            overrides,
            since=begin - (LOOKS_BACK + 4) * DAY,
            start=begin,
            end=begin + DAYS * DAY,
            known=tuple(sorted(moments)),
        )

    def _near(self, zone: str, middle: int) -> datetime:
        """A local time, half of the crowded ones within two hours of the change."""
        local = datetime.fromtimestamp(middle // 10**6, ZoneInfo(zone)).replace(tzinfo=None)
        minutes = self._random.randrange(-24, 25) if self._is_crowded() else self._random.randrange(-288, 289)
        return local + minutes * _MINUTES

    def _is_crowded(self) -> bool:
        return self._crowded and self._random.random() < 0.5

    def _layer(self, zone: str, begin: int, middle: int) -> Layer:
        random = self._random
        unit = random.choice(tuple(TurnUnit))
        every = {
            TurnUnit.DAYS: random.choice((1, 1, 2, 3)),
            TurnUnit.HOURS: random.choice((1, 3, 8, 24, 25)),
            TurnUnit.CLOCK: random.choice((1, 2, 3, 4, 6, 8, 12, 24)),
        }[unit]
        near = self._near(zone, middle)
        anchor = near - timedelta(days=random.randrange(LOOKS_BACK))
        seats = tuple(
            frozenset(random.sample("abcdef", random.choice((0, 1, 1, 1, 2))))
            for _ in range(random.choice((1, 2, 3, 4)))
        )
        days = [datetime.fromtimestamp(begin // 10**6, UTC).date() + timedelta(days=n) for n in range(-2, DAYS + 2)]
        starts = self._near(zone, middle) if random.random() < 0.15 else None
        ends = self._near(zone, middle) + timedelta(days=1) if random.random() < 0.15 else None
        return Layer(
            name="l",
            seats=seats,
            zone=zone,
            unit=unit,
            every=every,
            anchor=anchor,
            windows=tuple(self._window(zone, middle) for _ in range(random.choice((0, 0, 1, 2)))),
            starts=starts,
            ends=ends,
            rank=random.choice((1, 1, 2)),
            holidays=random.choice((HolidayRule.USUAL, HolidayRule.USUAL, HolidayRule.OFF, HolidayRule.ONLY)),
            dates=frozenset(random.sample(days, 2)),
            counting=random.choice((TurnCount.CALENDAR, TurnCount.CALENDAR, TurnCount.WORKED)),
        )

    def _window(self, zone: str, middle: int) -> Window:
        random = self._random
        first, second = self._near(zone, middle), self._near(zone, middle)
        start = first - first.replace(hour=0, minute=0)
        end = second - second.replace(hour=0, minute=0)
        days = random.choice((0, 0, 0, 1, 3)) or int(end <= start)
        weekdays = frozenset(random.sample(range(7), random.choice((1, 3, 5, 7))))
        return Window(weekdays, start, end + timedelta(days=days))

    def _overrides(self, begin: int) -> tuple[Override, ...]:
        random = self._random
        if not self._piled and random.random() < 0.5:
            return ()
        six_hours = 6 * 3600 * 10**6 // GRID
        base = begin + random.randrange(DAY // GRID) * GRID
        reach = six_hours if self._piled else DAYS * DAY // GRID

        def moment() -> int:
            return (base if self._piled else begin) + random.randrange(reach) * GRID

        found = []
        for key in random.sample("pqrstu", random.randrange(2, 6) if self._piled else random.randrange(1, 4)):
            start, end = sorted((moment(), moment() + GRID))
            recorded = moment() if random.random() < 0.5 else begin - DAY + random.randrange(3) * GRID
            cancelled = max(recorded, moment()) if random.random() < 0.4 else None
            kind = random.choice(tuple(InsteadOf))
            people = frozenset(random.sample("abcdefxyz", random.choice((0, 1, 1, 2))))
            person = random.choice("abcdefxyz") if kind is InsteadOf.PERSON else None
            found.append(Override(key, start, max(end, start + GRID), people, kind, person, recorded, cancelled))
        return tuple(found)


BROAD = {"crowded": False, "piled": False}
CROWDED = {"crowded": True, "piled": False}
PILED = {"crowded": False, "piled": True}
