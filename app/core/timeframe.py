"""The one time bar: which range is looked at, live or at a past instant."""

from __future__ import annotations

from datetime import datetime

from app.core.signals import Signal

RANGES = (7, 30, 90)
NOT_KEPT = "not kept for this time"
"""What stands in the place of something whose record is not kept for the past instant that is looked at."""
PAST_PREFIX = "at:"
"""Begins the key of every query of a past instant."""


class TimeFrame:
    """Range in days, and the past instant that is looked at (``None`` is live)."""

    changed = Signal()

    def __init__(self, range_days: int = 7) -> None:
        self.range_days = range_days if range_days in RANGES else 7
        self.as_of: datetime | None = None

    def key(self, name: str) -> str:
        """The key of a query of the instant that is looked at; ``name`` itself while that is the present."""
        return name if self.as_of is None else f"{PAST_PREFIX}{self.as_of.isoformat()} {name}"

    def set_range(self, days: int) -> None:
        """Look back 7, 30 or 90 days. Raises ValueError for anything else."""
        if days not in RANGES:
            raise ValueError(f"a range is one of {RANGES} days")
        if days != self.range_days:
            self.range_days = days
            self.changed.emit()

    def set_past(self, as_of: datetime) -> None:
        """Look at a past instant. Raises ValueError without a time zone."""
        if as_of.tzinfo is None:
            raise ValueError("a past instant needs its time zone")
        if as_of != self.as_of:
            self.as_of = as_of
            self.changed.emit()

    def go_live(self) -> None:
        """Follow the present again."""
        if self.as_of is not None:
            self.as_of = None
            self.changed.emit()
