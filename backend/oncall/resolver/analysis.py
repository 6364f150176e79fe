"""What rosters come to: holes, people in two places, and what each person carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from backend.oncall.resolver.clock import SECOND, at, standing_clock
from backend.oncall.resolver.layers import DAY, open_windows
from backend.oncall.resolver.roster import revisions_over
from backend.oncall.resolver.stretches import Stretch, common, united, without
from backend.oncall.resolver.types import Schedule, Span

NIGHT_BEGINS = timedelta(hours=22)
NIGHT_ENDS = timedelta(hours=30)
COUNTS = 3600 * SECOND
"""Time on call from which a night or a day of a weekend counts."""
REST = 11 * 3600 * SECOND
"""What European law takes a day's rest to be."""
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """What one person carries."""

    hours: float
    nights: int
    weekend_days: int
    short_rests: int


def required(schedule: Schedule, start: int, end: int) -> list[Stretch]:
    """When somebody must be on, as each revision says of its own time."""
    found: list[Stretch] = []
    for low, high, revision in revisions_over(schedule, start, end):
        if revision is not None and revision.cover is not None:
            found += open_windows(revision.cover.zone, revision.cover.windows, low, high)
    return united(found)


def gaps(schedule: Schedule, spans: Iterable[Span], start: int, end: int) -> list[Stretch]:
    """When somebody must be on and nobody is. ``spans``: who is, from ``start`` to ``end``."""
    return without(required(schedule, start, end), united((s.start, s.end) for s in spans if s.people))


def by_person(rosters: Iterable[Sequence[Span]]) -> dict[str, list[Stretch]]:
    """When each person is on in any of some rosters; an hour in two of them is one hour."""
    found: defaultdict[str, list[Stretch]] = defaultdict(list)
    for spans in rosters:
        for span in spans:
            for person in span.people:
                found[person].append((span.start, span.end))
    return {person: united(stretches) for person, stretches in found.items()}


def double_bookings(rosters: Mapping[str, Sequence[Span]]) -> list[tuple[str, frozenset[str], int, int]]:
    """Person, schedules, start and end of each time somebody is on in two at once. ``rosters`` by schedule."""
    each = {schedule: by_person([spans]) for schedule, spans in rosters.items()}
    found: list[tuple[str, frozenset[str], int, int]] = []
    for person in sorted({person for people in each.values() for person in people}):
        mine = {schedule: people[person] for schedule, people in each.items() if person in people}
        cuts = sorted({cut for stretches in mine.values() for stretch in stretches for cut in stretch})
        for low, high in pairwise(cuts):
            there = frozenset(s for s, stretches in mine.items() if common(stretches, [(low, high)]))
            if len(there) > 1:
                if found and found[-1][:2] == (person, there) and found[-1][3] == low:
                    found[-1] = (person, there, found[-1][2], high)
                else:
                    found.append((person, there, low, high))
    return found


def load(stretches: Sequence[Stretch], zone: str) -> PersonFigures:
    """What somebody who lives in a zone carries, of sorted stretches that do not touch."""
    if not stretches:
        return PersonFigures(0, 0, 0, 0)
    days = list(_days(zone, stretches[0][0], stretches[-1][1]))
    nights = [(at(zone, day + NIGHT_BEGINS), at(zone, day + NIGHT_ENDS)) for day in days]
    weekend = [(at(zone, day), at(zone, day + DAY)) for day in days if day.weekday() >= _SATURDAY]
    return PersonFigures(
        hours=sum(end - start for start, end in stretches) / (3600 * SECOND),
        nights=_counting(stretches, nights),
        weekend_days=_counting(stretches, weekend),
        short_rests=sum(after[0] - before[1] < REST for before, after in pairwise(stretches)),
    )


def is_night(zone: str, instant: int) -> bool:
    """Whether it is night there."""
    local = standing_clock(zone, instant)
    since = local - local.replace(hour=0, minute=0, second=0, microsecond=0)
    return since >= NIGHT_BEGINS or since < NIGHT_ENDS - DAY


def _days(zone: str, start: int, end: int) -> Iterable[datetime]:
    day = standing_clock(zone, start).replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    while at(zone, day) < end:
        yield day
        day += DAY


def _counting(stretches: Sequence[Stretch], parts: Sequence[Stretch]) -> int:
    """How many parts have enough of the stretches in them."""
    found = 0
    place = 0
    for low, high in parts:
        while place < len(stretches) and stretches[place][1] <= low:
            place += 1
        inside = 0
        there = place
        while there < len(stretches) and stretches[there][0] < high:
            inside += min(stretches[there][1], high) - max(stretches[there][0], low)
            there += 1
        found += inside >= COUNTS
    return found
