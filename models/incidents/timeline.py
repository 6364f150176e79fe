"""What happened during an incident: read from the audit log by position, beside what people have noted."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from models.alerts import Severity
from models.core.base import Count, EventInstant, Identifier, Instant, Record, Request, RequiredText
from models.core.paging import Page
from models.core.personal import PERSONAL


class TimelineKind(StrEnum):
    """What an entry is about: a lane of the timeline."""

    STATUS = "status"
    ALERT = "alert"
    PAGE = "page"
    ROLE = "role"
    UPDATE = "update"
    NOTE = "note"
    STEP = "step"
    """Of a runbook."""
    DEPLOY = "deploy"
    RULE = "rule"
    """A rule or a limit was changed."""
    VERDICT = "verdict"
    """About an order."""
    DECISION = "decision"
    """Anything else that was decided anywhere in the system."""


class Correction(Record):
    """What somebody said instead; what it corrects stays."""

    text: str
    occurred_at: Instant | None
    """``None``: the time was right."""
    by: str
    by_name: str
    at: Instant


class TimelineEntry(Record):
    """One fact."""

    position: Count
    """Of the audit log: the order in which things were recorded."""
    entry_id: Identifier
    kind: TimelineKind
    occurred_at: Instant
    recorded_at: Instant
    actor: str
    actor_name: str
    action: str
    resource_type: str
    resource_id: str
    label: str | None
    text: str
    """What happened in plain words; of a note, what was written. Kept in consoles: it is needed when all is down."""
    own: bool
    """About this incident or what is attached to it; else it happened elsewhere at the time."""
    incident_id: Identifier | None
    """Which incident, where one that was merged into this one brought it."""
    severity: Severity | None
    """Of an alert."""
    details: Annotated[dict[str, Any], PERSONAL]
    """What the entry says besides, by name; of what happened elsewhere nothing."""
    pinned: bool
    corrections: tuple[Correction, ...]
    """Oldest first."""


class TimelinePage(Page[TimelineEntry]):
    """A page, in the order of positions that was asked for."""

    newest: Count
    """The newest position of the whole log: whoever goes on after it misses nothing."""


class Lane(Record):
    """How many entries of a kind there are in each stretch of time."""

    kind: TimelineKind
    counts: tuple[Count, ...]


class TimelineLanes(Record):
    """The timeline from afar: as many counts a lane as were asked for, of equal stretches between two instants."""

    from_: Instant = Field(alias="from")
    to: Instant
    lanes: tuple[Lane, ...]
    as_of: Instant


class NoteDraft(Request):
    """What the log does not know by itself."""

    text: RequiredText
    occurred_at: EventInstant | None = None
    """When it happened; now when left out."""


class EntryCorrection(Request):
    """What is right about an entry. The entry itself stays as it is."""

    text: RequiredText
    occurred_at: EventInstant | None = None


class EntryPin(Request):
    """Whether an entry is one of those that tell the story."""

    pinned: bool


class DeployIn(Request):
    """A new version of something went out. Sent again under the same id it changes nothing."""

    id: Identifier
    service: Annotated[RequiredText, Field(max_length=100)]
    version: Annotated[RequiredText, Field(max_length=200)]
    environment: Annotated[RequiredText, Field(max_length=100)] = "production"
    deployed_at: EventInstant
    deployed_by: Annotated[RequiredText, Field(max_length=200)] | None = None
    url: Annotated[RequiredText, Field(max_length=500, pattern=r"^https?://")] | None = None
