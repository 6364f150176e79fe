"""Numbers as people read them, in the console and in what the server writes.

Money stays in integers; no float ever holds an amount.
"""

from __future__ import annotations

from models.core.money import decimals


def grouped(value: int) -> str:
    """``182,953``."""
    return f"{value:,}".replace("-", "−")


def money(minor: int, currency: str, *, whole: bool = False) -> str:
    """Minor units as ``1,234.56`` (or rounded to whole units), without the currency's code."""
    places = decimals(currency)
    sign = "−" if minor < 0 else ""
    units, rest = divmod(abs(minor), 10**places)
    if whole and places:
        units += rest * 2 >= 10**places
        return f"{sign}{units:,}"
    return f"{sign}{units:,}.{rest:0{places}d}" if places else f"{sign}{units:,}"


def money_words(minor: int, currency: str) -> str:
    """``1,234.56 EUR``."""
    return f"{money(minor, currency)} {currency}"


def percent(ratio: float, places: int = 2) -> str:
    """A ratio between 0 and 1 as ``2.17`` percent, without the sign."""
    return f"{ratio * 100:.{places}f}"


def signed(text: str) -> str:
    """With an explicit plus for what is not negative."""
    return text if text.startswith("−") else f"+{text}"


def change_percent(now: int, before: int) -> str:
    """``+9.9 %``; empty when there was nothing before."""
    if before == 0:
        return ""
    # Integers all the way: tenths of a percent, rounded half away from zero.
    thousandths = (abs(now - before) * 2000 + abs(before)) // (2 * abs(before))
    text = f"{thousandths // 10:,}.{thousandths % 10} %"
    return ("−" if now < before else "+") + text
