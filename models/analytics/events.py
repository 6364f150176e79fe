"""Events as they come in: how they are judged, what is kept of them, and what does not fit."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from models.analytics import EventMode, EventName, EventNameFilter
from models.core.base import Count, Identifier, Instant, PlainText, Record, Request, RequiredText, Text, UserId, Version

BATCH_MOST = 1_000
"""Events of one request."""


class ViolationClass(StrEnum):
    """What is wrong with an event."""

    UNPLANNED_EVENT = "unplanned_event"
    REQUIRED_MISSING = "required_missing"
    TYPE = "type"
    ADDITIONAL_PROPERTY = "additional_property"
    LIMIT = "limit"
    RETIRED_VERSION = "retired_version"
    MALFORMED = "malformed"
    """It is no event: no JSON that can be kept apart, no name, an instant that cannot be."""


class Violation(Record):
    """One thing that is wrong with an event. It never repeats a value, nor a name that the plan does not know."""

    violation_class: ViolationClass = Field(alias="class")
    pointer: str
    """JSON pointer into the event; ``*`` stands for a name that the plan does not know."""
    version: Annotated[int, Field(ge=1)] | None = None
    """The version it was judged by."""
    rule: str
    """What was expected, in words."""
    nearest: str | None = None
    """The name of the plan that is most like the one that was sent."""


class EventToValidate(Request):
    """An event without what surrounds it."""

    event_name: Annotated[str, Field(max_length=2_000)]
    payload: Any
    version: Annotated[int, Field(ge=1)] | None = None
    """By which version; left out: the one that events without a version are judged by."""


class ValidateRequest(Request):
    """One event, or a batch."""

    event_name: Annotated[str, Field(max_length=2_000)] | None = None
    payload: Any = None
    version: Annotated[int, Field(ge=1)] | None = None
    events: Annotated[tuple[EventToValidate, ...], Field(min_length=1, max_length=BATCH_MOST)] | None = None

    @model_validator(mode="after")
    def _one_or_many(self) -> Self:
        if (self.event_name is None) == (self.events is None):
            raise ValueError("send either eventName and payload, or events")
        return self


class ValidationResult(Record):
    """What became of one event."""

    valid: bool
    event_name: str
    version: int | None
    """What it was judged by; ``None`` where the plan knows no such event."""
    mode: EventMode
    """What would happen to it here."""
    violations: tuple[Violation, ...] = ()


class ValidationResults(Record):
    """What became of a batch."""

    valid: Count
    results: tuple[ValidationResult, ...]
    plan_version: Count
    as_of: Instant


class EventProblem(Record):
    """What is wrong with one event of a batch."""

    index: Count
    message_id: str | None
    verdict: str
    """``landed``, ``omitted``, ``quarantined``, ``rejected``, or ``known`` with another body than the first time."""
    violations: tuple[Violation, ...]


class EventsResult(Record):
    """What became of a batch of events: landed + quarantined + rejected + known = received."""

    success: bool = True
    """For clients of Segment, which look at nothing else."""
    received: Count
    landed: Count
    quarantined: Count
    rejected: Count
    """Nothing of them is kept: correct them and send them again."""
    known: Count
    """Their ids were here already."""
    problems: tuple[EventProblem, ...] = ()
    """Of the first hundred events that something is wrong with."""
    as_of: Instant


class ViolationState(StrEnum):
    """Where a group of violations stands."""

    OPEN = "open"
    MUTED = "muted"
    FIXED = "fixed"
    """Opens again when it is seen again."""


class ViolationGroup(Record):
    """Violations that are one mistake: same event, pointer, class, version, sender and version of it."""

    id: Identifier
    event_name: str
    violation_class: ViolationClass = Field(alias="class")
    pointer: str
    schema_version: int | None
    rule: str
    nearest: str | None
    producer: str
    app_version: str
    environment: str
    count: Count
    first_seen: Instant
    last_seen: Instant
    daily: tuple[Count, ...]
    """Of the last seven days, the last one today; UTC."""
    state: ViolationState
    assigned_to: str | None
    assigned_to_name: str | None = None
    muted_until: Instant | None
    version: Version


class ViolationChange(Request):
    """Assign, mute, or say that it is fixed; what is left out stays. Needs ``If-Match``."""

    assigned_to: UserId | None = None
    muted_until: Instant | None = None
    state: ViolationState | None = None
    reason: Text = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"reason"}:
            raise ValueError("name at least one field to change")
        if (self.state is ViolationState.MUTED) != (self.muted_until is not None):
            raise ValueError("say until when exactly where a violation is muted")
        return self


class QuarantineGroup(Record):
    """Events that are held for one cause."""

    event_name: str
    violation_class: ViolationClass = Field(alias="class")
    pointer: str
    schema_version: int | None
    rule: str
    held: Count
    oldest_at: Instant
    newest_at: Instant
    forgotten_at: Instant
    """When the oldest of them is deleted."""


class QuarantineRequest(Request):
    """Which events that are held: those of one cause."""

    event_name: EventNameFilter
    violation_class: ViolationClass = Field(alias="class")
    pointer: Annotated[PlainText, Field(max_length=2_000)]
    schema_version: Annotated[int, Field(ge=1)] | None = None


class ReplayRequest(QuarantineRequest):
    """Judge them again, and let those land that fit now."""

    reason: RequiredText


class DiscardRequest(QuarantineRequest):
    """Delete them for good."""

    reason: RequiredText


class Trial(Record):
    """What a replay would do, or did."""

    looked_at: Count
    passing: Count
    still_held: Count
    unreadable: Count
    """The key they were sealed with is not there."""
    violations: tuple[Violation, ...] = ()
    """What is still wrong, the first of each kind."""
    as_of: Instant


class Discarded(Record):
    """How many events were deleted."""

    discarded: Count
    as_of: Instant


class TailedEvent(Record):
    """An event as the live tail shows it: values of personal properties are never in it."""

    received_at: Instant
    occurred_at: Instant | None
    event_name: str
    schema_version: int | None
    producer: str
    app_version: str
    verdict: str
    properties: dict[str, Any]
    masked: tuple[str, ...]
    """Properties whose values are left out: they say something about a person, or the plan does not know them."""


class Tail(Record):
    """The newest events, newest first."""

    items: tuple[TailedEvent, ...]
    as_of: Instant


class InferRequest(Request):
    """Make a draft of an event out of what came in."""

    event_name: EventName
    days: Annotated[Count, Field(ge=1, le=90)] = 7
