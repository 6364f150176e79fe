"""Short ways to write rosters down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.oncall.resolver import SECOND, Layer, Override, Revision, Schedule, Span, Window, at, ticks
from models.oncall.schedules import HolidayRule, InsteadOf, TurnCount, TurnUnit

BERLIN, NEW_YORK, CHICAGO = "Europe/Berlin", "America/New_York", "America/Chicago"
AMSTERDAM, KOLKATA = "Europe/Amsterdam", "Asia/Kolkata"
WEEK = frozenset(range(7))
WORKDAYS = frozenset(range(5))


def day(text: str) -> datetime:
    """``03-06 08:00`` of 2026."""
    return datetime.fromisoformat(f"2026-{text}" if " " in text else f"2026-{text} 00:00")


def utc(text: str) -> int:
    return ticks(day(text).replace(tzinfo=UTC))


def window(start: float, end: float, weekdays: Iterable[int] = WEEK, days: int = 0) -> Window:
    """Hours of the local day."""
    begins, ends = timedelta(hours=start), timedelta(hours=end)
    return Window(frozenset(weekdays), begins, ends + timedelta(days=days or (1 if ends <= begins else 0)))


def layer(
    seats: str,
    zone: str = "UTC",
    *,
    every: int = 1,
    unit: TurnUnit = TurnUnit.DAYS,
    anchor: str = "01-05",
    windows: tuple[Window, ...] = (),
    rank: int = 1,
    holidays: HolidayRule = HolidayRule.USUAL,
    dates: Iterable[str] = (),
    counting: TurnCount = TurnCount.CALENDAR,
) -> Layer:
    """Each letter is a seat with one person; a blank is an empty one, a comma stands between seats of several."""
    taken = seats.split(",") if "," in seats else list(seats)
    return Layer(
        name=seats,
        seats=tuple(frozenset(seat.strip()) for seat in taken),
        zone=zone,
        unit=unit,
        every=every,
        anchor=day(anchor),
        windows=windows,
        rank=rank,
        holidays=holidays,
        dates=frozenset(day(each).date() for each in dates),
        counting=counting,
    )


def schedule(*layers: Layer, overrides: Iterable[Override] = ()) -> Schedule:
    return Schedule((Revision(1, 0, 0, layers),), tuple(overrides))


def override(
    start: int,
    end: int,
    people: str,
    instead_of: str | None = "*",
    *,
    at: int = 0,
    cancelled: int | None = None,
    key: str = "o",
) -> Override:
    """``instead_of``: somebody, ``*`` for everybody, ``None`` for nobody."""
    kinds = {"*": InsteadOf.EVERYBODY, None: InsteadOf.NOBODY}
    kind = kinds.get(instead_of, InsteadOf.PERSON)
    person = instead_of if kind is InsteadOf.PERSON else None
    return Override(key, start, end, frozenset(people), kind, person, at, cancelled)


def drawn(spans: Iterable[Span], zone: str = "UTC") -> str:
    """``a to 01-09 18:00, – to …``: who, and until when on the wall."""

    def until(instant: int) -> str:
        return datetime.fromtimestamp(instant // SECOND, ZoneInfo(zone)).strftime("%m-%d %H:%M")

    return ", ".join(f"{''.join(sorted(span.people)) or '–'} to {until(span.end)}" for span in spans)


def local(zone: str, text: str) -> int:
    return at(zone, day(text))
