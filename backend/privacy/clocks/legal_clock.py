"""When a request is due: months and days by the law, pauses, extension, working days. Pure, and by local dates.

Instants and intervals would be wrong at the ends of months and where clocks change, so everything is worked out on
dates of the controller's zone; only what is compared with the present becomes an instant. Every rule here is a reading
of the law that counsel has to confirm.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backend.privacy.clocks.calendar import DAY, WorkingCalendar
from models.privacy.requests import PauseReason, PeriodUnit


@dataclass(frozen=True, slots=True)
class ClockRules:
    """What a jurisdiction says."""

    zone: ZoneInfo
    """Of the controller: a day begins and ends there."""
    unit: PeriodUnit
    period: int
    """From receipt, in ``unit``."""
    extended: int
    """From receipt when it is extended, in ``unit``; the same as ``period`` where that cannot be."""
    rolls: bool
    """Whether a day on which nobody works moves it to the next on which people do."""
    pauses: frozenset[PauseReason]
    """For what the clock may stand still."""
    internal_days: int
    """How long before that it is to be done by our own rule."""
    calendar: WorkingCalendar


@dataclass(frozen=True, slots=True)
class Pause:
    """From when to when the clock stood still; ``None``: it still does."""

    begun: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What a clock says."""

    on: date
    """The last day it may be done on, in the controller's zone."""
    at: datetime
    """From this instant on it is late."""
    internal_on: date
    internal_at: datetime


def due(
    rules: ClockRules, received: datetime, now: datetime, *, pauses: Iterable[Pause] = (), extended: bool = False
) -> Due:
    """When it is due, as far as is known ``now``: while the clock stands still it moves on day by day."""
    day = received.astimezone(rules.zone).date()
    stood = _stood_still(rules.zone, pauses, now)
    count = rules.extended if extended else rules.period
    # Months then days, or days then months: they differ at the ends of months, and the earlier one is safe.
    on = min(_later(day, count, rules.unit) + stood, _later(day + stood, count, rules.unit))
    if rules.rolls:
        on = rules.calendar.next_working(on)
    internal = on - max(1, rules.internal_days) * DAY
    return Due(on, _after(on, rules.zone), internal, _after(internal, rules.zone))


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has none: 31 January, 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _later(day: date, count: int, unit: PeriodUnit) -> date:
    return add_months(day, count) if unit is PeriodUnit.MONTHS else day + count * DAY


def _stood_still(zone: ZoneInfo, pauses: Iterable[Pause], now: datetime) -> timedelta:
    """Days on which the clock stood: the day a pause begins has run, the day it ends has not.

    A set of dates, so that pauses that overlap count once, and one that ends the day it began counts nothing.
    """
    days: set[date] = set()
    for pause in pauses:
        first = pause.begun.astimezone(zone).date()
        last = (pause.ended or now).astimezone(zone).date()
        days.update(first + n * DAY for n in range(1, (last - first).days + 1))
    return len(days) * DAY


def _after(day: date, zone: ZoneInfo) -> datetime:
    """The end of a day: where the next midnight does not exist, the first instant of the next day."""
    return datetime.combine(day + DAY, time(), zone).astimezone(UTC)
