"""What a chart shows, and the sums that need no screen: ticks, limits broken, words for screen readers."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from models.core.wording import counted

COUNTED = frozenset({"orders", "refunds", "members", "downloads"})
"""Names of values that are one less an s when there is one of it."""
Values = tuple[float | None, ...]
"""One value a bucket; ``None`` is a gap and is never drawn as zero."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold, in the unit of the chart."""

    value: float
    comparison: Literal["above", "below"]
    label: str

    def broken_by(self, value: float) -> bool:
        """Whether a value is on the wrong side."""
        return value > self.value if self.comparison == "above" else value < self.value


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, drawn at the top: instant in epoch seconds, and its name."""

    at: float
    name: str
    severity: str = ""
    """P1 to P4 of an alert, whose shape is drawn; anything else is a deploy, ▼."""
    open: bool = False
    """Whether nobody has acknowledged it yet."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time with a name, such as an incident, drawn behind the values."""

    start: float
    end: float
    name: str


@dataclass(frozen=True, slots=True)
class ChartData:
    """Everything one chart draws. Instants are epoch seconds; bucket ``i`` is ``(starts[i], ends[i]]``."""

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    values: Values
    unit: str
    name: str = ""
    previous: Values = ()
    previous_name: str = ""
    below: Values = ()
    """Counts hanging below zero, on their own ticks; only for bars."""
    below_name: str = ""
    bars: bool = False
    decimals: int = 0
    floating: bool = False
    """The axis begins near the lowest value, not at zero: for levels that hardly change."""
    filled: bool = False
    """A light ground below the line."""
    newest: int = -1
    """Index of the newest whole bucket, whose value stands at the right; the one after it is still filling."""
    rate: bool = False
    """Values are shares, which are comparable also of a part of a bucket."""
    alert: Literal["", "active", "acknowledged"] = ""
    """Whether there is an alert about the limit, and somebody has it: how the value beyond it is marked."""
    limit: Limit | None = None
    marks: tuple[Mark, ...] = field(default=())
    spans: tuple[Span, ...] = field(default=())

    def __post_init__(self) -> None:
        """Raises ValueError when the series are not of one length."""
        count = len(self.ends)
        for series in (self.starts, self.values, self.previous or self.values, self.below or self.values):
            if len(series) != count:
                raise ValueError(f"a chart of {count} buckets was given a series of {len(series)} values")

    def marks_in(self, index: int) -> tuple[str, ...]:
        """What happened in that bucket, in at most three lines."""
        names = [mark.name for mark in self.marks if self.starts[index] < mark.at <= self.ends[index]]
        names += [each.name for each in self.spans if each.start <= self.ends[index] and each.end > self.starts[index]]
        return (*names[:2], f"and {len(names) - 2} more") if len(names) > 3 else tuple(names)

    def index_at(self, at: float) -> int | None:
        """The bucket an instant lies in; the nearest one outside of the range; ``None`` without buckets."""
        return min(bisect_left(self.ends, at), len(self.ends) - 1) if self.ends else None

    @property
    def is_filling(self) -> bool:
        """Whether the last bucket is cut at now."""
        return self.newest < -1

    @property
    def so_far_words(self) -> str:
        """Since when the bucket that is still filling counts: ``since 21:00, 8 min``."""
        minutes = max(1, round((self.ends[-1] - self.starts[-1]) / 60))
        since = datetime.fromtimestamp(self.starts[-1], UTC)
        length = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
        return f"since {since:%H:%M}, {length}"

    @property
    def whole(self) -> Values:
        """The values a curve is drawn through: a sum of a part of a bucket is no point of it, a rate is."""
        return (*self.values[:-1], None) if self.is_filling and not self.rate else self.values

    @property
    def whole_previous(self) -> Values:
        """The same of the range before."""
        return (*self.previous[:-1], None) if self.is_filling and not self.rate and self.previous else self.previous

    def so_far(self, index: int) -> str:
        """What is said behind the values of the bucket that is still filling; nothing for whole ones."""
        return f" {self.so_far_words}" if index > len(self.ends) + self.newest else ""

    def interval(self, index: int) -> str:
        """The bucket in words: the rows behind it are those of this interval."""
        return interval_words(self.starts[index], self.ends[index])

    def hit(self, at: float) -> int | None:
        """What is pointed at: the bar that is there, or the nearest point of a curve, which lie at the ends."""
        if self.bars or not self.ends:
            return self.index_at(at)
        right = self.index_at(at) or 0
        return right - 1 if right and at - self.ends[right - 1] < self.ends[right] - at else right

    @property
    def alarming(self) -> float | None:
        """The value of the bucket that is still filling, when it breaks the limit already."""
        value = self.values[-1] if self.newest < -1 and self.values else None
        return value if value is not None and self.limit is not None and self.limit.broken_by(value) else None

    def named(self, value: float | None, name: str) -> str:
        """A value with what it counts: ``1 refund``, ``4 refunds``; unknown is "no data" alone."""
        if value is None:
            return "no data"
        return f"{self.words(value)} {name[:-1] if value == 1 and name in COUNTED else name}".strip()

    def words(self, value: float | None) -> str:
        """A value as text; unknown is "no data"."""
        return "no data" if value is None else f"{value:,.{self.decimals}f}"


def clock(at: float) -> str:
    """An instant in words: ``Tue 24 Nov 12:00 UTC``."""
    return f"{datetime.fromtimestamp(at, UTC):%a %d %b %H:%M} UTC"


def interval_words(start: float, end: float) -> str:
    """An interval in words: ``Tue 24 Nov 13:00–14:00 UTC``."""
    first, last = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    whole_day = last - first == timedelta(days=1) and not (first.hour or first.minute)
    if whole_day:
        return f"{first:%a %d %b} UTC"
    same_day = (last - timedelta(seconds=1)).date() == first.date()
    until = f"{last:%H:%M}" if same_day else f"{last:%a %d %b %H:%M}"
    return f"{first:%a %d %b %H:%M}–{until if until != '00:00' else '24:00'} UTC"


def describe(data: ChartData) -> str:
    """The chart for somebody who cannot see it: newest value, extremes, gaps, limit."""
    known = [v for v in data.values if v is not None]
    if not known:
        return f"{data.name}: no data in this range"
    newest = data.words(data.values[data.newest])
    parts = [f"{data.name}, {data.unit}: newest {newest}, until {clock(data.ends[data.newest])}"]
    parts.append(f"lowest {data.words(min(known))}, highest {data.words(max(known))}")
    if data.below:
        parts.append(f"{data.below_name} newest {data.words(data.below[data.newest])}")
    if missing := len(data.values) - len(known):
        parts.append(f"{missing} of {len(data.values)} points {'has' if missing == 1 else 'have'} no data")
    if data.limit is not None:
        over = sum(data.limit.broken_by(v) for v in known)
        parts.append(f"{data.limit.label}, broken at {counted(over, 'point')}")
    if shown := [mark for mark in data.marks if data.starts[0] < mark.at <= data.ends[-1]]:
        parts.append(f"{counted(len(shown), 'mark')}, the newest {clock(shown[-1].at)}: {shown[-1].name}")
    return "; ".join(parts)


def nice_ticks(top: float, most: int = 4) -> tuple[float, ...]:
    """At most ``most`` + 1 round values from 0 up to ``top`` or little more; (0, 1) where there is nothing."""
    if top <= 0 or not math.isfinite(top):
        return (0.0, 1.0)
    rough = top / most
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * f for f in (1, 2, 2.5, 5, 10) if scale * f >= rough * (1 - 1e-9))
    return tuple(step * i for i in range(math.ceil(top / step - 1e-9) + 1))


def floating_ticks(low: float, high: float, most: int = 4) -> tuple[float, ...]:
    """Round values from little below ``low`` to little above ``high``."""
    room = max(high - low, abs(high) * 0.002, 1.0)
    ticks = nice_ticks(room, most)
    step = ticks[1] - ticks[0]
    first = math.floor(low / step)
    return tuple(step * n for n in range(first, math.ceil(high / step - 1e-9) + 1 + (high == low)))


def time_ticks(start: float, end: float) -> tuple[tuple[float, str], ...]:
    """UTC midnights by name and, within eight days, noons; every few days over longer ranges."""
    days = (end - start) / 86_400
    every = max(1, math.ceil(days / 8))
    day = datetime.fromtimestamp(start, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ticks: list[tuple[float, str]] = []
    while day.timestamp() <= end:
        ticks.append((day.timestamp(), f"{day:%a %d}" if every == 1 else f"{day:%d %b}"))
        if every == 1:
            ticks.append((day.timestamp() + 43_200, "12:00"))
        day += timedelta(days=every)
    return tuple(t for t in ticks if start <= t[0] <= end)


def thinned(ticks: tuple[tuple[float, str], ...], most: int) -> tuple[tuple[float, str], ...]:
    """At most that many ticks: noons go first, then every other day."""
    while len(ticks) > max(1, most):
        days = tuple(tick for tick in ticks if tick[1] != "12:00")
        ticks = days if len(days) < len(ticks) else ticks[::2]
    return ticks


def apart(places: Sequence[float], height: float, top: float, bottom: float) -> list[float]:
    """Places from top to bottom, moved so that labels of that height neither overlap nor leave the plot."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + height if found else top + height / 2))
    ceiling = bottom - height / 2
    for index in reversed(range(len(found))):
        found[index] = min(found[index], ceiling)
        ceiling = found[index] - height
    return found


Point = tuple[float, float]


def breaches(ends: tuple[float, ...], values: Values, limit: Limit) -> tuple[tuple[Point, ...], ...]:
    """The stretches of a curve beyond its limit, cut where the curve crosses it; gaps end a stretch."""
    stretches: list[tuple[Point, ...]] = []
    current: list[Point] = []
    before: Point | None = None
    for at, value in zip(ends, values, strict=True):
        here = None if value is None else (at, value)
        out = here is not None and limit.broken_by(here[1])
        if before is not None and here is not None and out != limit.broken_by(before[1]):
            share = (limit.value - before[1]) / (here[1] - before[1])
            current.append((before[0] + share * (here[0] - before[0]), limit.value))
        if out and here is not None:
            current.append(here)
        elif current:
            stretches.append(tuple(current))
            current = []
        before = here
    if current:
        stretches.append(tuple(current))
    return tuple(stretches)
