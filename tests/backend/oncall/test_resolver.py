"""The resolver against the oracle, at rosters of three generators; and that wrong resolvers do not get past them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.oncall.resolver import (
    SECOND,
    Cover,
    Layer,
    Override,
    Revision,
    Schedule,
    Span,
    Window,
    by_person,
    double_bookings,
    gaps,
    intervals,
    layers,
    roster,
    who,
)
from backend.oncall.resolver.stretches import common, united, without
from backend.oncall.resolver.types import FOREVER, NOBODY
from models.oncall.schedules import InsteadOf, TurnUnit
from tests.backend.oncall.generators import BROAD, CROWDED, PILED, Example, Generator
from tests.backend.oncall.oracle import GRID, by_layers, with_overrides

GENERATORS = {"broad": BROAD, "crowded": CROWDED, "piled": PILED}
WHO_STEP = 7
"""``who`` is asked at every seventh moment: a prime, so all times of day come up."""


def expand(spans: list[Span]) -> dict[int, frozenset[str]]:
    return {instant: span.people for span in spans for instant in range(span.start, span.end, GRID)}


def difference(example: Example) -> str:
    """Where the resolver and the oracle do not agree; empty where they do."""
    schedule = Schedule((Revision(1, 0, 0, example.layers),), example.overrides)
    base = by_layers(example.layers, example.since, example.start, example.end)
    for known in (None, *example.known):
        expected = {t: with_overrides(people, example.overrides, t, known) for t, people in base.items()}
        spans = intervals(schedule, example.start, example.end, known)
        assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]], "it is no partition"
        if (found := expand(spans)) != expected:
            return f"intervals, known at {known}: {next(t for t in expected if found.get(t) != expected[t])}"
        for instant in sorted(expected)[:: WHO_STEP if known is None else 41]:
            if who(schedule, instant, known) != expected[instant]:
                return f"who, known at {known}: {instant}"
    return ""


@pytest.mark.parametrize("name", GENERATORS)
def test_it_says_what_the_oracle_says(name: str) -> None:
    generator = Generator(2026, **GENERATORS[name])
    for number in range(40):
        example = generator.example()
        assert difference(example) == "", f"{name} {number}: {example}"


@pytest.mark.parametrize("name", GENERATORS)
def test_the_past_is_not_rewritten_and_a_part_is_part_of_the_whole(name: str) -> None:
    generator = Generator(16, **GENERATORS[name])
    for _ in range(25):
        example = generator.example()
        first = Revision(1, 0, 0, example.layers)
        at = example.start + (example.end - example.start) // 2 // GRID * GRID
        schedule = Schedule((first, Revision(2, at, at, generator.example().layers)), example.overrides)
        whole = intervals(schedule, example.start, example.end)
        for instant in range(example.start, example.end, 37 * GRID):
            now = who(schedule, instant)
            assert now == who(schedule, instant, known=instant)
            written = tuple(each for each in example.overrides if each.recorded_at <= instant)
            earlier = Schedule((first,) if instant < at else schedule.revisions, written)
            assert now == who(earlier, instant)
        start, end = example.start + 50 * GRID, example.end - 90 * GRID
        part = intervals(schedule, start, end)
        cut = [Span(max(s.start, start), min(s.end, end), s.people) for s in whole if s.start < end and s.end > start]
        assert part == cut


@pytest.mark.parametrize("name", GENERATORS)
def test_gaps_and_double_bookings(name: str) -> None:
    generator = Generator(77, **GENERATORS[name])
    for _ in range(10):
        example, other = generator.example(), generator.example()
        cover = Cover(example.layers[0].zone, other.layers[0].windows)
        one = Schedule((Revision(1, 0, 0, example.layers, cover),), example.overrides)
        two = Schedule((Revision(1, 0, 0, other.layers),))
        spans, others = (intervals(each, example.start, example.end) for each in (one, two))
        missing = gaps(one, spans, example.start, example.end)
        twice = double_bookings({"one": spans, "two": others})
        must = [(Window(frozenset(range(7)), timedelta(0), timedelta(days=1)),), cover.windows][bool(cover.windows)]
        here, there = expand(spans), expand(others)
        required = by_layers(
            [Layer("m", (frozenset("m"),), cover.zone, TurnUnit.DAYS, 1, example.layers[0].anchor, must)],
            example.since,
            example.start,
            example.end,
        )
        for instant in range(example.start, example.end, GRID):
            hole = bool(required[instant]) and not here[instant]
            assert any(low <= instant < high for low, high in missing) is hole
            both = {person for person, _, low, high in twice if low <= instant < high}
            assert both == here[instant] & there[instant]
        hours = sum(high - low for stretches in by_person([spans]).values() for low, high in stretches)
        assert hours == sum((span.end - span.start) * len(span.people) for span in spans)


def test_sets_of_stretches() -> None:
    one, other = united([(5, 7), (0, 3), (2, 4), (9, 9)]), [(1, 2), (3, 6)]
    assert one == [(0, 4), (5, 7)]
    assert common(one, other) == [(1, 2), (3, 4), (5, 6)]
    assert without(one, other) == [(0, 1), (2, 3), (6, 7)]


# --- wrong resolvers, each of which was once somebody's right one


def _wall(zone: str, instant: int) -> datetime:
    return datetime.fromtimestamp(instant // SECOND, ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def _naive(zone: str, local: datetime) -> int:
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND


def _by_id(schedule: Schedule, known: int | None) -> list[Override]:
    found = (each for each in schedule.overrides if known is None or each.recorded_at <= known)
    return sorted(found, key=lambda each: each.id)


def _cancelled_too_early(override: Override, _known: int | None = None) -> tuple[int, int]:
    cancelled = FOREVER if override.cancelled_at is None else override.cancelled_at
    return max(override.start, override.recorded_at), min(override.end, cancelled)


_real_acts = roster.acts
_real_turn_at, _real_turn_begins = layers.turn_at, layers.turn_begins


def _retroactive(override: Override, known: int | None = None) -> tuple[int, int]:
    return override.start, _real_acts(override, known)[1]


def _elapsed_turn(layer: Layer, instant: int) -> int:
    if layer.unit is not TurnUnit.DAYS:
        return _real_turn_at(layer, instant)
    return (instant - layers.at(layer.zone, layer.anchor)) // (86_400 * SECOND * layer.every)


def _elapsed_begin(layer: Layer, number: int) -> int:
    if layer.unit is not TurnUnit.DAYS:
        return _real_turn_begins(layer, number)
    return layers.at(layer.zone, layer.anchor) + number * 86_400 * SECOND * layer.every


def _no_look_back(window: Window, local: datetime) -> bool:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.weekday() in window.weekdays and midnight + window.start <= local < midnight + window.end


def _empty_hides(found: tuple[Layer, ...], instant: int) -> frozenset[str]:
    working = [each for each in found if layers.works_at(each, instant)]
    highest = max((each.rank for each in working), default=0)
    return frozenset().union(*(layers.names_at(each, instant) for each in working if each.rank == highest), NOBODY)


MUTANTS: dict[str, dict[Any, dict[str, Callable[..., Any]]]] = {
    "local times are converted naively": {layers: {"at": _naive}},
    "the clock does not stand through a repeated hour": {layers: {"standing_clock": _wall}},
    "overrides act in the order of their ids": {roster: {"_in_order": _by_id}},
    "a cancellation is known before it was made": {roster: {"acts": _cancelled_too_early}},
    "a day has 86,400 seconds": {layers: {"turn_at": _elapsed_turn, "turn_begins": _elapsed_begin}},
    "what was entered late acts from its start": {roster: {"acts": _retroactive}},
    "windows over midnight are looked for today only": {layers: {"within": _no_look_back}},
    "an empty seat hides who is below": {roster: {"by_layers": _empty_hides}},
}


@pytest.fixture
def fresh() -> Iterator[None]:
    for each in (layers._worked, layers._worked_before_blocks):
        each.cache_clear()
    yield
    for each in (layers._worked, layers._worked_before_blocks):
        each.cache_clear()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_resolver_does_not_get_past(mutant: str, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Caught by a difference; what a mutant or the oracle raises would be no catch, and fails here."""
    for module, changed in MUTANTS[mutant].items():
        for name, wrong in changed.items():
            monkeypatch.setattr(module, name, wrong)
    generators = [Generator(3, **each) for each in (CROWDED, PILED)]
    assert any(_differs(generator.example()) for _ in range(60) for generator in generators)


def _differs(example: Example) -> bool:
    try:
        return difference(example) != ""
    except AssertionError:  # spans of negative length are a difference too
        return True


def test_every_way_to_replace_somebody_is_tried() -> None:
    generator = Generator(5, **PILED)
    assert {each.instead_of for _ in range(20) for each in generator.example().overrides} == set(InsteadOf)
