"""Runbooks: what to do, step by step. Specification: "Incident Response & Runbooks"."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models.core.base import (
    Count,
    Identifier,
    Instant,
    OptionalOutsideId,
    PlainText,
    Record,
    Request,
    RequiredText,
    Text,
    UserId,
    Version,
)
from models.core.personal import PERSONAL

TEXT_MOST = 30_000
"""Characters of a runbook: twenty printed pages, and more than anybody reads at night."""
STEPS_MOST = 100
TITLE_MOST = 120
KINDS_MOST = 40
"""Kinds of alert, or services, that one runbook is for."""


def _text_day(value: Any) -> Any:
    if isinstance(value, datetime) or not isinstance(value, str | date):
        raise ValueError("a day is expected, such as 2027-03-31")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _no_index(value: str) -> str:
    if value == "index":
        raise ValueError("the list of all runbooks is called index")
    return value


def _once(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


Day = Annotated[date, BeforeValidator(_text_day), Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]
"""A day of the calendar, in UTC."""

Slug = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["database-down"]),
    AfterValidator(_no_index),
]
"""What a runbook's file and page are called. It never changes: links lead there."""

Title = Annotated[PlainText, Field(min_length=1, max_length=TITLE_MOST, pattern=r"^[^\r\n]*\S[^\r\n]*$")]

AlertKind = Annotated[
    PlainText,
    Field(pattern=r"^[A-Za-z0-9_.-]+(:[^\s,]+)?$", max_length=200, examples=["backup", "orders.total:no_data"]),
]
"""What alerts a runbook is for; see ``models.runbooks.matching``."""

Service = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["checkout"])]

AlertKinds = Annotated[tuple[AlertKind, ...], Field(max_length=KINDS_MOST), AfterValidator(_once)]
Services = Annotated[tuple[Service, ...], Field(max_length=KINDS_MOST), AfterValidator(_once)]
Markdown = Annotated[PlainText, Field(min_length=1, max_length=TEXT_MOST, pattern=r"\S")]


class RunbookDraft(Request):
    """A new runbook."""

    slug: Slug
    title: Title
    owner: UserId
    """Who keeps it right: the id of a role, whose holders share it, or of a person."""
    review_by: Day
    alerts: AlertKinds = ()
    services: Services = ()
    text: Markdown
    """Markdown. The items of its lists that begin with ``[ ]`` are the steps."""
    reason: Text = ""


class RunbookChange(Request):
    """A change of a runbook; what is left out stays. Needs ``If-Match``."""

    title: Title | None = None
    owner: UserId | None = None
    review_by: Day | None = None
    alerts: AlertKinds | None = None
    services: Services | None = None
    text: Markdown | None = None
    retired: bool | None = None
    """A retired runbook is kept and read, but no alert leads to it and it is not published."""
    reason: RequiredText
    """Why; the history shows it."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.model_fields_set <= {"reason"}:
            raise ValueError("name at least one field to change")
        return self


class RunbookSummary(Record):
    """A runbook without its text."""

    id: Identifier
    slug: str
    title: str
    owner: str
    owner_name: str
    review_by: date
    alerts: tuple[str, ...]
    services: tuple[str, ...]
    retired: bool
    version: Version
    updated_at: Instant
    updated_by: str
    updated_by_name: str


class Runbook(RunbookSummary):
    """A runbook as it is, or as a version of it was."""

    text: str
    steps: tuple[str, ...]
    """Their words, in order; the first is step 1."""
    reason: str
    """Why this version was made."""


class RunbookVersion(Record):
    """Who changed a runbook, when and why."""

    version: Version
    title: str
    updated_at: Instant
    updated_by: str
    updated_by_name: str
    reason: str


class FindingLevel(StrEnum):
    """An error keeps a text from being stored, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Finding(Record):
    """One thing that is wrong with a text."""

    line: Count
    """Of the text, from 1; 0 when it is about the whole."""
    level: FindingLevel
    message: str


class RunbookCheck(Record):
    """What a dry check found, in the order of the text."""

    findings: tuple[Finding, ...]


class CheckRunbook(Request):
    """A whole Markdown file, with its front matter, that is to be checked and not stored."""

    file: Annotated[PlainText, Field(max_length=TEXT_MOST + 10_000)]


class StepMark(Record):
    """A step that was done."""

    step: Annotated[int, Field(ge=1, le=STEPS_MOST)]
    done_at: Instant
    done_by: str
    done_by_name: str
    note: Annotated[str, PERSONAL] = ""


class RunbookRun(Record):
    """A runbook that is being worked through, or was."""

    id: Identifier
    runbook_id: Identifier
    runbook_version: Version
    """The steps are those of this version, whatever the runbook says now."""
    title: str
    steps: tuple[str, ...]
    incident_id: str | None
    """The incident whose timeline its steps stand in."""
    incident: str | None = None
    """What people call it: its reference, or the name of one in another system."""
    started_at: Instant
    started_by: str
    started_by_name: str
    ended_at: Instant | None
    ended_by: str | None
    marks: tuple[StepMark, ...]
    version: Version


class StartRun(Request):
    """Begin to work through a runbook."""

    incident_id: OptionalOutsideId = None


class MarkStep(Request):
    """Tick a step off, or take that back."""

    done: bool = True
    note: Annotated[Text, PERSONAL] = ""


class EndRun(Request):
    """Say that a run is over."""

    note: Annotated[Text, PERSONAL] = ""
