"""Alert rules and the alerts they raise. Specification: "Operations dashboard", alert thresholds; AC 2."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models.core.base import (
    Count,
    Identifier,
    Instant,
    Number,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
    plain_integer,
)
from models.figures import FigureName


class Severity(StrEnum):
    """P1 sales or sign-in down, P2 a limit is broken, P3 degraded with a work-around, P4 for information."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Comparison(StrEnum):
    """On which side of the value the rule is broken."""

    ABOVE = "above"
    BELOW = "below"


class AlertState(StrEnum):
    """Latched: an alert stays active until somebody acknowledges it, also when its condition has passed."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class AlertList(StrEnum):
    """How lists group alerts. Every alert is in exactly one group: a shelved one is in no other."""

    ACTIVE = "active"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"
    SHELVED = "shelved"


class AlertCondition(StrEnum):
    """What the rule last saw."""

    BREACHED = "breached"
    NO_DATA = "no_data"
    NORMAL = "normal"


def _web_address(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("a runbook link starts with https:// or http://")
    return value


RunbookUrl = Annotated[PlainText, AfterValidator(_web_address), Field(max_length=500)]
Seconds = Annotated[int, BeforeValidator(plain_integer), Field(ge=0, le=86_400)]
RuleRange = Annotated[int, BeforeValidator(plain_integer), Field(json_schema_extra={"enum": [1, 7, 30, 90]})]
Hysteresis = Annotated[Number, Field(ge=0)]


def _known_range(value: int) -> int:
    if value not in {1, 7, 30, 90}:
        raise ValueError("a rule looks back 1, 7, 30 or 90 days")
    return value


class AlertRuleDraft(Request):
    """A new rule."""

    figure: FigureName
    title: RequiredText
    """What the alert is called, for example: Downloads failing over limit."""
    comparison: Comparison
    value: Number
    """Limit in the figure's unit: minor units, a count, or a ratio between 0 and 1."""
    hysteresis: Hysteresis = 0.0
    """How far back inside the limit the figure must come before the condition counts as passed."""
    for_seconds: Seconds = 0
    """How long the limit must be broken without a break before the alert is raised."""
    range_days: Annotated[RuleRange, AfterValidator(_known_range)] = 7
    """Range over which orders and downloads are counted; revenue and community figures have their own."""
    severity: Severity
    guidance: Text = ""
    """What to do, one step a line."""
    runbook_url: RunbookUrl = ""
    no_data_seconds: Seconds | None = None
    """Raise a no-data alert when the source has been silent for longer; ``None`` never."""
    enabled: bool = True


class AlertRuleChange(Request):
    """A change of a rule; what is left out stays. Needs ``If-Match``."""

    title: RequiredText | None = None
    comparison: Comparison | None = None
    value: Number | None = None
    hysteresis: Hysteresis | None = None
    for_seconds: Seconds | None = None
    range_days: Annotated[RuleRange, AfterValidator(_known_range)] | None = None
    severity: Severity | None = None
    guidance: Text | None = None
    runbook_url: RunbookUrl | None = None
    no_data_seconds: Seconds | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class AlertRule(Record):
    """A stored rule."""

    id: Identifier
    figure: FigureName
    title: str
    comparison: Comparison
    value: Number
    hysteresis: Number
    for_seconds: Count
    range_days: Count
    severity: Severity
    guidance: str
    runbook_url: str
    no_data_seconds: Count | None
    enabled: bool
    version: Version
    updated_at: Instant
    updated_by: str


class AlertSummary(Record):
    """AlertSummary of the specification: what a dashboard shows of an alert."""

    id: Identifier
    figure: FigureName | None = None
    """The figure it is about; ``None`` when no rule raised it but a part of the system, see ``Alert.source``."""
    title: str
    severity: Severity
    state: AlertState
    cause: AlertCondition = AlertCondition.BREACHED
    """Why it was raised: its limit is broken or what it tells of holds, or its source is silent. Never normal."""
    condition: AlertCondition
    """What the rule last saw."""
    raised_at: Instant


class Alert(AlertSummary):
    """An alert with everything needed to act on it."""

    rule_id: Identifier | None = None
    """The rule that raised it; then ``figure``, ``comparison`` and ``limit`` are known as well."""
    source: Identifier | None = None
    """Else the part of the system that raised it, such as ``backup``."""
    key: Identifier | None = None
    """What of the source it is about; at most one alert of a source and key is open."""
    comparison: Comparison | None = None
    limit: Number | None = None
    value: Number | None = None
    """The figure when last evaluated; ``None`` without data."""
    worst_value: Number | None = None
    """The figure at its worst since the alert was raised."""
    evaluated_at: Instant
    returned_at: Instant | None = None
    """Since when the condition has passed, while the alert still waits for its acknowledgement."""
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    acknowledged_by_name: str | None = None
    """How they are called; known where alerts are read."""
    comment: str | None = None
    cleared_at: Instant | None = None
    shelved_until: Instant | None = None
    shelved_by: str | None = None
    shelved_by_name: str | None = None
    """How they are called; known where alerts are read."""
    shelve_reason: str | None = None
    guidance: str
    runbook_url: str
    version: Version


class AcknowledgeAlert(Request):
    """Acknowledge with a comment. Needs ``If-Match``."""

    comment: RequiredText


class ShelveAlert(Request):
    """Put aside until an instant, always with a reason. Needs ``If-Match``; at most 7 days ahead."""

    until: Instant
    reason: RequiredText
