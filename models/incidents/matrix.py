"""What a severity means and sets off, and the rules that open incidents by themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from models.alerts import Severity
from models.core.base import (
    Identifier,
    Instant,
    OptionalOutsideId,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
    plain_integer,
)
from models.deliveries.routing import Team
from models.incidents import IncidentSeverity, Services, Title, WebAddress


class Closer(StrEnum):
    """Who may say that an incident is resolved."""

    LEADS = "leads"
    """Holders of incidents.manage_oncall."""
    COMMANDER = "commander"
    """Whoever commands it, and leads."""
    RESPONDERS = "responders"
    """Everybody who works incidents."""


UpdateMinutes = Annotated[int, BeforeValidator(plain_integer), Field(ge=5, le=10_080)]
ReviewDays = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=90)]


class SeverityLevel(Request):
    """What one severity means, and what it sets off."""

    severity: IncidentSeverity
    meaning: Annotated[Text, Field(max_length=500)]
    """When to choose it, as people read it while something burns."""
    escalation_policy_id: OptionalOutsideId
    """Who is paged; ``null``: nobody."""
    teams: Annotated[tuple[Team, ...], Field(max_length=len(Team))]
    """Who is told that one was opened, got worse and is over, by their routes."""
    update_minutes: UpdateMinutes | None
    """How often everybody outside is told; ``null``: not at set times."""
    review_required: bool
    review_days: ReviewDays
    """Days after it was resolved in which its review is published."""
    closer: Closer


class SeverityMatrix(Record):
    """All severities, as one record that is changed as a whole."""

    levels: tuple[SeverityLevel, ...]
    version: Version
    updated_at: Instant
    updated_by: str


class SeverityMatrixRequest(Request):
    """The matrix as it is to be. Needs ``If-Match`` and a second factor."""

    levels: Annotated[tuple[SeverityLevel, ...], Field(min_length=len(IncidentSeverity))]
    reason: RequiredText

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if sorted(level.severity for level in self.levels) != sorted(IncidentSeverity):
            raise ValueError("each severity stands in the matrix once")
        return self


class RuleKind(StrEnum):
    """What opens an incident."""

    LASTING = "lasting"
    """An alert has been active for so many minutes."""
    BURST = "burst"
    """So many alerts of a group were raised within so many minutes."""


RuleMinutes = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=1_440)]
RuleAlerts = Annotated[int, BeforeValidator(plain_integer), Field(ge=2, le=1_000)]
Group = Annotated[PlainText, Field(min_length=1, max_length=100, pattern=r"^\S+$", examples=["downloads"])]
"""Alerts of one group belong together: the area of the figure, or the part of the system that raised them."""


class IncidentRuleDraft(Request):
    """A new rule."""

    title: Title
    kind: RuleKind
    minutes: RuleMinutes
    alerts: RuleAlerts | None = None
    """How many, for ``burst``; none for ``lasting``."""
    group: Group | None = None
    """Only alerts of this group; ``null``: of any, each group by itself."""
    least_severity: Severity = Severity.P2
    """Alerts that are less severe do not count."""
    severity: IncidentSeverity
    services: Services = ()
    runbook_id: OptionalOutsideId = None
    runbook_link: WebAddress | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _counts_when_it_counts(self) -> Self:
        if (self.alerts is None) is (self.kind is RuleKind.BURST):
            raise ValueError("a rule of kind burst says how many alerts, one of kind lasting does not")
        return self


class IncidentRuleChange(IncidentRuleDraft):
    """The rule as it is to be. Needs ``If-Match``."""


class IncidentRule(Record):
    """A stored rule."""

    rule_id: Identifier
    title: str
    kind: RuleKind
    minutes: int
    alerts: int | None
    group: str | None
    least_severity: Severity
    severity: IncidentSeverity
    services: tuple[str, ...]
    runbook_id: str | None
    runbook_link: str
    enabled: bool
    version: Version
    updated_at: Instant
    updated_by: str
