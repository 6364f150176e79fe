"""What a calendar of rosters shows, without drawing it: rows of bars, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

from models.oncall.schedules import Override, Swap, SwapState

if TYPE_CHECKING:
    from models.oncall.rosters import Gap, Roster, RosterBoard, Span


class Kind(Enum):
    """What a bar is."""

    ON = "on"
    """Who is paged."""
    LAYER = "layer"
    """What one layer says, whatever others do."""
    OVERRIDE = "override"
    SWAP = "swap"
    """It was asked for, and changes nothing yet."""
    GAP = "gap"
    """Somebody must be on and nobody is."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a row."""

    kind: Kind
    start: datetime
    end: datetime
    people: tuple[str, ...] = ()
    override: Override | None = None
    """Of the kind ``OVERRIDE``, and of ``ON`` what put these people on."""
    swap: Swap | None = None
    twice: tuple[str, ...] = ()
    """Who of them is on elsewhere at the same time, in a schedule of the same policy."""
    began_before: bool = False
    goes_on: bool = False
    """The window cuts it off: its own begin or end is not shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the calendar. Of a heading there are no bars."""

    schedule_id: str
    title: str
    kind: Kind | None = None
    """``None``: the heading of a schedule."""
    bars: tuple[Bar, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is wrong with the rosters, in words."""

    schedule_id: str
    kind: Kind
    """``GAP``, or ``ON`` for somebody who is on twice."""
    start: datetime
    end: datetime
    name: str
    """Of the schedule, or of the person."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that is shown of a window."""

    rows: tuple[Row, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def calendar_of(
    board: RosterBoard,
    swaps: Iterable[Swap],
    start: datetime,
    end: datetime,
    *,
    only: str | None = None,
    only_wrong: bool = False,
    layers: bool = True,
) -> Calendar:
    """The rows of a window, which may be shorter than that of the rosters.

    ``only`` shows the schedules somebody is in, ``only_wrong`` those with a gap or with somebody twice.
    """
    waiting = [swap for swap in swaps if swap.state is SwapState.REQUESTED]
    wrong = tuple(sorted(_wrong(board, start, end), key=lambda each: (each.start, each.name)))
    at_fault = {each.schedule_id for each in wrong}
    rows: list[Row] = []
    for roster in board.rosters:
        if (only is not None and only not in _people(roster)) or (only_wrong and roster.schedule_id not in at_fault):
            continue
        asked = [swap for swap in waiting if swap.schedule_id == roster.schedule_id]
        rows += _rows(board, roster, asked, start, end, layers=layers)
    return Calendar(tuple(rows), wrong, board.names)


def _people(roster: Roster) -> set[str]:
    spans = (*roster.spans, *(span for layer in roster.layers for span in layer.spans))
    return {person for span in spans for person in span.people}


def _wrong(board: RosterBoard, start: datetime, end: datetime) -> Iterable[Wrong]:
    shown = {roster.schedule_id for roster in board.rosters}
    for roster in board.rosters:
        for gap in roster.gaps:
            if gap.end > start and gap.start < end:
                yield Wrong(roster.schedule_id, Kind.GAP, gap.start, gap.end, roster.schedule_name)
    seen = set()
    for each in board.double_bookings:
        key = (each.person, each.start, each.end)
        if each.end > start and each.start < end and key not in seen:  # two policies may have the same schedules
            seen.add(key)
            first = next((known for known in each.schedule_ids if known in shown), each.schedule_ids[0])
            yield Wrong(first, Kind.ON, each.start, each.end, each.person_name)


def _rows(
    board: RosterBoard, roster: Roster, swaps: Sequence[Swap], start: datetime, end: datetime, *, layers: bool
) -> Iterable[Row]:
    known = roster.schedule_id
    yield Row(known, roster.schedule_name, note=_note(roster))
    acting = [each for each in roster.overrides if each.cancelled_at is None and each.has_effect]
    on = [*_on(board, roster, acting, start, end), *_gaps(roster.gaps, start, end)]
    yield Row(known, "On call", Kind.ON, tuple(sorted(on, key=lambda bar: bar.start)))
    if not layers:
        return
    if len(roster.layers) > 1 or acting:
        for layer in roster.layers:
            yield Row(known, layer.name, Kind.LAYER, tuple(_spans(layer.spans, Kind.LAYER, start, end)))
    entered = [
        Bar(Kind.OVERRIDE, max(each.start, start), min(each.end, end), each.people, override=each)
        for each in roster.overrides
        if each.cancelled_at is None and each.end > start and each.start < end
    ]
    for swap in swaps:
        for begins, ends, gives in (
            (swap.start, swap.end, swap.person),
            (swap.back_start, swap.back_end, swap.to),
        ):
            if begins is not None and ends is not None and gives is not None and ends > start and begins < end:
                entered.append(Bar(Kind.SWAP, max(begins, start), min(ends, end), (gives,), swap=swap))
    if entered:
        title = "Overrides and swaps" if swaps else "Overrides"
        yield Row(known, title, Kind.OVERRIDE, tuple(sorted(entered, key=lambda bar: bar.start)))


def _spans(spans: Iterable[Span], kind: Kind, start: datetime, end: datetime) -> Iterable[Bar]:
    for span in spans:
        if span.people and span.end > start and span.start < end:
            yield Bar(
                kind,
                max(span.start, start),
                min(span.end, end),
                span.people,
                began_before=span.start < start,
                goes_on=span.end > end,
            )


def _gaps(gaps: Iterable[Gap], start: datetime, end: datetime) -> Iterable[Bar]:
    for gap in gaps:
        if gap.end > start and gap.start < end:
            yield Bar(Kind.GAP, max(gap.start, start), min(gap.end, end))


def _on(
    board: RosterBoard, roster: Roster, acting: Sequence[Override], start: datetime, end: datetime
) -> Iterable[Bar]:
    """Who is paged, cut where somebody is on twice or by an override, so that each bar is one thing."""
    doubles = [each for each in board.double_bookings if roster.schedule_id in each.schedule_ids]
    for bar in _spans(roster.spans, Kind.ON, start, end):
        cuts = {bar.start, bar.end}
        cuts |= {cut for each in doubles for cut in (each.start, each.end) if bar.start < cut < bar.end}
        cuts |= {cut for each in acting for cut in (each.start, each.end) if bar.start < cut < bar.end}
        edges = sorted(cuts)
        parts: list[Bar] = []
        for begins, ends in pairwise(edges):
            by = next((o for o in reversed(acting) if o.start <= begins and o.end >= ends and o.people), None)
            by = by if by is not None and set(by.people) <= set(bar.people) else None
            twice = tuple(
                sorted({d.person for d in doubles if d.start < ends and d.end > begins and d.person in bar.people})
            )
            if parts and (parts[-1].override, parts[-1].twice) == (by, twice):
                parts[-1] = replace(parts[-1], end=ends, goes_on=bar.goes_on and ends == bar.end)
            else:
                before, after = bar.began_before and begins == bar.start, bar.goes_on and ends == bar.end
                parts.append(Bar(Kind.ON, begins, ends, bar.people, by, None, twice, before, after))
        yield from parts


def _note(roster: Roster) -> str:
    """What there is to say of a schedule beside its name."""
    words = [str(roster.team).capitalize()] if str(roster.team) != roster.schedule_name.casefold() else []
    if len(roster.layers) == 1:
        words.append(f"one layer, {roster.layers[0].name}")
    else:
        words.append(f"{len(roster.layers)} layers, the highest that names somebody stands")
    words.append(f"read in {roster.zone}")
    return " · ".join(words)
