"""The layers and overrides of a schedule together: who is on at an instant, and over a stretch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import groupby, pairwise
from operator import or_
from typing import NamedTuple

from backend.oncall.resolver.layers import names_at, names_over
from backend.oncall.resolver.types import FOREVER, NOBODY, Layer, Override, People, Revision, Schedule, Span
from models.oncall.schedules import InsteadOf


class Answer(NamedTuple):
    """Who is on at an instant, and by what."""

    people: People
    revision: Revision | None
    overrides: tuple[Override, ...]
    """Those that changed something, in their order."""


def who(schedule: Schedule, instant: int, known: int | None = None) -> People:
    """Who is on at an instant; with ``known``, as it was known then."""
    return resolve(schedule, instant, known).people


def resolve(schedule: Schedule, instant: int, known: int | None = None) -> Answer:
    """The same, and by what."""
    revision = in_force(schedule, instant, known)
    people = NOBODY if revision is None else by_layers(revision.layers, instant)
    acted = []
    for override in _in_order(schedule, known):
        start, end = acts(override, known)
        if start <= instant < end and (after := _put(override, people)) != people:
            people = after
            acted.append(override)
    return Answer(people, revision, tuple(acted))


def intervals(schedule: Schedule, start: int, end: int, known: int | None = None) -> list[Span]:
    """Who is on from ``start`` to ``end``, without a hole: where nobody is, a span says so."""
    spans: list[Span] = []
    for low, high, revision in revisions_over(schedule, start, end, known):
        spans += ranked(revision.layers, low, high) if revision is not None else [Span(low, high, NOBODY)]
    for override in _in_order(schedule, known):
        low, high = acts(override, known)
        if low < high and low < end and start < high:
            _rewrite(spans, max(low, start), min(high, end), override)
    return merged(spans)


def ranked(layers: Iterable[Layer], start: int, end: int) -> list[Span]:
    """What the layers of one revision say together."""
    found = [Span(start, end, NOBODY)] if start < end else []
    for _, equals in groupby(sorted(layers, key=lambda layer: layer.rank), key=lambda layer: layer.rank):
        partitions = [layer_intervals(layer, start, end) for layer in equals]
        upper = reduce(lambda one, other: _together(one, other, or_), partitions)
        found = _together(upper, found, lambda above, below: above or below)
    return found


def layer_intervals(layer: Layer, start: int, end: int) -> list[Span]:
    """What one layer says, with the holes it leaves."""
    found: list[Span] = []
    low = start
    for span in names_over(layer, start, end):
        if span.start > low:
            found.append(Span(low, span.start, NOBODY))
        found.append(span)
        low = span.end
    if low < end:
        found.append(Span(low, end, NOBODY))
    return merged(found)


def by_layers(layers: Iterable[Layer], instant: int) -> People:
    """Of the layers that name somebody, the highest rank; equal ones together. An empty seat hides nobody."""
    highest, found = -1, NOBODY
    for layer in layers:
        if layer.rank >= highest and (people := names_at(layer, instant)):
            found = found | people if layer.rank == highest else people
            highest = layer.rank
    return found


def in_force(schedule: Schedule, instant: int, known: int | None = None) -> Revision | None:
    """The revision that holds: the one that came into force last, and of several at once the one recorded last."""
    return max(
        (each for each in schedule.revisions if each.effective_at <= instant and _is_known(each.recorded_at, known)),
        key=_force,
        default=None,
    )


def revisions_over(
    schedule: Schedule, start: int, end: int, known: int | None = None
) -> list[tuple[int, int, Revision | None]]:
    """Which revision holds, piece by piece."""
    turns = {each.effective_at for each in schedule.revisions if start < each.effective_at < end}
    cuts = sorted({start, *turns, end})
    return [(low, high, in_force(schedule, low, known)) for low, high in pairwise(cuts)]


def acts(override: Override, known: int | None = None) -> tuple[int, int]:
    """From when to when an override can act: never before it was written down, nor after it was cancelled."""
    cancelled = override.cancelled_at
    if cancelled is None or not _is_known(cancelled, known):
        cancelled = FOREVER
    return max(override.start, override.recorded_at), min(override.end, cancelled)


def merged(spans: Iterable[Span]) -> list[Span]:
    """With equal neighbours as one."""
    found: list[Span] = []
    for span in spans:
        if span.start >= span.end:
            continue
        if found and found[-1].people == span.people and found[-1].end == span.start:
            found[-1] = Span(found[-1].start, span.end, span.people)
        else:
            found.append(span)
    return found


def _force(revision: Revision) -> tuple[int, int, int]:
    return revision.effective_at, revision.recorded_at, revision.number


def _is_known(recorded_at: int, known: int | None) -> bool:
    return known is None or recorded_at <= known


def _in_order(schedule: Schedule, known: int | None) -> list[Override]:
    found = (each for each in schedule.overrides if _is_known(each.recorded_at, known))
    return sorted(found, key=lambda each: (each.recorded_at, each.id))


def _put(override: Override, people: People) -> People:
    """Who is on after an override, of those whom the ones before it left."""
    match override.instead_of:
        case InsteadOf.PERSON:
            person = override.person
            return (people - {person}) | override.people if person in people else people
        case InsteadOf.EVERYBODY:
            return override.people
        case InsteadOf.NOBODY:
            return people | override.people


def _rewrite(spans: list[Span], start: int, end: int, override: Override) -> None:
    """Let an override act on the slice of a partition it falls on."""
    first = bisect_right(spans, start, key=lambda span: span.end)
    last = bisect_left(spans, end, key=lambda span: span.start)
    new: list[Span] = []
    for span in spans[first:last]:
        low, high = max(span.start, start), min(span.end, end)
        new += [
            Span(span.start, low, span.people),
            Span(low, high, _put(override, span.people)),
            Span(high, span.end, span.people),
        ]
    spans[first:last] = merged(new)


def _together(one: Sequence[Span], other: Sequence[Span], of: Callable[[People, People], People]) -> list[Span]:
    """Two partitions of the same stretch as one."""
    found: list[Span] = []
    here = there = 0
    while here < len(one) and there < len(other):
        low, high = max(one[here].start, other[there].start), min(one[here].end, other[there].end)
        found.append(Span(low, high, of(one[here].people, other[there].people)))
        ends = one[here].end, other[there].end
        here += ends[0] == high
        there += ends[1] == high
    return merged(found)
