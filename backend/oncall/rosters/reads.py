"""Who is on call: now, at any instant, over a window; what is not covered, and who carries how much."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.problems import invalid
from backend.core.rows import left_out, readable, the_one
from backend.oncall import resolver
from backend.oncall.people import names_of
from backend.oncall.policies.reads import double_bookings
from backend.oncall.reach import check_reach
from backend.oncall.rosters import queries
from backend.oncall.schedules import reads as schedules
from backend.oncall.schedules.effect import has_effect
from backend.oncall.schedules.loading import Loaded, load
from models.deliveries.routing import Team
from models.oncall.rosters import (
    Gap,
    LayerSpans,
    Load,
    OnCallAt,
    OnCallBoard,
    OnCallNow,
    PersonLoad,
    PersonZone,
    Roster,
    RosterBoard,
    Span,
)

AHEAD: Final = timedelta(days=35)
"""How far is looked for whoever is next."""
WINDOW_MOST: Final = timedelta(days=100)
LOOKED_AGAIN: Final = timedelta(hours=1)
OVERRIDES_MOST: Final = 1000


async def now_and_next(connection: Connection) -> OnCallBoard:
    """Who is on in each schedule, until when, and who then."""
    now = await clock(connection)
    end = now + AHEAD
    found = await load(connection, now, end)
    boards = [_now(each, now, end) for each in readable(found)]
    people = {person for each in boards for person in (*each.people, *each.next_people)}
    return OnCallBoard(
        schedules=tuple(boards),
        names=await names_of(connection, people),
        as_of=now,
        valid_until=min((each.until for each in boards if each.until is not None), default=end),
        left_out=left_out(found),
    )


def _now(found: Loaded, now: datetime, end: datetime) -> OnCallNow:
    start, until = resolver.ticks(now), resolver.ticks(end)
    spans = resolver.intervals(found.schedule, start, until)
    current, following = spans[0], spans[1] if len(spans) > 1 else None
    # Who is next after a hole is whom people ask for; the hole itself is in the window's gaps.
    after = following if following is None or following.people or len(spans) < 3 else spans[2]
    return OnCallNow(
        schedule_id=str(found.id),
        schedule_name=found.name,
        team=found.team,
        zone=found.zone,
        people=tuple(sorted(current.people)),
        until=None if following is None else resolver.moment(current.end),
        next_people=() if after is None else tuple(sorted(after.people)),
        next_from=None if after is None else resolver.moment(after.start),
        next_until=None if after is None or after.end == until else resolver.moment(after.end),
        must_be_covered=bool(resolver.required(found.schedule, start, start + 1)),
        version=found.version,
    )


async def on_call_at(
    connection: Connection, schedule_id: UUID, at: datetime | None, known: datetime | None
) -> OnCallAt:
    """Who was on at an instant and by what; with ``known``, as it was known then. Raises ProblemError 404."""
    now = await clock(connection)
    at = at or now
    check_reach(at, now, "query:at")
    found = await load(connection, at, _just_after(at), [schedule_id])
    loaded = the_one(found, "There is no such schedule.")
    then = None if known is None else resolver.ticks(known)
    answer = resolver.resolve(loaded.schedule, resolver.ticks(at), then)
    return OnCallAt(
        schedule_id=str(schedule_id),
        at=at,
        known=known,
        people=tuple(sorted(answer.people)),
        names=await names_of(connection, answer.people),
        revision=None if answer.revision is None else answer.revision.number,
        overrides=tuple(each.id for each in answer.overrides),
    )


async def board(
    connection: Connection,
    start: datetime,
    end: datetime,
    *,
    schedule_id: UUID | None = None,
    team: Team | None = None,
    known: datetime | None = None,
) -> RosterBoard:
    """Schedules over a window, layer by layer, with gaps and double bookings."""
    await _check_window(connection, start, end)
    found = await load(connection, start, end, None if schedule_id is None else [schedule_id])
    if schedule_id is not None:
        the_one(found, "There is no such schedule.")
    rosters, spans = [], {}
    for each in readable(found):
        spans[str(each.id)] = _spans(each, start, end, known)
        if team in {None, each.team}:
            rosters.append(await _roster(connection, each, spans[str(each.id)], start, end))
    people = {
        p for each in rosters for s in (*each.spans, *(s for la in each.layers for s in la.spans)) for p in s.people
    }
    people |= {p for each in rosters for o in each.overrides for p in (*o.people, o.recorded_by, o.person) if p}
    return RosterBoard(
        start=start,
        end=end,
        rosters=tuple(rosters),
        double_bookings=await double_bookings(connection, spans),
        names=await names_of(connection, people),
        as_of=await clock(connection),
        left_out=left_out(found),
    )


def board_etag(found: RosterBoard) -> str:
    """The same until anything that is shown is different, whenever it is asked for."""
    text = found.model_dump_json(exclude={"as_of"})
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def load_of_people(connection: Connection, start: datetime, end: datetime) -> Load:
    """What each person carries in a window."""
    await _check_window(connection, start, end)
    found = await load(connection, start, end)
    known = readable(found)
    rosters = [_spans(each, start, end, None) for each in known]
    stretches = resolver.by_person(rosters)
    paged: dict[str, list[datetime]] = dict(
        await (await connection.execute(queries.paged, {"start": start, "end": end})).fetchall()
    )
    people = sorted(stretches.keys() | paged.keys())
    names = await names_of(connection, people)
    zones = await _zones(connection, known, people)
    figures = [
        _person_load(person, names[person], zones[person], stretches.get(person, []), paged.get(person, []))
        for person in people
    ]
    return Load(
        start=start,
        end=end,
        people=tuple(sorted(figures, key=lambda each: (-each.hours, each.name))),
        mean_hours=sum(each.hours for each in figures) / len(figures) if figures else 0.0,
        as_of=await clock(connection),
        left_out=left_out(found),
    )


async def person_zone(connection: Connection, person: str) -> PersonZone | None:
    """Where somebody lives, if that was ever said."""
    row = await (await connection.execute(queries.person_zone, {"person": person})).fetchone()
    return None if row is None else PersonZone(person=row[0], zone=row[1], version=row[2])


def _person_load(
    person: str, name: str, zone: str, stretches: Sequence[tuple[int, int]], paged: Sequence[datetime]
) -> PersonLoad:
    figures = resolver.load(stretches, zone)
    return PersonLoad(
        person=person,
        name=name,
        zone=zone,
        hours=figures.hours,
        nights=figures.nights,
        weekend_days=figures.weekend_days,
        short_rests=figures.short_rests,
        pages=len(paged),
        woken=sum(resolver.is_night(zone, resolver.ticks(at)) for at in paged),
    )


async def _zones(connection: Connection, known: Iterable[Loaded], people: Sequence[str]) -> dict[str, str]:
    """Where people live: what they say, else the zone of a layer they are in."""
    zones = dict.fromkeys(people, "UTC")
    for each in known:
        for revision in each.schedule.revisions:
            for layer in revision.layers:
                zones |= {person: layer.zone for seat in layer.seats for person in seat}
    rows = await (await connection.execute(queries.zones, {"people": list(people)})).fetchall()
    return zones | dict(rows)


def _spans(found: Loaded, start: datetime, end: datetime, known: datetime | None) -> list[resolver.Span]:
    then = None if known is None else resolver.ticks(known)
    return resolver.intervals(found.schedule, resolver.ticks(start), resolver.ticks(end), then)


async def _roster(
    connection: Connection, found: Loaded, spans: Sequence[resolver.Span], start: datetime, end: datetime
) -> Roster:
    low, high = resolver.ticks(start), resolver.ticks(end)
    entered = await schedules.overrides(connection, schedule_id=found.id, window=(start, end), limit=OVERRIDES_MOST)
    acting = {each.id: has_effect(found.schedule, each) for each in found.schedule.overrides}
    return Roster(
        schedule_id=str(found.id),
        schedule_name=found.name,
        team=found.team,
        zone=found.zone,
        spans=tuple(map(_span, spans)),
        layers=tuple(_layers(found.schedule, low, high)),
        overrides=tuple(
            each.model_copy(update={"has_effect": acting.get(each.id, False)}) for each in readable(entered)
        ),
        gaps=tuple(
            Gap(start=resolver.moment(begin), end=resolver.moment(until))
            for begin, until in resolver.gaps(found.schedule, spans, low, high)
        ),
        version=found.version,
    )


def _layers(schedule: resolver.Schedule, start: int, end: int) -> Iterable[LayerSpans]:
    """What each layer says by itself, by name, over all revisions of the window."""
    said: dict[tuple[str, int], list[resolver.Span]] = {}
    for low, high, revision in resolver.revisions_over(schedule, start, end):
        for layer in () if revision is None else revision.layers:
            said.setdefault((layer.name, layer.rank), []).extend(resolver.layer_intervals(layer, low, high))
    for (name, rank), spans in said.items():
        yield LayerSpans(name=name, rank=rank, spans=tuple(_span(each) for each in spans if each.people))


def _span(span: resolver.Span) -> Span:
    return Span(start=resolver.moment(span.start), end=resolver.moment(span.end), people=tuple(sorted(span.people)))


async def _check_window(connection: Connection, start: datetime, end: datetime) -> None:
    if not timedelta(0) < end - start <= WINDOW_MOST:
        raise invalid("query:to", f"a window ends after it starts, and is at most {WINDOW_MOST.days} days long")
    check_reach(end, await clock(connection), "query:to")


def _just_after(at: datetime) -> datetime:
    return at + timedelta(microseconds=1)
