"""Instants as people and programs write them; what could be two days or hours is asked for."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from backend.shop.importing.conventions import Conventions, DateOrder, UnclearError

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY: Final = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
_DATES: Final = (
    re.compile(r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})(?P<sep>\.) ?(?P<month>\d{1,2})(?P=sep) ?(?P<year>\d{4})"),
    re.compile(r"(?P<first>\d{1,2})(?P<sep>[-/])(?P<second>\d{1,2})(?P=sep)(?P<year>\d{4})"),
    re.compile(_WEEKDAY + r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})"),
    re.compile(_WEEKDAY + r"(?P<day>\d{1,2})\.?[- ](?P<name>[A-Za-z]{3,9})\.?[- ](?P<year>\d{4})"),
)
_TIME: Final = re.compile(
    r"(?:(?:[Tt]|,? +)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
    r" ?(?P<zone>[Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)


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
    shown = date_order(text)
    if known.dates_given and shown not in {None, known.dates}:
        raise ValueError(f"{text!r} is no date written {known.dates}; --dates says another one")
    order = shown or known.dates
    if first == second or order == "day-first":
        return first, second
    if order == "month-first":
        return second, first
    raise UnclearError(
        f"{text!r} could be two days: say which with --dates day-first or --dates month-first", "--dates"
    )


def _offset(zone: str) -> timedelta:
    if zone in {"Z", "z", "UTC", "GMT"}:
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 15 or minutes > 59:
        raise ValueError
    return (timedelta(hours=hours, minutes=minutes)) * (-1 if zone[0] == "-" else 1)
