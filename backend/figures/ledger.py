"""Running totals of the shop at instants: C(b) = days + hours + raw rows. See docs/decisions/0005-exact-figures.md."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any, Literal, NamedTuple

from backend.core.database import Connection, array, load_queries
from backend.figures.windows import DAY, HOUR, floor

queries = load_queries(__package__)


class Sums(NamedTuple):
    """Counts, and money in minor units of the reporting currency. ``unconverted`` rows are missing from the money."""

    orders: int = 0
    orders_minor: int = 0
    orders_unconverted: int = 0
    settled: int = 0
    refunds: int = 0
    refunds_minor: int = 0
    refunds_unconverted: int = 0
    downloads: int = 0
    failed: int = 0

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(*(a + b for a, b in zip(self, other, strict=True)))

    def minus(self, other: Sums) -> Sums:
        """What came after ``other``."""
        return Sums(*(a - b for a, b in zip(self, other, strict=True)))

    @property
    def unconverted(self) -> int:
        """Orders and refunds that are missing from the money."""
        return self.orders_unconverted + self.refunds_unconverted

    @property
    def revenue(self) -> int | None:
        """Orders minus refunds; ``None`` when there are rows and none of them could be converted."""
        rows = self.orders + self.refunds
        if rows and self.unconverted == rows:
            return None
        return self.orders_minor - self.refunds_minor

    @property
    def failure_rate(self) -> float | None:
        """Between 0 and 1."""
        return self.failed / self.downloads if self.downloads else None


class _Running:
    """Totals by bucket end."""

    def __init__(self, rows: Iterable[tuple[datetime, Sums]]) -> None:
        ordered = sorted(rows, key=lambda row: row[0])
        self._ends = [end for end, _ in ordered]
        # Column by column: adding up Sums one after the other takes five times as long.
        columns = (accumulate(column) for column in zip(*(sums for _, sums in ordered), strict=True))
        self._totals = [Sums(), *map(Sums._make, zip(*columns, strict=True))]

    def until(self, end: datetime) -> Sums:
        return self._totals[bisect_right(self._ends, end)]


class Totals:
    """Totals at every instant they were loaded for, all from one snapshot of the database."""

    def __init__(self, rows: Iterable[tuple[Any, ...]], step: Literal["hour", "day"]) -> None:
        """``rows`` as the statement ``sums`` answers them."""
        parts: dict[str, dict[datetime, Sums]] = {kind: {} for kind in ("day", "hour", "raw", "base", "open")}
        for kind, at, *numbers in rows:
            parts[kind][at] = Sums._make(numbers)
        self._days = _Running(parts["day"].items())
        self._hours = _Running(parts["hour"].items())
        self._raw = parts["raw"]
        self._still_open = parts["open"]
        self._base = next(iter(parts["base"].values()), Sums())
        self.buckets = parts[step]
        """Whole steps by their inclusive end; a step without rows is left out."""

    def at(self, instant: datetime) -> Sums:
        """Everything up to ``instant``, counted from the first day the totals were loaded for."""
        day, hour = floor(instant, DAY), floor(instant, HOUR)
        total = self._days.until(day).plus(self._hours.until(hour).minus(self._hours.until(day)))
        return total.plus(self._raw[instant]) if instant in self._raw else total

    def between(self, start: datetime, end: datetime) -> Sums:
        """After ``start`` up to and including ``end``."""
        return self.at(end).minus(self.at(start))

    def pending(self, instant: datetime) -> int:
        """Orders placed within the range that ends at ``instant`` and not settled by then.

        Only for the instants pending was asked for.
        """
        total = self._base.plus(self.at(instant))
        return total.orders - total.settled - self._still_open[instant].orders


async def totals(
    connection: Connection,
    points: Iterable[datetime],
    *,
    pending_at: Sequence[datetime],
    range_days: int,
    downloads_at: Sequence[datetime],
    step: Literal["hour", "day"],
    between: tuple[datetime, datetime],
    seen_at: datetime | None = None,
) -> Totals:
    """Totals at ``points`` and whole steps within ``between``, in one statement.

    Pending orders, of ranges of ``range_days``, are known at ``pending_at`` only, downloads are exact at
    ``downloads_at`` only: raw rows are read for no other instant. ``seen_at`` is a past instant: downloads that were
    completed after it count as failed.
    """
    instants = sorted(set(points))
    spans = [(floor(instant, DAY), floor(instant, HOUR)) for instant in instants]
    if step == "hour":
        spans.append((floor(between[0], DAY), floor(between[1], HOUR)))
    merged = _merged(spans)
    cursor = await connection.execute(
        queries.sums,
        {
            "points": array(instants),
            "settled_at": array(pending_at),
            "open_since": array(instant - range_days * DAY for instant in pending_at),
            "downloads_at": array(downloads_at),
            "lows": array(low for low, _ in merged),
            "highs": array(high for _, high in merged),
            "seen_at": seen_at,
        },
        prepare=True,
    )
    return Totals(await cursor.fetchall(), step)


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Disjoint spans: an hour must not be read twice."""
    merged: list[tuple[datetime, datetime]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
