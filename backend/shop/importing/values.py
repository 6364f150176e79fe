"""Amounts and instants as people and programs write them; what could be two things is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, Literal

from models.core.money import decimals

DecimalSign = Literal[".", ","]
DateOrder = Literal["day-first", "month-first"]

MOST_DIGITS = 20
_SIGNS: Final[tuple[DecimalSign, DecimalSign]] = (".", ",")
_GROUPS: Final = "'’ \u00a0\u202f"
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-"})
_PLAIN: Final = re.compile(r"(?P<sign>[-+]?)\s*(?P<digits>[0-9][0-9.,'’ \u00a0\u202f]*|[.,][0-9]+)")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATES: Final = (
    re.compile(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})(?P<sep>\.) ?(?P<month>\d{1,2})(?P=sep) ?(?P<year>\d{4})"),
    re.compile(r"(?P<first>\d{1,2})(?P<sep>[-/])(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4})"),
    re.compile(r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})\.?[- ](?P<name>[A-Za-z]{3,9})\.?[- ](?P<year>\d{4})"),
)
_TIME: Final = re.compile(
    r"(?:(?:T|,? +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """What texts mean where they do not say it themselves. ``None``: nobody knows."""

    decimal: DecimalSign | None = None
    decimal_given: bool = False
    """Somebody said so; else other amounts of the file show it, and where one could be two nobody knows."""
    zone: tzinfo | None = None
    dates: DateOrder | None = None


class UnclearError(ValueError):
    """What could be two things, and the option that says which."""

    def __init__(self, words: str, option: str) -> None:
        super().__init__(words)
        self.option = option


def decimal_signs(text: str) -> frozenset[DecimalSign]:
    """The decimal signs with which an amount can be read; both where it makes no difference, none where it is none."""
    readings = {sign: value for sign in _SIGNS if (value := _number(text, sign)) is not None}
    if len(set(readings.values())) == 1 and len(readings) == 2:
        return frozenset(_SIGNS)
    if len(readings) == 2:
        return frozenset()
    return frozenset(readings)


def minor_units(text: str, currency: str, known: Conventions) -> int:
    """An amount in minor units. Raises ValueError for none, and for one that could be two."""
    places = decimals(currency)
    by_sign = {sign: value for sign in _SIGNS if (value := _number(text, sign)) is not None}
    if not by_sign:
        raise ValueError(f"{text!r} is no amount")
    if known.decimal_given and known.decimal is not None:
        chosen = by_sign.get(known.decimal)
    elif len(set(by_sign.values())) == 1:
        (chosen,) = set(by_sign.values())
    elif places == 3 and "." in text and known.decimal != ",":
        chosen = by_sign["."]  # as many decimals as the currency has
    else:
        raise UnclearError(
            f"{text!r} is no amount in {currency} that can be read in one way only: say what its decimal sign is with "
            "--decimal . or --decimal ,",
            "--decimal",
        )
    if chosen is None:
        raise ValueError(f"{text!r} is no amount with the decimal sign {known.decimal!r}; --decimal says another one")
    minor = chosen.scaleb(places)
    if minor.adjusted() > MOST_DIGITS:
        raise ValueError(f"{text!r} is no amount")
    if minor != minor.to_integral_value():
        raise ValueError(f"{text!r} is no amount in {currency}, which has {places} decimals")
    return int(minor)


def _number(text: str, sign: DecimalSign) -> Decimal | None:
    match = _PLAIN.fullmatch(text.translate(_MINUS).strip())
    if match is None:
        return None
    whole, point, part = match["digits"].partition(sign)
    other = "," if sign == "." else "."
    if not whole.isdigit() and whole:
        groups = {each for each in whole if not each.isdigit()}
        # One sign between groups of three, and no zero in front: 0.500 groups nothing.
        if len(groups) != 1 or not re.fullmatch(r"[1-9]\d{0,2}(?:\D\d{3})+", whole) or not groups <= {other, *_GROUPS}:
            return None
    if point and not (part.isdigit() or (not part and whole)):
        return None
    digits = "".join(filter(str.isdigit, whole))
    return Decimal(f"{match['sign']}{digits or '0'}.{part or '0'}")


def date_order(text: str) -> DateOrder | None:
    """In which order a date has day and month, where it shows that."""
    match = _DATES[2].match(text)
    if match is None:
        return None
    first, second = int(match["first"]), int(match["second"])
    return "day-first" if first > 12 >= second else "month-first" if second > 12 >= first else None


def instant(text: str, known: Conventions) -> tuple[datetime, bool]:
    """An instant in UTC, and whether the clocks showed it twice that night (then the earlier one is meant).

    Raises:
        ValueError: It is none, or could be two; the words say which option tells.
    """
    for pattern in _DATES:
        if date := pattern.match(text):
            break
    else:
        raise ValueError(f"{text!r} is no date and time")
    time = _TIME.fullmatch(text, date.end())
    if time is None:
        raise ValueError(f"{text!r} is no date and time")
    day, month = _day_and_month(text, date.groupdict(), known)
    hour = int(time["hour"] or 0)
    if time["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text!r} is no date and time")
        hour = hour % 12 + (12 if time["half"] in "Pp" else 0)
    try:
        micro = int((time["part"] or "0").ljust(6, "0")[:6])
        at = datetime(int(date["year"]), month, day, hour, int(time["minute"] or 0), int(time["second"] or 0), micro)  # noqa: DTZ001 - its zone is looked for next
        if time["zone"]:
            return (at - _offset(time["zone"])).replace(tzinfo=UTC), False
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no date and time") from None
    if known.zone is None:
        raise UnclearError(
            f"{text!r} has no time zone: say which with --time-zone, such as Europe/Berlin or UTC", "--time-zone"
        )
    return _local(text, at, known.zone)


def _local(text: str, at: datetime, zone: tzinfo) -> tuple[datetime, bool]:
    try:
        first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        back = first.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise ValueError(f"{text!r} is no date and time") from None
    if back != at:
        raise ValueError(f"{text!r} does not exist in {zone}: clocks were put forward over it; is the time zone right?")
    return first, first != second


def _day_and_month(text: str, date: dict[str, str | None], known: Conventions) -> tuple[int, int]:
    if name := date.get("name"):
        short = name[:3].lower()
        if short not in _MONTHS:
            raise ValueError(f"{text!r} is no date and time")
        return int(date["day"] or 0), _MONTHS.index(short) + 1
    if date.get("first") is None:
        return int(date["day"] or 0), int(date["month"] or 0)
    first, second = int(date["first"] or 0), int(date["second"] or 0)
    order = date_order(text) or known.dates
    if first == second or order == "day-first":
        return first, second
    if order == "month-first":
        return second, first
    raise UnclearError(
        f"{text!r} could be two days: say which with --dates day-first or --dates month-first", "--dates"
    )


def _offset(zone: str) -> timedelta:
    if zone in {"Z", "UTC", "GMT"}:
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 15 or minutes > 59:
        raise ValueError
    return (timedelta(hours=hours, minutes=minutes)) * (-1 if zone[0] == "-" else 1)
