"""Automatic criteria: figures of the system itself with limits, evaluated live and never ticked by hand."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from models.core.base import Instant, Number, Record, Request, RequiredText, plain_number
from models.launch.checklist import Key


class CriterionUnit(StrEnum):
    """What a criterion's value counts."""

    COUNT = "count"
    RATIO = "ratio"
    MINOR = "minor"
    """Money in minor units of the reporting currency."""
    SECONDS = "seconds"
    VERSION = "version"


class BoundCriterion(Request):
    """A criterion a launch is bound to, with its limits."""

    key: Key
    criterion: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$", max_length=80)]
    """As a capability declares it, such as ``alerts.open``."""
    label: Annotated[RequiredText, Field(max_length=60)]
    short_label: Annotated[RequiredText, Field(max_length=12)]
    """Fits a cell of the wall."""
    parameters: dict[Key, Annotated[str, Field(max_length=60)]] = Field({}, max_length=10)
    low: Number | None = None
    high: Number | None = None
    """Limits that are still within; left out, those of the criterion."""
    pinned: bool = False
    """The value it has when the poll opens is the only one within the limits."""
    stale_after: Annotated[float, BeforeValidator(plain_number), Field(ge=1, le=30 * 86_400)] | None = None
    """Seconds after which a value counts no more; left out, as the criterion says."""
    binds: Annotated[tuple[Key, ...], Field(max_length=50)] = ()
    """Roles whose GO it is bound to; none named: all."""

    @model_validator(mode="after")
    def _limits(self) -> BoundCriterion:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("the lower limit is not above the upper one")
        if self.pinned and (self.low, self.high) != (None, None):
            raise ValueError("a pinned criterion has no limits of its own")
        return self


class CriterionSpec(Record):
    """A criterion that can be bound: declared by the capability it belongs to."""

    name: str
    title: str
    unit: CriterionUnit
    parameters: dict[str, tuple[str, ...]]
    """What each parameter may be."""
    low: float | None
    high: float | None
    stale_after: float


class CriterionCatalogue(Record):
    """What launches can be bound to, by name."""

    criteria: tuple[CriterionSpec, ...]


class EvidenceVerdict(StrEnum):
    """What is said of a bound figure. Only ``inside`` is good for a GO."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    STALE = "stale"
    UNKNOWN = "unknown"


class Evidence(Record):
    """A bound figure as it was evaluated."""

    key: str
    criterion: str
    label: str
    short_label: str
    unit: CriterionUnit
    value: float | None
    low: float | None
    high: float | None
    stale_after: float
    data_through: Instant | None
    late_at: Instant | None
    """When more should have come; it counts all the same until ``goodUntil``."""
    good_until: Instant | None
    evaluated_at: Instant
    verdict: EvidenceVerdict
    changed_at: Instant | None
    """When its verdict changed last during the poll."""
    live: bool
    """It is looked up each time: ``dataThrough`` goes with ``asOf``, also when nothing else has changed (304)."""
    detail: str
    """In words, what is behind the value."""
    binds: tuple[str, ...]
