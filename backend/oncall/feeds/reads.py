"""Reading calendars, and what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Final
from uuid import UUID

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row, readable, the_one
from backend.oncall import resolver
from backend.oncall.feeds import queries
from backend.oncall.feeds.ical import Event, calendar
from backend.oncall.people import names_of, spoken
from backend.oncall.schedules.loading import Loaded, load
from models.oncall.rosters import Feed

MONTHS_AHEAD: Final = 4


async def feeds(
    connection: Connection,
    *,
    viewer: str | None = None,
    feed_id: UUID | None = None,
    before: tuple[datetime | None, UUID | None] = (None, None),
    limit: int = 1,
) -> list[Feed | Unreadable]:
    """Calendars, the newest first; those of one person, or of everybody."""
    wanted = {
        "viewer": viewer,
        "feed_id": feed_id,
        "before_at": before[0],
        "before_id": before[1],
        "limit": limit,
    }
    async with connection.cursor(row_factory=lenient_row(Feed)) as cursor:
        await cursor.execute(queries.list_feeds, wanted)
        return await cursor.fetchall()


async def feed(connection: Connection, feed_id: UUID) -> Feed:
    """One; raises ProblemError 404."""
    return the_one(await feeds(connection, feed_id=feed_id), "There is no such calendar.")


async def calendar_text(connection: Connection, person: str | None, name: str | None, team: str | None) -> str:
    """The calendar of a person or a team, from last month to some months ahead: the same all month."""
    start, end = _window(await clock(connection))
    loaded = [each for each in readable(await load(connection, start, end)) if team in {None, each.team}]
    spans = {each.id: resolver.intervals(each.schedule, resolver.ticks(start), resolver.ticks(end)) for each in loaded}
    names = await names_of(connection, {p for found in spans.values() for span in found for p in span.people})
    events = [event for each in loaded for event in _events(each, spans[each.id], names, person)]
    return calendar(f"On call: {name if team is None else team.capitalize()}", events)


def _events(
    loaded: Loaded, spans: Sequence[resolver.Span], names: Mapping[str, str], person: str | None
) -> Iterator[Event]:
    for span, following in zip_longest(spans, spans[1:]):
        for each in sorted(span.people if person is None else span.people & {person}):
            others = sorted(names[other] for other in span.people - {each})
            remarks = [f"With {spoken(others)}."] if others else []
            if following is not None:
                remarks.append(f"Then {spoken(sorted(names[other] for other in following.people))}.")
            yield Event(
                schedule_id=str(loaded.id),
                person=each,
                start=resolver.moment(span.start),
                end=resolver.moment(span.end),
                summary=f"On call: {loaded.name}" if person is not None else f"{names[each]}: {loaded.name}",
                description=" ".join(remarks),
                changed_at=loaded.updated_at,
                version=loaded.version,
            )


def _window(now: datetime) -> tuple[datetime, datetime]:
    this_month = datetime(now.year, now.month, 1, tzinfo=UTC)
    start = (this_month - timedelta(days=1)).replace(day=1)
    return start, (this_month + timedelta(days=31 * (MONTHS_AHEAD + 1))).replace(day=1)
