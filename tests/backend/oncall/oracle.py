"""The plain oracle the resolver is held against: it looks at each moment by itself and shares no arithmetic with it.

All times of the rosters it is asked about are multiples of ``GRID``, as all changes of clocks are, so nothing happens
in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from backend.oncall.resolver import SECOND, Layer, Override
from models.oncall.schedules import HolidayRule, InsteadOf, TurnCount, TurnUnit

GRID = 5 * 60 * SECOND
DAY = 24 * 3600 * SECOND
NOBODY: frozenset[str] = frozenset()

Moments = Mapping[int, datetime]


@lru_cache(maxsize=64)
def wall_clock(zone: str, start: int, end: int) -> Moments:
    """What a clock shows that is never set back: the highest the wall clock has shown, a day's run ahead."""
    found, highest = {}, datetime(1, 1, 1)  # noqa: DTZ001 - a wall
    known = ZoneInfo(zone)
    for instant in range(start - DAY, end, GRID):
        highest = max(highest, datetime.fromtimestamp(instant // SECOND, known).replace(tzinfo=None))
        found[instant] = highest
    return found


def turns(layer: Layer, shown: Moments) -> dict[int, int]:
    """The number of the turn at each moment, counted one by one."""
    found = {}
    if layer.unit is TurnUnit.HOURS:
        first = next(instant for instant, local in shown.items() if local >= layer.anchor)
        length = layer.every * 3600 * SECOND
        number, begins = 0, first
        while begins > min(shown):
            number, begins = number - 1, begins - length
        for instant in shown:
            while begins + length <= instant:
                number, begins = number + 1, begins + length
            found[instant] = number
        return found
    step = timedelta(days=layer.every) if layer.unit is TurnUnit.DAYS else timedelta(hours=layer.every)
    count, from_local = 0, layer.anchor
    while from_local > min(shown.values()):
        count, from_local = count - 1, from_local - step
    for instant, local in shown.items():
        while from_local + step <= local:
            count, from_local = count + 1, from_local + step
        found[instant] = count
    return found


def is_allowed(layer: Layer, local: datetime) -> bool:
    if (layer.starts is not None and local < layer.starts) or (layer.ends is not None and local >= layer.ends):
        return False
    holiday = local.date() in layer.dates
    if (layer.holidays is HolidayRule.OFF and holiday) or (layer.holidays is HolidayRule.ONLY and not holiday):
        return False
    if not layer.windows:
        return True
    midnights = [datetime.combine(local.date() - timedelta(days=back), datetime.min.time()) for back in range(9)]
    return any(
        midnight.weekday() in window.weekdays and midnight + window.start <= local < midnight + window.end
        for window in layer.windows
        for midnight in midnights
    )


def layer_people(layer: Layer, shown: Moments, start: int) -> dict[int, frozenset[str]]:
    """Who is on in one layer, from ``start`` on."""
    allowed = {instant: is_allowed(layer, local) for instant, local in shown.items()}
    numbers = turns(layer, shown)
    if layer.counting is TurnCount.WORKED:
        worked: dict[int, int] = {}
        for instant, number in numbers.items():
            if number >= 0 and allowed[instant] and number not in worked:
                worked[number] = len(worked)
        numbers = {instant: worked.get(number, -1) for instant, number in numbers.items()}
    found = {}
    for instant, number in numbers.items():
        if instant < start:
            continue
        is_on = allowed[instant] and (number >= 0 or layer.counting is TurnCount.CALENDAR)
        found[instant] = layer.seats[number % len(layer.seats)] if is_on else NOBODY
    return found


def by_layers(layers: Iterable[Layer], since: int, start: int, end: int) -> dict[int, frozenset[str]]:
    """Who is on at each moment by the layers; ``since`` lies before all of their anchors."""
    found = dict.fromkeys(range(start, end, GRID), (-1, NOBODY))
    for layer in layers:
        for instant, people in layer_people(layer, wall_clock(layer.zone, since, end), start).items():
            rank, there = found[instant]
            if people and layer.rank >= rank:
                found[instant] = layer.rank, (there | people if layer.rank == rank else people)
    return {instant: people for instant, (_, people) in found.items()}


def with_overrides(
    people: frozenset[str], overrides: Iterable[Override], instant: int, known: int | None = None
) -> frozenset[str]:
    """Overrides one after the other as they were written down."""
    for each in sorted(overrides, key=lambda each: (each.recorded_at, each.id)):
        seen = known is None or each.recorded_at <= known
        ended = each.cancelled_at is not None and each.cancelled_at <= instant
        if ended and known is not None and each.cancelled_at is not None and each.cancelled_at > known:
            ended = False
        if not seen or ended or instant < each.recorded_at or not each.start <= instant < each.end:
            continue
        if each.instead_of is InsteadOf.EVERYBODY:
            people = each.people
        elif each.instead_of is InsteadOf.NOBODY:
            people |= each.people
        elif each.person in people:
            people = (people - {each.person}) | each.people
    return people
