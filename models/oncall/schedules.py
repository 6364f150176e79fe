"""On-call schedules: layers of turns, what must be covered, overrides. All local times are whole minutes of a zone."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, NaiveDatetime, PlainSerializer, model_validator

from models.core.base import (
    Count,
    Identifier,
    Instant,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    UserId,
    Version,
    plain_integer,
)
from models.deliveries.routing import Team

_TIME = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
_MOMENT = re.compile(r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d(:00)?$")


def _time_text(value: Any) -> Any:
    # pydantic alone reads 540 as nine in the morning.
    if isinstance(value, time) or (isinstance(value, str) and _TIME.match(value)):
        return value
    raise ValueError("a local time is hours and minutes, such as 09:00")


def _moment_text(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.match(value)):
        return value
    raise ValueError("a local date and time has no zone and whole minutes, such as 2026-03-06T08:00")


def _sensible(value: datetime) -> datetime:
    if not 2000 <= value.year < 2100:
        raise ValueError("it lies between the years 2000 and 2099")
    return value


def _date_text(value: Any) -> Any:
    if isinstance(value, str | date) and not isinstance(value, datetime):
        return value
    raise ValueError("a date is text, such as 2026-12-25")


LocalTime = Annotated[
    time,
    BeforeValidator(_time_text),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str, when_used="json"),
]
"""A time of the local day, in whole minutes."""

LocalMoment = Annotated[
    NaiveDatetime,
    BeforeValidator(_moment_text),
    AfterValidator(_sensible),
    PlainSerializer(lambda value: f"{value:%Y-%m-%dT%H:%M}", return_type=str, when_used="json"),
]
"""A date and time on the wall of a zone, in whole minutes."""

LocalDate = Annotated[date, BeforeValidator(_date_text)]

Zone = Annotated[
    PlainText, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$", examples=["Europe/Berlin"])
]
"""A zone of the tz database by its name."""

People = Annotated[tuple[UserId, ...], Field(max_length=50)]
"""User ids."""

_Small = Annotated[int, BeforeValidator(plain_integer)]


class Weekday(StrEnum):
    """In the order of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class TurnUnit(StrEnum):
    """What turns are counted in."""

    HOURS = "hours"
    """Of elapsed time, whatever the clocks do."""
    DAYS = "days"
    """Local days: a hand-over at nine stays at nine. A week is seven."""
    CLOCK = "clock"
    """Hours of the local day."""


class HolidayRule(StrEnum):
    """What a layer does on its holidays."""

    USUAL = "usual"
    OFF = "off"
    ONLY = "only"


class TurnCount(StrEnum):
    """Which turns are counted."""

    CALENDAR = "calendar"
    """All of them."""
    WORKED = "worked"
    """Only those in which the layer works at all: Friday is followed by Monday."""


class Window(Request):
    """A stretch of the local day that begins on these weekdays."""

    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    start: LocalTime
    end: LocalTime
    days: Annotated[_Small, Field(ge=0, le=6)] = 0
    """Days between start and end: Friday 18:00 to Monday 08:00 is 3. An end that is not after the start, with none
    between, is on the day after."""


class Layer(Request):
    """People who take turns, when they do, and how much that counts."""

    name: Annotated[RequiredText, Field(max_length=100)]
    seats: Annotated[tuple[People, ...], Field(min_length=1, max_length=200)]
    """By turn. A seat is everybody who is on in it; an empty one hides nobody below."""
    zone: Zone
    unit: TurnUnit = TurnUnit.DAYS
    every: Annotated[_Small, Field(ge=1, le=1000)] = 7
    anchor: LocalMoment
    """When the first turn begins."""
    windows: Annotated[tuple[Window, ...], Field(max_length=20)] = ()
    """None: always."""
    starts: LocalMoment | None = None
    ends: LocalMoment | None = None
    rank: Annotated[_Small, Field(ge=0, le=100)] = 1
    """Of the layers that name somebody the highest stands; equal ones stand together."""
    holidays: HolidayRule = HolidayRule.USUAL
    dates: Annotated[tuple[LocalDate, ...], Field(max_length=400)] = ()
    """The holidays themselves: data, so that no release of a library changes the past."""
    dates_source: Annotated[Text, Field(max_length=200)] = ""
    """Where they come from."""
    counting: TurnCount = TurnCount.CALENDAR

    @model_validator(mode="after")
    def _fits_the_day(self) -> Self:
        if self.unit is TurnUnit.CLOCK and (self.every > 24 or 24 % self.every):
            raise ValueError("turns of clock hours divide the day: 1, 2, 3, 4, 6, 8, 12 or 24 hours")
        if self.starts is not None and self.ends is not None and self.ends <= self.starts:
            raise ValueError("a layer ends after it starts")
        return self

    @property
    def steps(self) -> float:
        """How often a day it can change who is on: turns that begin, windows that open and close."""
        turns = 1 / self.every if self.unit is TurnUnit.DAYS else 24 / self.every
        return turns + sum(2 * len(window.weekdays) / 7 for window in self.windows)


class Cover(Request):
    """When somebody must be on call."""

    zone: Zone
    windows: Annotated[tuple[Window, ...], Field(max_length=20)] = ()
    """None: always."""


STEPS_MOST = 100
"""A day, of all layers of a schedule: whoever looks at the roster waits for each of them, and others with them."""


class Definition(Request):
    """All of a schedule that a revision replaces."""

    layers: Annotated[tuple[Layer, ...], Field(min_length=1, max_length=20)]
    cover: Cover | None = None
    """Without it there are no gaps: nobody said when somebody must be there."""

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if len({layer.name.casefold() for layer in self.layers}) < len(self.layers):
            raise ValueError("each layer has a name of its own")
        if (steps := sum(layer.steps for layer in self.layers)) > STEPS_MOST:
            raise ValueError(
                f"turns begin and windows open or close {steps:,.0f} times a day in all: {STEPS_MOST} are the most"
            )
        return self


class ScheduleRequest(Request):
    """A new schedule, in force from now on."""

    name: Annotated[RequiredText, Field(max_length=100)]
    team: Team
    zone: Zone
    """In which people read it; layers have their own."""
    definition: Definition


class ScheduleChange(Request):
    """What a schedule is called and whom it is for. Needs ``If-Match``."""

    name: Annotated[RequiredText, Field(max_length=100)] | None = None
    team: Team | None = None
    zone: Zone | None = None
    archived: bool | None = None
    """An archived one is on no list of who is on call; its past stays."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class RevisionRequest(Request):
    """Another definition. Needs ``If-Match``; nothing before ``effective_at`` changes."""

    definition: Definition
    effective_at: Instant | None = None
    """From when on; ``None``: now."""
    keep_turns: bool = True
    """Whoever's turn it is stays on when people join or leave a layer, which is known by its name."""
    also_waiting: bool = False
    """There is a revision that waits for a later instant, and it is to be this one from then on as well."""
    reason: Annotated[RequiredText, Field(max_length=500)]


class Revision(Record):
    """A definition with its time; never changed, only followed."""

    revision: Count
    recorded_at: Instant
    effective_at: Instant
    recorded_by: str
    reason: str
    definition: Definition


class Schedule(Record):
    """A schedule as it stands now."""

    id: Identifier
    name: str
    team: Team
    zone: str
    archived_at: Instant | None
    revision: Count
    """In force now."""
    definition: Definition
    waiting: tuple[Instant, ...]
    """When revisions that are recorded come into force."""
    version: Version
    """Rises with every change of who is on call: overrides, swaps and revisions too."""
    updated_at: Instant
    updated_by: str


class InsteadOf(StrEnum):
    """Whom an override takes off."""

    PERSON = "person"
    """One person, and it acts only while that person is on."""
    EVERYBODY = "everybody"
    NOBODY = "nobody"
    """It adds."""


LONGEST = timedelta(days=366)
"""An override or a swap; what is meant for ever is a revision. Whoever looks at one waits for each of its turns."""


class OverrideRequest(Request):
    """Somebody else for a while. Nobody at all with an empty list of people: they are taken off."""

    start: Instant
    end: Instant
    people: People
    instead_of: InsteadOf
    person: UserId | None = None
    """Who is replaced, with ``person``."""
    reason: Annotated[RequiredText, Field(max_length=500)]

    @model_validator(mode="after")
    def _says_whom(self) -> Self:
        if self.end <= self.start:
            raise ValueError("an override ends after it starts")
        if self.end - self.start > LONGEST:
            raise ValueError("an override lasts for a year at most: change the layers instead")
        if (self.instead_of is InsteadOf.PERSON) != (self.person is not None):
            raise ValueError("name the person who is replaced, and only then")
        if self.instead_of is InsteadOf.NOBODY and not self.people:
            raise ValueError("name who is to be on as well")
        return self


class Override(Record):
    """An override; kept for ever, cancelled or not."""

    id: Identifier
    schedule_id: Identifier
    start: Instant
    end: Instant
    people: tuple[str, ...]
    instead_of: InsteadOf
    person: str | None
    recorded_at: Instant
    recorded_by: str
    cancelled_at: Instant | None
    cancelled_by: str | None
    swap_id: Identifier | None
    reason: str
    has_effect: bool = True
    """``False``: something entered later took its place, whom it replaces is not on any more."""


class OverrideMade(Record):
    """What was entered, and what to know about it."""

    override: Override
    warnings: tuple[str, ...] = ()
    version: Version
    """Of the schedule."""


class SwapState(StrEnum):
    """What became of a swap request."""

    REQUESTED = "requested"
    TAKEN = "taken"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    """What was to be given began before anybody took it."""


class SwapRequest(Request):
    """One gives a shift, or a part of it, and takes another one for it, or none."""

    schedule_id: Identifier
    start: Instant
    end: Instant
    person: UserId | None = None
    """Who gives; ``None``: oneself. For somebody else only those may ask who manage on-call."""
    to: UserId | None = None
    """Who is asked; ``None``: anyone."""
    back_start: Instant | None = None
    back_end: Instant | None = None
    """The shift of theirs that is taken for it; without it the shift is a present."""
    reason: Annotated[Text, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.end <= self.start:
            raise ValueError("a shift ends after it starts")
        if (self.back_start is None) != (self.back_end is None):
            raise ValueError("what is taken back has a start and an end")
        if self.back_start is not None and self.back_end is not None and self.back_end <= self.back_start:
            raise ValueError("a shift ends after it starts")
        given = (self.start, self.end), (self.back_start, self.back_end)
        if any(start and end and end - start > LONGEST for start, end in given):
            raise ValueError("a year is the most that is swapped at once")
        if self.back_start is not None and self.to is None:
            raise ValueError("name whose shift is taken back")
        return self


class SwapDecision(Request):
    """What is decided about a swap request. Needs ``If-Match``."""

    decision: Literal[SwapState.TAKEN, SwapState.DECLINED, SwapState.WITHDRAWN]
    comment: Annotated[Text, Field(max_length=500)] = ""


class Swap(Record):
    """A swap request and what became of it. Until it is taken it changes nothing."""

    id: Identifier
    schedule_id: Identifier
    schedule_name: str
    person: str
    person_name: str
    to: str | None
    to_name: str | None
    start: Instant
    end: Instant
    back_start: Instant | None
    back_end: Instant | None
    reason: str
    state: SwapState
    requested_at: Instant
    decided_at: Instant | None
    decided_by: str | None
    comment: str
    version: Version
