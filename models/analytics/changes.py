"""What a new version of an event changes: for events there can be, and for those that came."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from models.analytics import EventNameFilter, PropertyDefinition
from models.analytics.events import Violation, ViolationClass
from models.core.base import Count, Identifier, Instant, Number, Record, Request, Text, Version


class Answer(StrEnum):
    """Whether every event that fits the one version fits the other."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    """Neither proved nor shown by an event; taken for a no."""


class CompatibilityVerdict(Record):
    """An answer, and where it is no, an event that shows it: made up, and judged by both versions."""

    answer: Answer
    witness: Any = None
    """The properties of that event."""
    violations: tuple[Violation, ...] = ()
    """What the new version says of it."""
    words: str


class PropertyChange(Record):
    """A property that is not what it was."""

    name: str
    before: PropertyDefinition | None
    after: PropertyDefinition | None
    changed: tuple[str, ...]
    """Fields of the definition that differ; empty for a property that came or went."""
    breaking: bool
    """Whether events that fit today fail by it."""


class Comparison(Record):
    """Two versions of an event beside each other."""

    event_name: str
    old: Version
    new: Version
    strict: CompatibilityVerdict
    """For every event that fits the old version."""
    described: CompatibilityVerdict
    """For events that have no properties but those the old version describes."""
    breaking: bool
    properties: tuple[PropertyChange, ...]
    asks: tuple[str, ...]
    """Why publishing the new version needs somebody else's yes; empty where it does not."""
    as_of: Instant


class RadiusState(StrEnum):
    """How far looking at past events has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RadiusRequest(Request):
    """Judge past events by a draft; nothing happens to them."""

    event_name: EventNameFilter
    version: Annotated[int, Field(ge=1)]
    days: Annotated[int, Field(ge=1, le=90)] = 7


class Hit(Record):
    """How many events of one kind would not fit."""

    name: str
    detail: str = ""
    events: Count
    failing: Count


class Reader(Record):
    """What is made of a property that would not fit."""

    kind: str
    """``figure``, ``alert_rule`` or ``fraud_rule``."""
    name: str
    properties: tuple[str, ...]
    failing: Count


class RadiusWitness(Record):
    """An event that came and would not fit, without any value that says something about a person."""

    received_at: Instant
    producer: str
    app_version: str
    properties: dict[str, Any]
    masked: tuple[str, ...]
    violations: tuple[Violation, ...]


class RadiusCause(Record):
    """One thing that would be wrong, and in how many events."""

    violation_class: ViolationClass = Field(alias="class")
    pointer: str
    rule: str
    failing: Count


class RadiusResult(Record):
    """What a draft would do to events that came."""

    events: Count
    failing: Count
    senders: tuple[Hit, ...]
    """By producer, and its version as the detail."""
    destinations: tuple[Hit, ...]
    readers: tuple[Reader, ...]
    causes: tuple[RadiusCause, ...]
    daily: tuple[Hit, ...]
    witnesses: tuple[RadiusWitness, ...]


class Radius(Record):
    """A look at past events."""

    id: Identifier
    event_name: str
    schema_version: Version
    revision: Version
    """Of the draft that they were judged by."""
    days: Count
    state: RadiusState
    progress: Number
    problem: Text
    result: RadiusResult | None
    asked_by: str
    asked_at: Instant
    ended_at: Instant | None
    version: Version
