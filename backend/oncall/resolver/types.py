"""What the resolver works on: plain values that can be kept in caches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from models.oncall.schedules import HolidayRule, InsteadOf, TurnCount, TurnUnit

People = frozenset[str]
NOBODY: People = frozenset()
FOREVER = 253_402_300_800 * 1_000_000
"""The year 10000: later than anything."""


class Span(NamedTuple):
    """Who is on from ``start`` to ``end``."""

    start: int
    end: int
    people: People


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the local day; ``start`` and ``length`` are counted from the midnight of the day it begins on."""

    weekdays: frozenset[int]
    """Monday is 0."""
    start: timedelta
    end: timedelta
    """After the same midnight, so more than a day for one that goes over midnight."""


@dataclass(frozen=True)
class Layer:
    """People who take turns. Two with the same values are the same layer."""

    name: str
    seats: tuple[People, ...]
    zone: str
    unit: TurnUnit
    every: int
    anchor: datetime
    windows: tuple[Window, ...] = ()
    starts: datetime | None = None
    ends: datetime | None = None
    rank: int = 1
    holidays: HolidayRule = HolidayRule.USUAL
    dates: frozenset[date] = frozenset()
    counting: TurnCount = TurnCount.CALENDAR
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        """Layers are keys of caches: their hash is worked out once."""
        values = (self.seats, self.zone, self.unit, self.every, self.anchor, self.windows, self.dates, self.holidays)
        object.__setattr__(self, "_hash", hash(values))

    def __hash__(self) -> int:
        """That of its values."""
        return self._hash


@dataclass(frozen=True, slots=True)
class Cover:
    """When somebody must be on."""

    zone: str
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """A definition, in force from ``effective_at`` until another one is."""

    number: int
    recorded_at: int
    effective_at: int
    layers: tuple[Layer, ...]
    cover: Cover | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody else for a while."""

    id: str
    start: int
    end: int
    people: People
    instead_of: InsteadOf
    person: str | None
    recorded_at: int
    cancelled_at: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that was written down about who is on."""

    revisions: tuple[Revision, ...]
    overrides: tuple[Override, ...] = ()
