"""What texts of a file mean where they do not say it themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal

DateOrder = Literal["day-first", "month-first"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """What is said about a file, or shown by its rows. ``None``: nobody knows."""

    decimal: Literal[".", ","] | None = None
    decimal_given: bool = False
    """Somebody said so; else other amounts of the file show it, and where one could be two nobody knows."""
    groups: bool = False
    """Amounts of the file show that their other sign stands between groups of digits."""
    minor: bool = False
    """Amounts are in minor units: 12100 is 121.00."""
    zone: tzinfo | None = None
    dates: DateOrder | None = None
    dates_given: bool = False
    """Somebody said so: a date that shows another order is a mistake."""


class UnclearError(ValueError):
    """What could be two things, and the option that says which."""

    def __init__(self, words: str, option: str) -> None:
        super().__init__(words)
        self.option = option
