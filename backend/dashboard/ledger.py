"""Running totals of the shop at instants: C(b) = days + hours + raw rows. See docs/decisions/0005-exact-figures.md."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from backend.dashboard import queries
from backend.database import Connection

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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
        return Sums(*(int(a + b) for a, b in zip(self, other, strict=True)))

    def minus(self, other: Sums) -> Sums:
        """What came after ``other``."""
        return Sums(*(int(a - b) for a, b in zip(self, other, strict=True)))

    @property
    def revenue(self) -> int | None:
        """Orders minus refunds; ``None`` when there are rows and none of them could be converted."""
        rows = self.orders + self.refunds
        if rows and self.orders_unconverted + self.refunds_unconverted == rows:
            return None
        return self.orders_minor - self.refunds_minor

    @property
    def failure_rate(self) -> float | None:
        """Between 0 and 1."""
        return self.failed / self.downloads if self.downloads else None


def floor_hour(at: datetime) -> datetime:
    """The last whole UTC hour at or before ``at``."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def floor_day(at: datetime) -> datetime:
    """The last UTC midnight at or before ``at``."""
    return floor_hour(at).replace(hour=0)


class _Running:
    """Totals by bucket end."""

    def __init__(self, rows: Iterable[tuple[datetime, Sums]]) -> None:
        ordered = sorted(rows, key=lambda row: row[0])
        self._ends = [end for end, _ in ordered]
        self._totals = [Sums(), *accumulate((sums for _, sums in ordered), Sums.plus)]

    def until(self, end: datetime) -> Sums:
        return self._totals[bisect_right(self._ends, end)]


class Ledger:
    """Totals at every instant it was loaded for, all from one snapshot of the database."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """``rows`` as the statement ``sums`` answers them."""
        parts: dict[str, dict[datetime, Sums]] = {kind: {} for kind in ("day", "hour", "raw", "base", "old")}
        for kind, at, *numbers in rows:
            parts[kind][at] = Sums(*numbers)
        self._days = _Running(parts["day"].items())
        self._hours = _Running(parts["hour"].items())
        self._raw = parts["raw"]
        self._base = next(iter(parts["base"].values()), Sums())
        self._old = parts["old"]

    def at(self, instant: datetime) -> Sums:
        """Everything up to ``instant``, counted from the first day the ledger was loaded for."""
        day, hour = floor_day(instant), floor_hour(instant)
        total = self._days.until(day).plus(self._hours.until(hour).minus(self._hours.until(day)))
        return total.plus(self._raw[instant]) if instant in self._raw else total

    def between(self, start: datetime, end: datetime) -> Sums:
        """After ``start`` up to and including ``end``."""
        return self.at(end).minus(self.at(start))

    def pending(self, seen: datetime) -> int:
        """Orders placed within the range that ends at ``seen`` and not settled by then."""
        total = self._base.plus(self.at(seen))
        return total.orders - total.settled - self._old.get(seen, Sums()).orders


async def load(
    connection: Connection,
    points: Iterable[datetime],
    *,
    hourly: tuple[datetime, datetime] | None,
    pending: Sequence[tuple[datetime, datetime]],
) -> Ledger:
    """Totals at ``points``, at whole hours within ``hourly``, and pending for pairs (seen, since) at least 7 days apart."""
    instants = sorted({point.astimezone(UTC) for point in points})
    spans = [(floor_day(instant), floor_hour(instant)) for instant in instants]
    if hourly is not None:
        spans.append((floor_day(hourly[0]), floor_hour(hourly[1])))
    merged = _merged(spans)
    cursor = await connection.execute(
        queries.sums,
        {
            "points": instants,
            "lows": [low for low, _ in merged],
            "highs": [high for _, high in merged],
            "seen": [seen for seen, _ in pending],
            "since": [since for _, since in pending],
        },
    )
    return Ledger(await cursor.fetchall())


def _merged(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Disjoint spans: an hour must not be read twice."""
    merged: list[tuple[datetime, datetime]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
