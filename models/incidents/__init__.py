"""Incidents: declared, worked together, closed and reviewed. Specification: IncidentRecord; AC 7."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from models.core.base import (
    Count,
    EventInstant,
    Identifier,
    Instant,
    OptionalOutsideId,
    PlainText,
    Record,
    Request,
    RequiredText,
    UserId,
    Version,
)
from models.core.personal import PERSONAL


class IncidentSeverity(StrEnum):
    """SEV1 the shop does not sell or deliver, SEV2 many are hit, SEV3 some, with a way around, SEV4 nearly nobody."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class IncidentStatus(StrEnum):
    """How far an incident has come. Each follows those above it; between may be left out, but never ``reviewed``."""

    DETECTED = "detected"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    """Nobody is hit any more; what caused it is still there."""
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    """Its review is published."""


CLOSED: Final = frozenset({IncidentStatus.RESOLVED, IncidentStatus.REVIEWED})
"""Nothing is worked on any more."""


class IncidentRole(StrEnum):
    """What one person does for the whole incident; each is held by one at a time and handed over."""

    COMMANDER = "commander"
    """Decides, and does nothing else."""
    COMMUNICATIONS = "communications"
    """Tells everybody outside of the response."""
    SCRIBE = "scribe"
    """Writes down what the log does not know by itself."""


class IncidentOrigin(StrEnum):
    """How it was opened."""

    MANUAL = "manual"
    ALERT = "alert"
    RULE = "rule"


class LinkKind(StrEnum):
    """What a link leads to."""

    SLACK = "slack"
    TICKET = "ticket"
    PAGERDUTY = "pagerduty"
    CALL = "call"
    OTHER = "other"


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("a link starts with https:// or http://")
    return value


WebAddress = Annotated[PlainText, AfterValidator(_web_address), Field(max_length=500, examples=["https://x.example"])]
Title = Annotated[PlainText, Field(min_length=1, max_length=200, pattern=r"\S")]
Service = Annotated[PlainText, Field(min_length=1, max_length=60, pattern=r"\S")]
"""A part of the shop, as the house calls it: ``checkout``."""
Services = Annotated[tuple[Service, ...], Field(max_length=20)]


class RoleHolder(Record):
    """Who has a role, since when."""

    role: IncidentRole
    user_id: str
    name: str
    since: Instant


class Participant(Record):
    """Somebody who works on it, and why."""

    user_id: str
    name: str
    reason: str
    joined_at: Instant


class IncidentLink(Request):
    """Where it is spoken of, or worked on, elsewhere."""

    kind: LinkKind
    url: WebAddress
    title: Annotated[PlainText, Field(max_length=200)] = ""


class IncidentRecord(Record):
    """IncidentRecord of the specification, with all a responder needs at a glance."""

    incident_id: Identifier
    number: Count
    reference: str
    """What people call it: ``INC-0142``."""
    title: str
    severity: IncidentSeverity
    status: IncidentStatus
    description: str
    started_at: Instant
    """When the impact began, as far as is known."""
    detected_at: Instant
    acknowledged_at: Instant | None
    acknowledged_by: str | None
    mitigated_at: Instant | None
    resolved_at: Instant | None
    reviewed_at: Instant | None
    roles: tuple[RoleHolder, ...]
    participants: tuple[Participant, ...]
    services: tuple[str, ...]
    links: tuple[IncidentLink, ...]
    customers_affected: Count | None
    """``None``: nobody has counted."""
    runbook_id: str | None
    runbook_link: str
    postmortem_link: str
    """Where its published review is read; empty while there is none."""
    origin: IncidentOrigin
    alerts: Count
    """Alerts that were attached, ever."""
    open_alerts: Count
    """Of them, those that are not cleared: closing an incident silences none."""
    updates: Count
    """Status updates that were posted."""
    next_update_due_at: Instant | None
    """``None``: the severity asks for none, or it is closed."""
    review_required: bool
    merged_into: Identifier | None
    """The incident it was found to be a part of; it is closed then, and its timeline is in that one's too."""
    created_at: Instant
    created_by: str
    updated_at: Instant
    version: Version


class IncidentDraft(Request):
    """A new incident; whoever is on call is told."""

    severity: IncidentSeverity
    description: RequiredText
    title: Title | None = None
    """The first line of the description when left out."""
    runbook_id: OptionalOutsideId = None
    runbook_link: WebAddress | None = None
    services: Services = ()
    started_at: EventInstant | None = None
    """When the impact began; now when left out."""
    commander: UserId | None = None


class AlertIncident(Request):
    """A new incident out of an alert; all that is left out follows from it."""

    alert_id: Identifier
    severity: IncidentSeverity | None = None
    description: RequiredText | None = None


class IncidentUpdateRequest(Request):
    """Say how far it has come, what was done, or both. Needs ``If-Match``."""

    status: IncidentStatus | None = None
    notes: Annotated[RequiredText | None, PERSONAL] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.status is None and self.notes is None:
            raise ValueError("name a status, or write notes")
        return self


class IncidentChange(Request):
    """A change of what it is; what is left out stays. Needs ``If-Match``."""

    title: Title | None = None
    description: RequiredText | None = None
    severity: IncidentSeverity | None = None
    """The matrix acts anew: who is paged, and when the next update is due."""
    services: Services | None = None
    links: Annotated[tuple[IncidentLink, ...], Field(max_length=20)] | None = None
    customers_affected: Annotated[Count, Field(le=10**9)] | None = None
    """``null``: not known any more."""
    runbook_id: OptionalOutsideId = None
    """``null``: none."""
    runbook_link: WebAddress | None = None
    """``null``: none."""
    reason: Annotated[PlainText, Field(max_length=500)] = ""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"reason"}:
            raise ValueError("name at least one field to change")
        return self


class KeyTimesChange(Request):
    """Other key times, with the reason; what is left out stays. Needs ``If-Match``.

    They follow each other, none lies ahead, and a time is only changed for what was reached.
    """

    started_at: EventInstant | None = None
    detected_at: EventInstant | None = None
    acknowledged_at: EventInstant | None = None
    mitigated_at: EventInstant | None = None
    resolved_at: EventInstant | None = None
    reason: RequiredText

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set - {"reason"}
        if not given:
            raise ValueError("name at least one time")
        if any(getattr(self, name) is None for name in given):
            raise ValueError("a time cannot be taken away: leave the field out to keep it")
        return self


class RoleRequest(Request):
    """Give a role to somebody, or hand it over; ``userId`` null: nobody has it now. Needs ``If-Match``."""

    role: IncidentRole
    user_id: UserId | None
    reason: Annotated[PlainText, Field(max_length=500)] = ""


class ParticipantRequest(Request):
    """Somebody works on it from now on."""

    user_id: UserId
    reason: RequiredText


class LeaveRequest(Request):
    """Somebody works on it no longer."""

    reason: RequiredText


class PageRequest(Request):
    """Page an escalation policy for it."""

    policy_id: Identifier
    reason: RequiredText


class MergeRequest(Request):
    """This incident is a part of another one. Needs ``If-Match``."""

    into: Identifier
    reason: RequiredText


class AttachAlerts(Request):
    """Alerts that belong to it."""

    alert_ids: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=500)]
