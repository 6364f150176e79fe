"""Post-incident reviews: what happened, why, and what is done so that it does not come back."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from models.core.base import Count, Identifier, Instant, PlainText, Record, Request, RequiredText, UserId, Version
from models.incidents import IncidentSeverity, Title, WebAddress


class ReviewState(StrEnum):
    """How far a review has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    """Waits for the approval of somebody who has not written it."""
    APPROVED = "approved"
    PUBLISHED = "published"


class FactorKind(StrEnum):
    """Where a contributing factor lies. None of them is a person."""

    CHANGE = "change"
    CAPACITY = "capacity"
    DEPENDENCY = "dependency"
    DESIGN = "design"
    PROCESS = "process"
    MONITORING = "monitoring"
    OTHER = "other"


class ContributingFactor(Request):
    """Something without which it would not have happened, or not so badly."""

    kind: FactorKind
    text: RequiredText


class AffectedFigure(Record):
    """How a figure did, by the alerts that were attached."""

    figure: str
    title: str
    limit: float | None
    worst: float | None


class ReviewFigures(Record):
    """What the records say; worked out anew whenever it is asked for, until it is published."""

    detect_seconds: float | None
    """From the beginning of the impact to its detection."""
    acknowledge_seconds: float | None
    """From detection."""
    mitigate_seconds: float | None
    """From detection."""
    resolve_seconds: float | None
    """From detection."""
    alerts: Count
    updates: Count
    updates_late: Count
    deploys: Count
    """In the two hours before it was detected."""
    figures: tuple[AffectedFigure, ...]


class ReviewMoment(Record):
    """An entry of the timeline that tells the story."""

    position: Count
    at: Instant
    text: str


ReviewText = Annotated[PlainText, Field(max_length=20_000)]


class IncidentReview(Record):
    """The review of one incident."""

    incident_id: Identifier
    reference: str
    incident_title: str
    severity: IncidentSeverity
    state: ReviewState
    summary: str
    impact: str
    detection: str
    response: str
    went_well: str
    went_badly: str
    factors: tuple[ContributingFactor, ...]
    figures: ReviewFigures
    moments: tuple[ReviewMoment, ...]
    due_at: Instant | None
    """When it is to be published; ``None``: the severity asks for none."""
    author: str
    editors: tuple[str, ...]
    """Everybody who has written a part of it, the author too; none of them approves it."""
    submitted_at: Instant | None
    approved_by: str | None
    approved_at: Instant | None
    published_at: Instant | None
    names: dict[str, str]
    """How whoever is named here is called, by id."""
    items: Count
    open_items: Count
    version: Version


class ReviewSummary(Record):
    """A review as lists show it."""

    incident_id: Identifier
    number: Count
    """Of the incident."""
    reference: str
    incident_title: str
    severity: IncidentSeverity
    state: ReviewState
    due_at: Instant | None
    author: str
    author_name: str
    published_at: Instant | None
    items: Count
    open_items: Count
    version: Version


class ReviewChange(Request):
    """A change of what it says; what is left out stays. Needs ``If-Match``. One that was approved is a draft again."""

    summary: ReviewText | None = None
    impact: ReviewText | None = None
    detection: ReviewText | None = None
    response: ReviewText | None = None
    went_well: ReviewText | None = None
    went_badly: ReviewText | None = None
    factors: Annotated[tuple[ContributingFactor, ...], Field(max_length=50)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set or any(getattr(self, name) is None for name in self.model_fields_set):
            raise ValueError("name at least one field to change, and leave the others out")
        return self


class ReviewVerdict(Request):
    """Approve a review, or send it back with what is missing. Needs ``If-Match``."""

    approve: bool
    comment: Annotated[PlainText, Field(max_length=2_000)] = ""

    @model_validator(mode="after")
    def _says_what_is_missing(self) -> Self:
        if not self.approve and not self.comment.strip():
            raise ValueError("say what is missing")
        return self


class ActionItem(Record):
    """What somebody does so that it does not come back."""

    action_id: Identifier
    incident_id: Identifier
    reference: str
    """Of the incident."""
    title: str
    owner: str
    owner_name: str
    due_on: date
    link: str
    done_at: Instant | None
    done_by: str | None
    overdue: bool
    version: Version


def _text_day(value: Any) -> Any:
    # pydantic alone reads a number as days since 1970.
    if not isinstance(value, str | date):
        raise ValueError("a day is text such as 2026-11-24")  # noqa: TRY004 - pydantic wants ValueError
    return value


DueDay = Annotated[date, BeforeValidator(_text_day), Field(ge=date(2020, 1, 1), lt=date(2200, 1, 1))]


class ActionItemDraft(Request):
    """A new action item."""

    title: Title
    owner: UserId
    due_on: DueDay
    link: WebAddress | None = None


class ActionItemChange(Request):
    """A change of an action item; what is left out stays. Needs ``If-Match``."""

    title: Title | None = None
    owner: UserId | None = None
    due_on: DueDay | None = None
    link: WebAddress | None = None
    """``null``: none."""
    done: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        given = self.model_fields_set
        if not given or any(getattr(self, name) is None for name in given - {"link"}):
            raise ValueError("name at least one field to change, and leave the others out")
        return self


class MonthFigures(Record):
    """How incidents of a severity went that were detected in a month; means, in seconds."""

    month: str
    """Such as ``2026-11``, UTC."""
    severity: IncidentSeverity
    incidents: Count
    detect_seconds: float | None
    """MTTD, from the beginning of the impact to its detection; ``None``: nobody has acknowledged, resolved… one yet."""
    acknowledge_seconds: float | None
    """MTTA, from detection."""
    resolve_seconds: float | None
    """MTTR, from detection."""


class ResponseFigures(Record):
    """MTTD, MTTA and MTTR by month and severity, oldest first; where there was no incident, no row."""

    months: tuple[MonthFigures, ...]
    as_of: Instant
