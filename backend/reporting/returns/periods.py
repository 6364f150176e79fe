"""Periods of a registration, and when their returns are due."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from backend.core.problems import invalid
from models.reporting import Region, TaxRegime

MONTHS = {"month": 1, "quarter": 3}
YEARS_CORRECTED = 3
"""After its due date a period is corrected in later returns for so long; then with the state itself."""


def begin_of(day: date, length: str) -> date:
    """The first day of the period a day is in."""
    months = MONTHS[length]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def end_of(begin: date, length: str) -> date:
    """The last day of the period that begins on a day."""
    return _months_later(begin, MONTHS[length]) - timedelta(days=1)


def following(begin: date, length: str) -> date:
    """The first day of the next period."""
    return _months_later(begin, MONTHS[length])


def due_on(region: Region, begin: date) -> date:
    """The day by which the return of a period must be there."""
    after = following(begin, region.period)
    match region.regime:
        case TaxRegime.EU_OSS:
            return after.replace(day=monthrange(after.year, after.month)[1])
        case TaxRegime.UK_VAT:
            return _months_later(after, 1) + timedelta(days=6)
        case TaxRegime.US_SALES:
            return after.replace(day=20)


def corrected_until(region: Region, begin: date) -> date:
    """The last day on which a period can be corrected in another return."""
    due = due_on(region, begin)
    return date(due.year + YEARS_CORRECTED, due.month, min(due.day, monthrange(due.year + 3, due.month)[1]))


def periods(region: Region, upto: date) -> Iterator[date]:
    """First days of the periods of a registration that begin on or before a day."""
    last = upto if region.ends is None else min(upto, region.ends)
    begin = begin_of(region.begins, region.period)
    while begin <= last:
        yield begin
        begin = following(begin, region.period)


def period_asked(region: Region, start: date, end: date) -> date:
    """The period two days name. Raises ProblemError 422 for what is none of the registration, or is two."""
    if start != begin_of(start, region.period) or end != end_of(start, region.period):
        whole = begin_of(start, region.period)
        raise invalid(
            "/periodStart" if start != whole else "/periodEnd",
            f"returns of {region.name} are made by the {region.period}: from {whole} to "
            f"{end_of(whole, region.period)}, so that no two overlap",
        )
    if end < region.begins or (region.ends is not None and start > region.ends):
        raise invalid("/periodStart", f"the seller is registered in {region.region} from {region.begins} on")
    return start


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, 1)
