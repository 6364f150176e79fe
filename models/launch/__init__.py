"""Launches: from a template through checklist, clock and go/no-go poll to a record that proves itself.

Specification: "Launch Readiness Checklist"; AC 8.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText, Text, UserId, Version
from models.launch.checklist import DueOffset, ItemDraft, Key, Numbered
from models.launch.clock import HoldPoint
from models.launch.criteria import BoundCriterion


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise ValueError("a time zone of the IANA database is expected, such as Europe/Berlin") from None


ZoneName = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_known_zone)]
"""A time zone of the IANA database."""

Title = Annotated[RequiredText, Field(max_length=120)]
ShortTitle = Annotated[RequiredText, Field(max_length=14)]
"""Fits a cell of the wall; nothing there is cut off."""


class RollCallRole(Request):
    """A role that is asked in the poll, in the order of the roll-call."""

    role: Key
    """Id of a role; its holders vote for it."""
    name: Title
    short_name: ShortTitle
    director: bool = False
    """Votes last, and is left out of the verdict it reads."""


class LaunchState(StrEnum):
    """How far a launch is."""

    OPEN = "open"
    LAUNCHED = "launched"
    SCRUBBED = "scrubbed"


class FaultKind(StrEnum):
    """What a rehearsal pretends of a figure."""

    OUTSIDE = "outside"
    STALE = "stale"
    UNKNOWN = "unknown"


class Delegation(Record):
    """A holder of a role lets somebody else vote for it."""

    role: str
    person: str
    """Who votes."""
    person_name: str
    by: str
    by_name: str
    reason: str
    at: Instant


class Launch(Record):
    """A launch, or a rehearsal of one. What changes by the second is in ``LaunchStatus``."""

    launch_id: Identifier
    title: str
    short_title: str
    zone: str
    """Where its people are; instants are UTC."""
    planned_zero_at: Instant
    """T-0 as it was planned."""
    template_key: str
    template_version: Count
    rehearsal_of: str | None
    """The launch this is a rehearsal of: everything of it is watermarked, and nothing of it touches the real one."""
    state: LaunchState
    roll: tuple[RollCallRole, ...]
    points: tuple[HoldPoint, ...]
    criteria: tuple[BoundCriterion, ...]
    faults: dict[str, FaultKind]
    """What a rehearsal pretends, by key of a criterion."""
    delegations: tuple[Delegation, ...]
    created_at: Instant
    created_by: str
    created_by_name: str
    closed_at: Instant | None
    decision: str | None
    """Why it was scrubbed, or what was said when it was done."""
    version: Version


class LaunchDraft(Request):
    """A new launch from a template; its clock runs from now on."""

    template_key: Key
    template_version: Numbered | None = None
    """Left out: the newest."""
    title: Title
    short_title: ShortTitle
    zone: ZoneName
    zero_at: Instant
    """T-0; planned holds lie before it."""


class LaunchChange(Request):
    """Change of a launch; fields left out stay. Another ``zeroAt`` sets the clock anew and needs a reason."""

    title: Title | None = None
    short_title: ShortTitle | None = None
    zone: ZoneName | None = None
    zero_at: Instant | None = None
    reason: RequiredText | None = None

    @model_validator(mode="after")
    def _something(self) -> LaunchChange:
        if all(value is None for value in (self.title, self.short_title, self.zone, self.zero_at)):
            raise ValueError("name at least one field to change")
        if self.zero_at is not None and self.reason is None:
            raise ValueError("another T-0 needs a reason")
        return self


class DelegateVote(Request):
    """Let somebody else vote for a role one holds."""

    role: Key
    person: UserId
    reason: RequiredText


class EndDelegation(Request):
    """Take a delegation back."""

    role: Key


class FinishLaunch(Request):
    """Say that a launch is done."""

    decision: RequiredText


class RehearseLaunch(Request):
    """Rehearse a launch on a copy of it, beginning at a reading of the clock."""

    reading: DueOffset
    """Seconds to T-0, negative before it."""


class InjectFault(Request):
    """Let a bound figure of a rehearsal fail, or heal it; of a real launch: 409."""

    key: Key
    fault: FaultKind | None
    """``None`` heals it."""


class LessonDraft(Request):
    """An item for the next version of the template."""

    item: ItemDraft
    reason: RequiredText


class Lesson(Record):
    """An item for the next version of the template, and why."""

    lesson_id: Identifier
    item: ItemDraft
    reason: str
    by: str
    by_name: str
    at: Instant
    taken_into: Count | None
    """Version of the template that has it."""


class HoldReview(Record):
    """A hold as it went."""

    number: Count
    point: str | None
    """The planned hold's key; ``None`` of one that was not planned."""
    reading: float
    planned_seconds: float
    actual_seconds: float
    reason: str | None


class PollReview(Record):
    """A poll as it went."""

    round: Count
    question: str
    verdict: str | None
    seconds: float | None
    evidence_changes: Count
    """How often figures changed while it was open."""


class ItemReview(Record):
    """An item that was not signed when it was due, or waived."""

    key: str
    description: str
    owner_role: str
    late_seconds: float | None
    waived: bool


class LaunchReview(Record):
    """A launch afterwards: planned against actual."""

    launch_id: Identifier
    planned_zero_at: Instant
    actual_zero_at: Instant | None
    slip_seconds: float | None
    holds: tuple[HoldReview, ...]
    polls: tuple[PollReview, ...]
    items: Count
    items_late: tuple[ItemReview, ...]
    lessons: tuple[Lesson, ...]
    text: Text = ""
    """The decision it ended with."""
    as_of: Instant
