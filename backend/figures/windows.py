"""Instants of figures: where their windows begin and end, and its buckets. Pure arithmetic, UTC only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def floor(at: datetime, step: timedelta) -> datetime:
    """The last whole step at or before ``at``."""
    return at - (at - _EPOCH) % step


@dataclass(frozen=True, slots=True)
class Bucket:
    """``(start, end]``; ``label`` names the whole step it lies in by its inclusive end."""

    start: datetime
    end: datetime
    label: datetime

    def whole(self, step: timedelta) -> bool:
        """Whether it is a whole step, not cut at the edge of the range."""
        return self.end - self.start == step


def step_of(range_days: int) -> tuple[Literal["hour", "day"], timedelta]:
    """Hours for a week, days for more."""
    return ("hour", HOUR) if range_days <= 7 else ("day", DAY)


def buckets(as_of: datetime, range_days: int) -> tuple[Bucket, ...]:
    """Steps that together are exactly ``(as_of - range, as_of]``; the first and the last may be cut."""
    _, step = step_of(range_days)
    start = as_of - range_days * DAY
    found = []
    while start < as_of:
        label = floor(start, step) + step
        end = min(label, as_of)
        found.append(Bucket(start, end, label))
        start = end
    return tuple(found)
