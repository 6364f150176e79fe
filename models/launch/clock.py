"""The clock of a launch: events in, reading derived. Answers carry what a console needs to show it by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from models.core.base import Count, Instant, Record, Request, RequiredText, Text, plain_number
from models.launch.checklist import DueOffset, Key, Numbered


class HoldPoint(Request):
    """A planned hold."""

    key: Key
    title: Annotated[RequiredText, Field(max_length=120)]
    reading: Annotated[DueOffset, Field(lt=0)]
    """Seconds to T-0 at which it stops the clock, negative."""
    seconds: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=30 * 86_400)]
    """Its planned length."""
    exit_criteria: Text = ""


class ClockState(StrEnum):
    """What the clock does."""

    RUNNING = "running"
    PLANNED_HOLD = "planned-hold"
    HOLD = "hold"
    SCRUBBED = "scrubbed"


class ClockEventKind(StrEnum):
    """What was done to the clock."""

    SET = "set"
    HOLD = "hold"
    RELEASE = "release"
    RECYCLE = "recycle"
    SCRUB = "scrub"


class ClockEvent(Record):
    """Something that was done to the clock. Planned holds are none: they follow from the points."""

    seq: Count
    at: Instant
    kind: ClockEventKind
    reading: float | None
    """Seconds from T-0 it was set or recycled to."""
    hold: Count | None
    """The number of the hold a release ended."""
    by: str
    by_name: str
    reason: str
    exit_criteria: str


class ClockHistory(Record):
    """What was done to a clock, in order; whole, because what it shows follows from all of it."""

    events: tuple[ClockEvent, ...]
    as_of: Instant


class LaunchClock(Record):
    """What the clock shows.

    Either it runs, and shows ``asOf - zeroAt`` and on from there, or it stands at ``reading``.
    """

    state: ClockState
    zero_at: Instant | None
    """While it runs: when it shows T-0 if nothing holds it before."""
    reading: float
    """Seconds from T-0 at ``asOf``, negative before it."""
    since: Instant
    """Since when it has been doing this."""
    hold: Count | None
    """The number of the hold it is in; a release names it."""
    point: Key | None
    """The planned hold it is in."""
    planned_seconds: float | None
    resume_by: Instant | None
    """Until when a planned hold costs nothing."""
    reason: str | None
    exit_criteria: str | None
    next_point: Key | None
    """The planned hold that stops it next, at ``nextHoldAt``."""
    next_hold_at: Instant | None
    projected_zero_at: Instant | None
    """T-0 with the planned holds that lie ahead: L-minus counts to it."""
    as_of: Instant


class HoldClock(Request):
    """Stop the clock."""

    reason: RequiredText
    exit_criteria: RequiredText
    """What must be true before it goes on."""


class ReleaseHold(Request):
    """Let the clock go on: the hold is named, so that nobody ends another than they saw."""

    hold: Numbered
    reason: RequiredText
    """How its exit criteria are met."""


class RecycleClock(Request):
    """Go back to an earlier point and hold there."""

    reading: Annotated[DueOffset, Field(lt=0)]
    reason: RequiredText


class ScrubLaunch(Request):
    """Give the launch up for this time."""

    decision: RequiredText
