"""Who is on call: now, next, at an instant, over a window; gaps, load, calendar feeds."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText, UserId, Version
from models.deliveries.routing import Team
from models.oncall.policies import DoubleBooking
from models.oncall.schedules import Override, Zone


class Span(Record):
    """Who is on from an instant to another, which is not in it. Nobody: a hole."""

    start: Instant
    end: Instant
    people: tuple[str, ...]


class LayerSpans(Record):
    """What one layer says, whatever others do."""

    name: str
    rank: Count
    spans: tuple[Span, ...]


class Gap(Record):
    """Nobody is on when somebody must be."""

    start: Instant
    end: Instant


class OnCallNow(Record):
    """Who is on in a schedule, and who is next."""

    schedule_id: Identifier
    schedule_name: str
    team: Team
    zone: str
    people: tuple[str, ...]
    until: Instant | None
    """Until when nothing changes; ``None``: not within the next weeks."""
    next_people: tuple[str, ...]
    """Whoever comes on next, also after a hole in which nobody is on."""
    next_from: Instant | None = None
    next_until: Instant | None
    must_be_covered: bool
    """Somebody must be on at this moment."""
    version: Version


class OnCallBoard(Record):
    """Who is on call, in all schedules."""

    schedules: tuple[OnCallNow, ...]
    names: dict[str, str]
    """By user id."""
    as_of: Instant
    valid_until: Instant
    """Until when this holds unless somebody changes a schedule."""
    left_out: Count = 0


class OnCallAt(Record):
    """Who was on in a schedule at an instant, and by what."""

    schedule_id: Identifier
    at: Instant
    known: Instant | None
    """As it was known then; ``None``: as it is."""
    people: tuple[str, ...]
    names: dict[str, str]
    revision: Count | None
    """``None``: there was no schedule yet."""
    overrides: tuple[Identifier, ...]
    """Those that acted."""


class Roster(Record):
    """A schedule over a window."""

    schedule_id: Identifier
    schedule_name: str
    team: Team
    zone: str
    spans: tuple[Span, ...]
    layers: tuple[LayerSpans, ...]
    overrides: tuple[Override, ...]
    gaps: tuple[Gap, ...]
    version: Version


class RosterBoard(Record):
    """All schedules over a window, with what is wrong. Its ETag holds until anything of it changes."""

    start: Instant
    end: Instant
    rosters: tuple[Roster, ...]
    double_bookings: tuple[DoubleBooking, ...]
    names: dict[str, str]
    as_of: Instant
    left_out: Count = 0


class PersonLoad(Record):
    """What one person carries in a window, counted in hours, not in shifts."""

    person: str
    name: str
    zone: str
    """Nights and weekends are those of this zone."""
    hours: float
    nights: Count
    """Local nights, 22:00 to 06:00, with an hour on call or more."""
    weekend_days: Count
    """Local Saturdays and Sundays with an hour on call or more."""
    short_rests: Count
    """Times on call begins again less than eleven hours after it ended."""
    pages: Count
    """Times they were paged, tests aside."""
    woken: Count
    """Of those, in a local night."""


class Load(Record):
    """Everybody's load in a window."""

    start: Instant
    end: Instant
    people: tuple[PersonLoad, ...]
    mean_hours: float
    as_of: Instant
    left_out: Count = 0


class PersonZone(Record):
    """The zone somebody lives in."""

    person: str
    zone: str
    version: Version


class PersonZoneRequest(Request):
    """Where somebody lives; one's own, or anybody's for those who manage on-call."""

    zone: Zone


class FeedRequest(Request):
    """A calendar to subscribe to: somebody's shifts, or those of a team."""

    person: UserId | None = None
    team: Team | None = None
    purpose: Annotated[RequiredText, Field(max_length=100)]
    """What it is for, such as the phone."""

    @model_validator(mode="after")
    def _is_of_one(self) -> Self:
        if (self.person is None) == (self.team is None):
            raise ValueError("a calendar is of a person or of a team")
        return self


class Feed(Record):
    """A calendar to subscribe to. Its address holds a secret, which is shown once."""

    id: Identifier
    person: str | None
    person_name: str | None
    team: Team | None
    purpose: str
    last_four: str
    created_at: Instant
    created_by: str
    read_at: Instant | None
    """When a calendar asked last, to the quarter of an hour."""
    revoked_at: Instant | None
    version: Version


class NewFeed(Feed):
    """With its address, this once."""

    path: str
    """Behind the address of the server."""
