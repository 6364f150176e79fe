"""One layer: whose turn it is, and when it works. Each question is answered twice, at an instant and over a stretch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from backend.oncall.resolver.clock import SECOND, at, standing_clock
from backend.oncall.resolver.stretches import Stretch, common, united, without
from backend.oncall.resolver.types import NOBODY, Layer, People, Span, Window
from models.oncall.schedules import HolidayRule, TurnCount, TurnUnit

DAY = timedelta(days=1)
_BLOCK = 64
"""Turns that are counted at once."""


# --- at an instant


def names_at(layer: Layer, instant: int) -> People:
    """Who is on in this layer."""
    return _seat(layer, turn_at(layer, instant)) if works_at(layer, instant) else NOBODY


def turn_at(layer: Layer, instant: int) -> int:
    """The number of the turn that runs; below 0 before the first."""
    if layer.unit is TurnUnit.HOURS:
        return (instant - at(layer.zone, layer.anchor)) // (3600 * SECOND * layer.every)
    return (standing_clock(layer.zone, instant) - layer.anchor) // _period(layer)


def works_at(layer: Layer, instant: int) -> bool:
    """Whether the layer's windows, holidays, start and end allow an instant."""
    local = standing_clock(layer.zone, instant)
    if (layer.starts is not None and local < layer.starts) or (layer.ends is not None and local >= layer.ends):
        return False
    is_holiday = local.date() in layer.dates
    if layer.holidays is not HolidayRule.USUAL and is_holiday is (layer.holidays is HolidayRule.OFF):
        return False
    return not layer.windows or any(within(window, local) for window in layer.windows)


def within(window: Window, local: datetime) -> bool:
    """Whether a window is open at a local time, also one that began days before."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight - back * DAY for back in range(window.end // DAY + 1))
    return any(day.weekday() in window.weekdays and day + window.start <= local < day + window.end for day in days)


# --- over a stretch


def names_over(layer: Layer, start: int, end: int) -> Iterator[Span]:
    """The same from ``start`` to ``end``, where somebody is on and only there."""
    for begin, until in working(layer, start, end):
        number, low = turn_at(layer, begin), begin
        while low < until:
            high = min(turn_begins(layer, number + 1), until)
            # A turn within an hour that is skipped has no length: it is counted and names nobody.
            if high > low and (people := _seat(layer, number)):
                yield Span(low, high, people)
            number, low = number + 1, max(low, high)


def turn_begins(layer: Layer, number: int) -> int:
    """When a turn begins."""
    if layer.unit is TurnUnit.HOURS:
        return at(layer.zone, layer.anchor) + number * 3600 * SECOND * layer.every
    return at(layer.zone, layer.anchor + number * _period(layer))


def working(layer: Layer, start: int, end: int) -> list[Stretch]:
    """Where the layer's windows, holidays, start and end allow anybody."""
    if layer.starts is not None:
        start = max(start, at(layer.zone, layer.starts))
    if layer.ends is not None:
        end = min(end, at(layer.zone, layer.ends))
    if start >= end:
        return []
    found = open_windows(layer.zone, layer.windows, start, end)
    if layer.holidays is HolidayRule.USUAL:
        return found
    midnights = (datetime(day.year, day.month, day.day) for day in layer.dates)  # noqa: DTZ001 - local
    holidays = united([(at(layer.zone, each), at(layer.zone, each + DAY)) for each in midnights])
    return without(found, holidays) if layer.holidays is HolidayRule.OFF else common(found, holidays)


def open_windows(zone: str, windows: Sequence[Window], start: int, end: int) -> list[Stretch]:
    """Where any of some windows is open; with none, always."""
    if not windows:
        return [(start, end)]
    first = standing_clock(zone, start).replace(hour=0, minute=0, second=0, microsecond=0)
    last = standing_clock(zone, end - 1)
    found: list[Stretch] = []
    for window in windows:
        day = first - (window.end // DAY) * DAY
        while day + window.start <= last:
            if day.weekday() in window.weekdays:
                found.append((at(zone, day + window.start), at(zone, day + window.end)))
            day += DAY
    return common(united(found), [(start, end)])


# --- whose turn


def _period(layer: Layer) -> timedelta:
    return timedelta(days=layer.every) if layer.unit is TurnUnit.DAYS else timedelta(hours=layer.every)


def _seat(layer: Layer, number: int) -> People:
    if number < 0 and layer.counting is TurnCount.WORKED:
        return NOBODY
    return layer.seats[_index(layer, number) % len(layer.seats)]


def _index(layer: Layer, number: int) -> int:
    return number if layer.counting is TurnCount.CALENDAR else _worked_before(layer, number)


def _worked_before(layer: Layer, number: int) -> int:
    """How many turns before this one had a moment in which the layer works, from the first one on."""
    block = number // _BLOCK
    before = _worked_before_blocks(layer)
    while block not in before:
        newest = len(before) - 1
        before[newest + 1] = before[newest] + len(_worked(layer, newest))
    return before[block] + bisect_left(_worked(layer, block), number)


@lru_cache(maxsize=256)
def _worked_before_blocks(_layer: Layer) -> dict[int, int]:
    """By block, as far as anybody has asked: counting from the first turn on for each turn would take for ever."""
    return {0: 0}


@lru_cache(maxsize=4096)
def _worked(layer: Layer, block: int) -> tuple[int, ...]:
    """The numbers of the turns of a block in which the layer works."""
    numbers = range(block * _BLOCK, (block + 1) * _BLOCK)
    begins = [turn_begins(layer, number) for number in (*numbers, numbers.stop)]
    allowed = working(layer, begins[0], begins[-1])
    found, place = [], 0
    for number, low, high in zip(numbers, begins, begins[1:], strict=False):
        while place < len(allowed) and allowed[place][1] <= low:
            place += 1
        if low < high and place < len(allowed) and allowed[place][0] < high:
            found.append(number)
    return tuple(found)


def keep_turns(before: Layer, after: Layer, instant: int) -> Layer:
    """People have joined or left: whoever's turn it is stays on, and the others follow in their new order.

    A remainder by the new length alone would name somebody else, so the list is turned. When whoever is on has left,
    the next one of the old order who is still there comes on. What else has changed about turns begins anew.
    """
    if _turns(before) != _turns(after) or (number := turn_at(before, instant)) < 0:
        return after
    current = _index(before, number)
    order = (before.seats[(current + each) % len(before.seats)] for each in range(len(before.seats)))
    stays = next((seat for seat in order if seat in after.seats), None)
    if stays is None:
        return after
    shift = after.seats.index(stays) - _index(after, number)
    turned = tuple(after.seats[(place + shift) % len(after.seats)] for place in range(len(after.seats)))
    return replace(after, seats=turned)


def _turns(layer: Layer) -> tuple[object, ...]:
    return layer.zone, layer.unit, layer.every, layer.anchor, layer.counting
