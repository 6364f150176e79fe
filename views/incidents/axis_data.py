"""What the axis of an incident draws, and sums that need no screen: lanes, stretches, ticks, what was at an instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from models.incidents import IncidentStatus
from models.incidents.timeline import TimelineKind
from views.incidents.wording import LANES, STATES, entry_instant, is_open, lane_of, stage_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from models.incidents import IncidentRecord
    from models.incidents.alerts import AttachedAlert
    from models.incidents.context import IncidentSeries
    from models.incidents.timeline import TimelineEntry, TimelineLanes

MARKS_MOST = 150
"""Entries of one lane that are drawn one by one; more are drawn as how many there are."""
STEPS = (60, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of a lane, with what it is called; ``end`` None: it goes on."""

    start: float
    end: float | None
    words: str
    severity: str = ""
    """P1 to P4; empty: none."""


@dataclass(slots=True)
class LaneMarks:
    """Entries of one lane in the order of their instants."""

    instants: list[float] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)

    def within(self, start: float, end: float) -> range:
        """Those in a stretch."""
        return range(bisect_left(self.instants, start), bisect_right(self.instants, end))

    def nearest(self, at: float, within: float) -> TimelineEntry | None:
        """The entry closest to an instant, if any is so close."""
        where = bisect_left(self.instants, at)
        near = [n for n in (where - 1, where) if 0 <= n < len(self.instants) and abs(self.instants[n] - at) <= within]
        return self.entries[min(near, key=lambda n: abs(self.instants[n] - at))] if near else None


class Lanes:
    """Entries by lane; each is put where it belongs without touching the others, however many there are."""

    def __init__(self) -> None:
        self.marks = tuple(LaneMarks() for _ in LANES)
        self._placed: dict[int, tuple[float, TimelineEntry]] = {}

    def put(self, entry: TimelineEntry) -> None:
        """Put an entry into its lane, in the place of what it said before."""
        known = self._placed.get(entry.position)
        if known is not None:
            if known[1] is entry:
                return
            self._take(*known)
        at, lane = entry_instant(entry).timestamp(), self.marks[_LANE_OF[entry.kind]]
        where = bisect_right(lane.instants, at)
        lane.instants.insert(where, at)
        lane.entries.insert(where, entry)
        self._placed[entry.position] = at, entry

    def _take(self, at: float, entry: TimelineEntry) -> None:
        lane = self.marks[_LANE_OF[entry.kind]]
        where = bisect_left(lane.instants, at)
        while lane.entries[where] is not entry:
            where += 1
        del lane.instants[where], lane.entries[where]


_LANE_OF = {kind: lane_of(kind) for kind in TimelineKind}


def lanes_of(entries: Iterable[TimelineEntry]) -> tuple[LaneMarks, ...]:
    """Entries by lane."""
    lanes = Lanes()
    for entry in entries:
        lanes.put(entry)
    return lanes.marks


def stages(incident: IncidentRecord) -> tuple[Band, ...]:
    """How far it had come when, by its key times."""
    known = [
        (at.timestamp(), STATES[status])
        for status in IncidentStatus
        if status is not IncidentStatus.REVIEWED and (at := stage_instant(incident, status)) is not None
    ]
    bands = [Band(incident.started_at.timestamp(), known[0][0], "Unnoticed")] if known else []
    for (start, words), following in zip(known, [*known[1:], None], strict=True):
        if words == STATES[IncidentStatus.RESOLVED]:
            break
        bands.append(Band(start, following[0] if following is not None else None, words))
    return tuple(band for band in bands if band.end is None or band.end > band.start)


def burning(alerts: Sequence[AttachedAlert]) -> tuple[Band, ...]:
    """When its alerts burned, the oldest first."""
    return tuple(
        Band(
            alert.raised_at.timestamp(),
            alert.cleared_at.timestamp() if alert.cleared_at is not None else None,
            f"{alert.severity} {alert.title}",
            str(alert.severity),
        )
        for alert in sorted(alerts, key=lambda each: each.raised_at)
    )


@dataclass(frozen=True, slots=True)
class Curve:
    """One chart: a value a stretch, ``None`` is a gap."""

    title: str
    unit: str
    name: str
    ends: tuple[float, ...]
    values: tuple[float | None, ...]
    bars: bool = False
    decimals: int = 0
    limit: float | None = None
    series: int = 1

    @property
    def step(self) -> float:
        """Seconds of a stretch."""
        return self.ends[1] - self.ends[0] if len(self.ends) > 1 else 1.0

    @property
    def newest(self) -> float | None:
        """The last value that is known."""
        return next((value for value in reversed(self.values) if value is not None), None)

    def at(self, instant: float) -> float | None:
        """The value of the stretch an instant lies in."""
        where = bisect_left(self.ends, instant)
        inside = where < len(self.ends) and instant > self.ends[0] - self.step
        return self.values[where] if inside else None

    def words(self, value: float | None) -> str:
        """A value as text."""
        unit = f" {self.unit}" if self.unit else ""
        return "no data" if value is None else f"{value:,.{self.decimals}f}{unit}"


def curves(series: IncidentSeries, limit: float | None) -> tuple[Curve, ...]:
    """The charts of what the shop counted; the stretch that is still filling is left out of rates."""
    ends = tuple(each.timestamp() for each in series.ends)
    long = (series.to - series.from_).total_seconds() / max(1, len(ends))
    each = f"per {minutes_words(long)}"
    whole = [end <= series.as_of for end in series.ends]
    rate = tuple(
        100 * failed / downloads if over and failed is not None and downloads else None
        for failed, downloads, over in zip(series.failed, series.downloads, whole, strict=True)
    )
    counts = tuple(count if over else None for count, over in zip(series.downloads, whole, strict=True))
    percent = None if limit is None else 100 * limit
    return (
        Curve("Download failure rate", "%", "failed", ends, rate, decimals=1, limit=percent),
        Curve(f"Downloads {each}", "", "downloads", ends, counts, series=2),
        Curve(f"Orders {each}", "", "orders", ends, tuple(series.orders), bars=True),
    )


def minutes_words(seconds: float) -> str:
    """How long a stretch is, in words."""
    minutes = seconds / 60
    if minutes >= 90:
        return f"{minutes / 60:.0f} h"
    return f"{minutes:.0f} min" if minutes >= 1.5 else "min" if minutes >= 1 else f"{seconds:.0f} s"


def ticks(start: float, end: float, most: int) -> tuple[tuple[float, str], ...]:
    """Round UTC instants, with a day where one begins."""
    wanted = (end - start) / max(1, most)
    step = next((each for each in STEPS if each >= wanted), STEPS[-1] * max(1, round(wanted / STEPS[-1])))
    first = start - start % step + step
    found = []
    for number in range(int((end - first) // step) + 1):
        at = first + number * step
        moment = datetime.fromtimestamp(at, UTC)
        found.append((at, f"{moment:%a %d}" if moment.hour == moment.minute == 0 else f"{moment:%H:%M}"))
    return tuple(found)


def happened(lanes: Sequence[LaneMarks], at: float, within: float, most: int = 6) -> tuple[TimelineEntry, ...]:
    """What stands closest to an instant, of all lanes, in the order of time."""
    near: list[tuple[float, TimelineEntry]] = []
    for lane in lanes:
        near += [(lane.instants[n], lane.entries[n]) for n in lane.within(at - within, at + within)]
    near.sort(key=lambda each: abs(each[0] - at))
    return tuple(entry for _, entry in sorted(near[:most], key=lambda each: each[0]))


def stepped(
    lanes: Sequence[LaneMarks], at: float | None, by: int, default: float
) -> tuple[float, TimelineEntry] | None:
    """The entry after an instant, or before it."""
    here = default if at is None else at
    candidates = []
    for lane in lanes:
        where = bisect_right(lane.instants, here + 1e-3) if by > 0 else bisect_left(lane.instants, here - 1e-3) - 1
        if 0 <= where < len(lane.instants):
            candidates.append((lane.instants[where], lane.entries[where]))
    choose: Callable[..., tuple[float, TimelineEntry]] = min if by > 0 else max
    return choose(candidates, key=lambda each: each[0]) if candidates else None


def density(lanes: TimelineLanes, before: float) -> tuple[tuple[tuple[float, float, int], ...], ...]:
    """By lane, start, end and count of the stretches that end before an instant: entries that are not loaded."""
    start, end = lanes.from_.timestamp(), lanes.to.timestamp()
    found: list[dict[int, int]] = [{} for _ in LANES]
    for lane in lanes.lanes:
        counts = found[lane_of(lane.kind)]
        for number, count in enumerate(lane.counts):
            if count:
                counts[number] = counts.get(number, 0) + count
    long = (end - start) / max(1, max((len(lane.counts) for lane in lanes.lanes), default=1))
    return tuple(
        tuple(
            (start + n * long, start + (n + 1) * long, count)
            for n, count in sorted(counts.items())
            if start + (n + 1) * long <= before
        )
        for counts in found
    )


def is_over(incident: IncidentRecord) -> float | None:
    """When nothing was worked on any more; ``None``: it still is."""
    if is_open(incident) or incident.resolved_at is None:
        return None
    return incident.resolved_at.timestamp()
