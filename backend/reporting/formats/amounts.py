"""Amounts as text: minor units in, decimals out, never through a float."""

from __future__ import annotations

from models.core.money import decimals


def amount(minor: int, currency: str) -> str:
    """``-12.34``."""
    places = decimals(currency)
    units, rest = divmod(abs(minor), 10**places)
    # The sign is put in front at last: -30 // 100 is -1.
    return f"{'-' if minor < 0 else ''}{units}{f'.{rest:0{places}d}' if places else ''}"
