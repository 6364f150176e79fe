"""The tracking plan: which events there are, what is in them, why, and for how long.

Specification: EventSchemaDefinition.

A version of an event is never changed once it was published; its state is.
"""

from __future__ import annotations

from enum import StrEnum
from math import isfinite
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, model_validator

from models.core import normal_form
from models.core.base import (
    Count,
    Instant,
    Label,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    UserId,
    Version,
    not_too_deep,
    storable,
)
from models.figures import FigureName
from models.risk.metrics import METRICS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FEEDABLE = frozenset(FigureName) | frozenset(METRICS)
PROPERTIES_MOST = 300
"""Properties of one event."""
RETENTION_DAYS_MOST = 3_650


class SchemaState(StrEnum):
    """How far a version has come; it only goes forward."""

    DRAFT = "draft"
    OBSERVED = "observed"
    """Published: violations are counted, and nothing else happens to an event."""
    ENFORCED = "enforced"
    """The mode of the event in each environment holds."""
    DEPRECATED = "deprecated"
    """Still judged by, until the instant that was said."""
    RETIRED = "retired"
    """Events that say they are of it are violations of a class of their own."""


class PersonalClass(StrEnum):
    """How much the value of a property says about a person."""

    NONE = "none"
    PSEUDONYMOUS = "pseudonymous"
    PERSONAL = "personal"
    SENSITIVE = "sensitive"


class EventMode(StrEnum):
    """What happens to an event that does not fit, the mildest first."""

    OBSERVE = "observe"
    OMIT = "omit"
    """What does not fit is left out of it."""
    QUARANTINE = "quarantine"
    REJECT = "reject"


EventName = Annotated[
    Label, BeforeValidator(lambda v: normal_form.visible(v) if isinstance(v, str) else v), Field(max_length=120)
]
PropertyName = Annotated[Label, Field(max_length=120)]
Environment = Annotated[Label, Field(max_length=60)]
EventNameFilter = Annotated[PlainText, Field(max_length=200)]
"""A name that is asked for; nothing is called what the plan would not take."""


def _can_be_kept(value: dict[str, Any]) -> dict[str, Any]:
    waiting: list[Any] = [not_too_deep(value)]
    while waiting:
        match waiting.pop():
            case dict() as found:
                waiting += [*found, *found.values()]
            case list() as found:
                waiting += found
            case str() as text if not storable(text):
                raise ValueError("the character U+0000 and halves of surrogate pairs are not allowed")
            case float() as number if not isfinite(number):
                raise ValueError("NaN and infinities are no numbers of JSON")
            case _:
                pass
    return value


JsonSchema = Annotated[dict[str, Any], AfterValidator(_can_be_kept)]
Purpose = Annotated[Text, Field(max_length=500)]


class PropertyDefinition(Request):
    """One property of an event: what it may be, and what the law asks about it."""

    name: PropertyName
    description: Text = ""
    required: bool = False
    value_schema: JsonSchema = Field(default_factory=dict, alias="schema")
    """JSON Schema 2020-12 of its value: type and limits. ``#/$defs/name`` refers to a definition of the event."""
    personal: PersonalClass = PersonalClass.NONE
    """Of the whole value, with all that is inside."""
    purpose: Purpose = ""
    """Why it is collected; asked for where it says something about a person."""
    retention_days: Annotated[Count, Field(ge=1, le=RETENTION_DAYS_MOST)] | None = None
    """How long it may be kept; left out: as long as events are."""

    feeds: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Figures of the dashboard and metrics of fraud rules that are made of it, such as ``downloads.total``."""

    @model_validator(mode="after")
    def _feeds_what_there_is(self) -> Self:
        for each in self.feeds:
            if each not in FEEDABLE:
                raise ValueError(f"there is neither a figure nor a metric called {each}")
        return self

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.personal in {PersonalClass.PERSONAL, PersonalClass.SENSITIVE} and not self.purpose.strip():
            raise ValueError(f"say what {self.personal} data is collected for")
        return self


class FeedSource(StrEnum):
    """A source of the dashboard's figures that events may be rows of."""

    DOWNLOADS = "downloads"
    COMMUNITY = "community"


class FigureFeed(Request):
    """How a landed event becomes a row of a source: its id and its instant come from the event itself."""

    source: FeedSource
    properties: Annotated[dict[Annotated[PlainText, Field(max_length=60)], PropertyName], Field(max_length=10)] = Field(
        default_factory=dict
    )
    """Fields of the row that are properties of the event, such as ``{"product": "file"}``."""
    values: Annotated[
        dict[Annotated[PlainText, Field(max_length=60)], StrictBool | Count | Text], Field(max_length=10)
    ] = Field(default_factory=dict)
    """Fields that are always the same, such as ``{"succeeded": true}``."""


class EventContent(Request):
    """What a version says of an event."""

    description: RequiredText
    owners: Annotated[tuple[UserId, ...], Field(min_length=1, max_length=20)]
    properties: Annotated[tuple[PropertyDefinition, ...], Field(max_length=PROPERTIES_MOST)] = ()
    additional_properties: bool = True
    """Whether properties that the plan does not know are taken."""
    definitions: Annotated[dict[PropertyName, JsonSchema], Field(max_length=100)] = Field(default_factory=dict)
    """Schemas that properties refer to."""
    feed: FigureFeed | None = None
    """What of the dashboard such events are rows of."""

    @model_validator(mode="after")
    def _feeds_of_its_own(self) -> Self:
        names = {each.name for each in self.properties}
        for each in self.feed.properties.values() if self.feed is not None else ():
            if each not in names:
                raise ValueError(f"the feed takes {each}, which is no property of this event")
        return self


class EventSchemaDraft(EventContent):
    """A new version of an event, which may be the first."""

    event_name: EventName


class EventSchemaDefinition(Record):
    """A version of an event."""

    event_name: str
    version: Version
    state: SchemaState
    description: str
    owners: tuple[str, ...]
    properties: tuple[PropertyDefinition, ...]
    additional_properties: bool
    definitions: dict[str, Any]
    feed: FigureFeed | None = None
    deprecated_until: Instant | None
    """Until when it is judged by, once it is deprecated."""
    revision: Version
    """Counts changes of the draft, and of the state; its ETag."""
    created_by: str
    created_at: Instant
    published_by: str | None
    published_at: Instant | None


class ModeOfEvent(Record):
    """What happens in an environment to events that do not fit."""

    event_name: str
    """``*`` is what the plan does not know."""
    environment: str
    mode: EventMode
    version: Version
    updated_by: str
    updated_at: Instant


class TrackingPlan(Record):
    """The plan at one of its versions: every version of an event that was published and is not retired."""

    version: Count
    """Counts publications and changes of state; 0 is an empty plan."""
    items: tuple[EventSchemaDefinition, ...]
    modes: tuple[ModeOfEvent, ...] = ()
    """As they are now; of an earlier version of the plan, nothing is said about them."""
    event_days: Count
    """How many days events are kept here, where a property does not say another number."""
    as_of: Instant


class SchemaFormat(StrEnum):
    """In which form a plan is answered."""

    PLAN = "plan"
    JSON_SCHEMA = "json-schema"
    SEGMENT = "segment"
    TYPESCRIPT = "typescript"
    PYTHON = "python"
    GOVERNANCE = "governance"
    """Pages for data owners: what is collected, why and how long."""


class StateRequest(Request):
    """Take a version to its next state. Needs ``If-Match``."""

    state: SchemaState
    until: Instant | None = None
    """Of a deprecation: until when events may still be of it."""
    reason: RequiredText

    @model_validator(mode="after")
    def _says_until_when(self) -> Self:
        if (self.state is SchemaState.DEPRECATED) != (self.until is not None):
            raise ValueError("say until when exactly where a version is deprecated")
        if self.state is SchemaState.DRAFT:
            raise ValueError("nothing becomes a draft again: write a new version")
        return self


class ModeRequest(Request):
    """What is to happen to events that do not fit."""

    event_name: EventName
    environment: Environment | None = None
    """Left out: the one of this installation."""
    mode: EventMode
    version: Version | None = None
    """Of the mode that the change is based on; left out where there was none."""
    reason: RequiredText


class PlannedEvent(Record):
    """A row of the plan: an event, how it is judged here, and what came of it in the last days."""

    event_name: str
    version: Version
    """The newest that is judged by."""
    state: SchemaState
    draft_version: int | None
    """A version that is being written."""
    mode: EventMode
    owners: tuple[str, ...]
    owner_names: tuple[str, ...] = ()
    """How they are called, in the same order."""
    mode_version: Version | None = None
    """Of the mode in this environment, to change it by; left out where none was said."""
    daily: tuple[Count, ...]
    """Events by day, the last one today; UTC."""
    volume: Count
    violations: Count
