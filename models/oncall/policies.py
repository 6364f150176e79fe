"""Escalation policies: who is paged, after how long who else, how often, and who at last."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from models.alerts import Severity
from models.core.base import Count, Identifier, Instant, Record, Request, RequiredText, Text, Version, plain_integer
from models.deliveries.routing import Team

_Minutes = Annotated[int, BeforeValidator(plain_integer)]


class TargetKind(StrEnum):
    """Whom a step pages."""

    ON_CALL = "on_call"
    """Whoever a schedule says is on at that moment."""
    EVERYBODY = "everybody"
    """All who take turns in a schedule."""
    PERSON = "person"


class Target(Request):
    """One of those a step pages."""

    kind: TargetKind
    id: Identifier
    """Of the schedule or of the person."""


class Step(Request):
    """Whom to page when nobody has answered so far."""

    after_minutes: Annotated[_Minutes, Field(ge=0, le=1440)]
    """Since the step before, or since the round began."""
    targets: Annotated[tuple[Target, ...], Field(max_length=20)]
    tell_team: bool = False
    """Also by the routes of the policy's team: chats and pagers."""
    severities: Annotated[tuple[Severity, ...], Field(max_length=4)] = ()
    """Only for these; none: for all."""

    @model_validator(mode="after")
    def _pages_somebody(self) -> Self:
        if not self.targets and not self.tell_team:
            raise ValueError("a step pages somebody, or tells the team")
        return self


class PolicyDefinition(Request):
    """All of a policy that a version replaces. A page stays under the version it began with."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=20)]
    repeats: Annotated[_Minutes, Field(ge=0, le=9)] = 1
    """How often it begins again from the first step."""
    again_after_minutes: Annotated[_Minutes, Field(ge=1, le=1440)] = 5
    """After the last step, before it begins again or the fallback is paged."""
    fallback: Annotated[tuple[Target, ...], Field(max_length=20)] = ()
    """Paged once when nobody has answered at all."""
    unacknowledge_minutes: Annotated[_Minutes, Field(ge=1, le=1440)] | None = None
    """An acknowledged page is open again after so long without an end; ``None``: never."""

    @model_validator(mode="after")
    def _begins_with_everything(self) -> Self:
        if all(step.severities for step in self.steps):
            raise ValueError("at least one step is for all severities, else some page nobody")
        return self


class PolicyRequest(Request):
    """A new policy."""

    name: Annotated[RequiredText, Field(max_length=100)]
    team: Team
    description: Text = ""
    definition: PolicyDefinition


class PolicyChange(Request):
    """Another version of a policy, as a whole. Needs ``If-Match``."""

    name: Annotated[RequiredText, Field(max_length=100)]
    team: Team
    description: Text = ""
    definition: PolicyDefinition
    archived: bool = False
    """Nothing can be paged by it any more; pages that run go on."""
    reason: Annotated[RequiredText, Field(max_length=500)]


class StepFigures(Record):
    """How many pages were acknowledged in a step in the last 90 days."""

    step: Count
    acknowledged: Count


class Policy(Record):
    """A policy as it stands now."""

    id: Identifier
    name: str
    team: Team
    description: str
    definition: PolicyDefinition
    archived_at: Instant | None
    answered: tuple[StepFigures, ...] = ()
    """Where pages were acknowledged in the last 90 days, by step from 0."""
    version: Version
    updated_at: Instant
    updated_by: str


class PolicyVersion(Record):
    """A version of a policy; kept for ever."""

    version: Version
    recorded_at: Instant
    recorded_by: str
    name: str
    definition: PolicyDefinition
    reason: str


class DoubleBooking(Record):
    """One person on in two schedules of one policy at once: the next step would page who did not answer the first."""

    policy_id: Identifier
    policy_name: str
    person: str
    person_name: str
    schedule_ids: tuple[Identifier, ...]
    start: Instant
    end: Instant
