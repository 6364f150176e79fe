"""Status updates: what everybody outside of the response is told."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText
from models.deliveries.connections import ConnectionKind
from models.incidents import IncidentSeverity, IncidentStatus
from models.incidents.matrix import UpdateMinutes


class UpdatePhase(StrEnum):
    """What an update says; each has a text to begin with."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


class UpdateChannel(Record):
    """Where an update can go."""

    connection_id: Identifier
    name: str
    kind: ConnectionKind
    suggested: bool
    """The routes of the teams that this severity tells lead there."""


class UpdateSuggestion(Record):
    """An update to begin with."""

    phase: UpdatePhase
    text: str
    channels: tuple[UpdateChannel, ...]
    next_minutes: int | None
    """What the severity asks for."""
    next_update_due_at: Instant | None
    """When the one that is being written is due."""


class UpdateDraft(Request):
    """A new update."""

    phase: UpdatePhase
    text: RequiredText
    connections: Annotated[tuple[Identifier, ...], Field(max_length=50)]
    """Where it goes; nowhere: it is kept, and only read in the console."""
    next_minutes: UpdateMinutes | None = None
    """When the next one is due; as the severity asks when left out."""


class UpdateMessage(Record):
    """What one channel would be sent."""

    connection_id: Identifier
    name: str
    kind: ConnectionKind
    subject: str
    text: str


class UpdatePreview(Record):
    """What would be sent, and when the next one would be due."""

    messages: tuple[UpdateMessage, ...]
    next_update_due_at: Instant | None


class IncidentUpdate(Record):
    """An update that was posted."""

    update_id: Identifier
    number: Count
    phase: UpdatePhase
    text: str
    severity: IncidentSeverity
    status: IncidentStatus
    channels: tuple[str, ...]
    """Names of the connections it went to."""
    posted_at: Instant
    posted_by: str
    posted_by_name: str
    due_at: Instant | None
    """When it was due."""
    next_update_due_at: Instant | None
