"""Amounts as people and programs write them; what could be two is asked for."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from backend.shop.importing.conventions import Conventions, UnclearError
from models.core.money import SIGNS, decimals

DecimalSign = Literal[".", ","]

MOST_DIGITS = 20
_SIGNS: Final[tuple[DecimalSign, DecimalSign]] = (".", ",")
_GROUPS: Final = "'’ \u00a0\u202f"
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-"})
_MARK: Final = rf"[^\d\s.,+\-()?*/%{_GROUPS}]{{1,4}}"
_AMOUNT: Final = re.compile(
    rf"(?P<sign>[-+]?)\s*(?P<before>{_MARK})?\s*(?P<inner>[-+]?)\s*"
    rf"(?P<digits>[0-9](?:[0-9.,{_GROUPS}]*[0-9.,])?|[.,][0-9]+)\s*(?P<after>{_MARK})?"
)
"""A sign, digits, and what says the currency before or behind them."""


class Written(NamedTuple):
    """An amount as it is written."""

    number: str
    """Its digits, and the sign before them."""
    mark: str
    """What stands beside it and says the currency: a code or a sign; mostly nothing."""


def written(text: str) -> Written | None:
    """The parts of an amount; ``(5.00)`` is less than zero, as bookkeepers write it. ``None``: it is none."""
    plain = text.translate(_MINUS).strip()
    negative = plain.startswith("(") and plain.endswith(")")
    match = _AMOUNT.fullmatch(plain[1:-1].strip() if negative else plain)
    if match is None or (match["before"] and match["after"]):
        return None
    sign = match["sign"] + match["inner"]
    if len(sign) > 1 or (negative and sign):
        return None
    return Written(("-" if negative else sign) + match["digits"], match["before"] or match["after"] or "")


def decimal_signs(text: str) -> frozenset[DecimalSign]:
    """The decimal signs with which an amount can be read; both where it makes no difference, none where it is none."""
    readings = _readings(text)
    if len(set(readings.values())) == 1 and len(readings) == 2:
        return frozenset(_SIGNS)
    if len(readings) == 2:
        return frozenset()
    return frozenset(readings)


def shows_groups(text: str) -> bool:
    """Whether an amount has both signs, one between groups of digits: then nobody can doubt which is which."""
    return "." in text and "," in text and len(_readings(text)) == 1


def minor_units(text: str, currency: str, known: Conventions) -> int:
    """An amount in minor units.

    Raises:
        ValueError: It is none, is in another currency, or could be two.
    """
    by_sign = _readings(text)
    if not by_sign:
        raise ValueError(f"{text!r} is no amount")
    _same_currency(text, currency)
    places = 0 if known.minor else decimals(currency)
    chosen = _chosen(text, by_sign, places, known)
    if chosen is None:
        raise UnclearError(
            f"{text!r} is no amount in {currency} that can be read in one way only: say what its decimal sign is with "
            "--decimal . or --decimal ,",
            "--decimal",
        )
    minor = chosen.scaleb(places)
    if minor.adjusted() > MOST_DIGITS:
        raise ValueError(f"{text!r} is no amount")
    if minor != minor.to_integral_value():
        if known.minor:
            raise ValueError(f"{text!r} is no amount in minor units of {currency}, which are whole")
        raise ValueError(f"{text!r} is no amount in {currency}, which has {places} decimals")
    return int(minor)


def _chosen(text: str, by_sign: dict[DecimalSign, Decimal], places: int, known: Conventions) -> Decimal | None:
    if known.decimal_given and known.decimal is not None:
        if known.decimal not in by_sign:
            raise ValueError(
                f"{text!r} is no amount with the decimal sign {known.decimal!r}; --decimal says another one"
            )
        return by_sign[known.decimal]
    if len(set(by_sign.values())) == 1:
        return next(iter(by_sign.values()))
    if places == 3 and "." in text and known.decimal != ",":
        return by_sign["."]  # as many decimals as the currency has
    # Others group their digits with the very sign that this one has: as with dates, the rows show how they are meant.
    return by_sign[known.decimal] if known.decimal is not None and known.groups and known.decimal not in text else None


def _same_currency(text: str, currency: str) -> None:
    parts = written(text)
    mark = parts.mark if parts else ""
    if not mark or mark.upper() == currency or currency in SIGNS.get(mark, ()):
        return
    if mark in SIGNS:
        raise ValueError(
            f"{text!r} is not in {currency}: say with --currency which currency {mark} is, or put it into a column"
        )
    raise ValueError(f"{text!r} is no amount in {currency}")


def _readings(text: str) -> dict[DecimalSign, Decimal]:
    parts = written(text)
    if parts is None:
        return {}
    return {sign: value for sign in _SIGNS if (value := _number(parts.number, sign)) is not None}


def _number(text: str, sign: DecimalSign) -> Decimal | None:
    digits = text.lstrip("-+")
    whole, point, part = digits.partition(sign)
    other = "," if sign == "." else "."
    if not whole.isdigit() and whole:
        groups = {each for each in whole if not each.isdigit()}
        # One sign between groups of three, and no zero in front: 0.500 groups nothing.
        if len(groups) != 1 or not re.fullmatch(r"[1-9]\d{0,2}(?:\D\d{3})+", whole) or not groups <= {other, *_GROUPS}:
            return None
    if point and not (part.isdigit() or (not part and whole)):
        return None
    grouped = "".join(filter(str.isdigit, whole))
    return Decimal(f"{text[: len(text) - len(digits)]}{grouped or '0'}.{part or '0'}")
