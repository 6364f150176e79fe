"""Short ways to write rosters down, and the plain minute-by-minute oracle the resolver is held against."""

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
MINUTE = 60 * SECOND


def day(text: str) -> datetime:
    """``03-06 08:00`` of 2026."""
    return datetime.strptime(f"2026-{text}" if " " in text else f"2026-{text} 00:00", "%Y-%m-%d %H:%M")


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


# --- the oracle: no arithmetic of the resolver's; each minute is looked at by itself


class Oracle:
    """Walks the minutes of a zone with a running maximum of the wall clock."""

    def __init__(self, zone: str, start: int, end: int) -> None:
        self._zone = ZoneInfo(zone)
        self._shown: dict[int, datetime] = {}
        highest = datetime.min
        for instant in range(start, end, MINUTE):
            highest = max(highest, datetime.fromtimestamp(instant // SECOND, self._zone).replace(tzinfo=None))
            self._shown[instant] = highest

    def clock(self, instant: int) -> datetime:
        return self._shown[instant]


def turn(layer: Layer, oracle: Oracle, instant: int) -> int:
    """Counted by hand: the turn that begins last at or before an instant."""
    if layer.unit is TurnUnit.HOURS:
        first = next(i for i in sorted(oracle._shown) if oracle.clock(i) >= layer.anchor)
        return (instant - first) // (60 * MINUTE * layer.every)
    step = timedelta(days=layer.every) if layer.unit is TurnUnit.DAYS else timedelta(hours=layer.every)
    number, begins = 0, layer.anchor
    while begins > oracle.clock(instant):
        number, begins = number - 1, begins - step
    while begins + step <= oracle.clock(instant):
        number, begins = number + 1, begins + step
    return number


def allowed(layer: Layer, oracle: Oracle, instant: int) -> bool:
    shown = oracle.clock(instant)
    if layer.starts is not None and shown < layer.starts:
        return False
    if layer.ends is not None and shown >= layer.ends:
        return False
    holiday = shown.date() in layer.dates
    if (layer.holidays is HolidayRule.OFF and holiday) or (layer.holidays is HolidayRule.ONLY and not holiday):
        return False
    if not layer.windows:
        return True
    for each in layer.windows:
        for back in range(9):
            midnight = datetime.combine(shown.date() - timedelta(days=back), datetime.min.time())
            if midnight.weekday() in each.weekdays and midnight + each.start <= shown < midnight + each.end:
                return True
    return False


def oracle_layers(
    layers: Iterable[Layer], oracles: dict[str, Oracle], start: int, end: int
) -> dict[int, frozenset[str]]:
    """Who is on in each minute, by the layers alone."""
    found: dict[int, tuple[int, frozenset[str]]] = {}
    for each in layers:
        oracle = oracles[each.zone]
        worked: dict[int, int] = {}
        if each.counting is TurnCount.WORKED:
            for instant in sorted(oracle._shown):
                number = turn(each, oracle, instant)
                if number >= 0 and number not in worked and allowed(each, oracle, instant):
                    worked[number] = len(worked)
        for instant in range(start, end, MINUTE):
            if not allowed(each, oracle, instant):
                continue
            number = turn(each, oracle, instant)
            if each.counting is TurnCount.WORKED:
                if number < 0:
                    continue
                number = worked[number]
            people = each.seats[number % len(each.seats)]
            rank, there = found.get(instant, (-1, frozenset()))
            if people and each.rank >= rank:
                found[instant] = each.rank, (there | people if each.rank == rank else people)
    return {instant: found[instant][1] if instant in found else frozenset() for instant in range(start, end, MINUTE)}


def oracle_override(people: frozenset[str], each: Override, instant: int, known: int | None) -> frozenset[str]:
    """One override on who is on at an instant."""
    if known is not None and each.recorded_at > known:
        return people
    cancelled = each.cancelled_at is not None and each.cancelled_at <= instant
    if known is not None and each.cancelled_at is not None and each.cancelled_at > known:
        cancelled = False
    if cancelled or instant < each.recorded_at or not each.start <= instant < each.end:
        return people
    if each.instead_of is InsteadOf.EVERYBODY:
        return each.people
    if each.instead_of is InsteadOf.NOBODY:
        return people | each.people
    return (people - {each.person}) | each.people if each.person in people else people


def oracle_who(
    base: frozenset[str], overrides: Iterable[Override], instant: int, known: int | None = None
) -> frozenset[str]:
    for each in sorted(overrides, key=lambda o: (o.recorded_at, o.id)):
        base = oracle_override(base, each, instant, known)
    return base
