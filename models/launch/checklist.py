"""The launch checklist. Specification: LaunchChecklistItem, ``/api/operations/checklist``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models.core.base import (
    Count,
    Identifier,
    Instant,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
    plain_integer,
    plain_number,
)

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$", examples=["chat-cover"])]
"""A name within a launch or template: small letters, digits, ``.``, ``_`` and ``-``."""

DueOffset = Annotated[float, BeforeValidator(plain_number), Field(ge=-366 * 86_400, le=30 * 86_400)]
"""Seconds from T-0, negative before it, as the clock of the launch counts them."""


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://")):
        raise ValueError("a link starts with https:// or http://")
    return value


Numbered = Annotated[int, BeforeValidator(plain_integer), Field(ge=1, le=1_000_000_000)]
"""A version, round or number in a request, from 1."""

Line = Annotated[RequiredText, Field(max_length=300)]
WebAddress = Annotated[Text, AfterValidator(_web_address)]


class ItemStatus(StrEnum):
    """Whether an item is signed off."""

    PENDING = "pending"
    APPROVED = "approved"
    WAIVED = "waived"
    """Somebody answers for going without it, until an instant; then it is pending again."""


class EvidenceLink(Request):
    """Where what proves an item can be looked at."""

    label: Line
    url: WebAddress


class ContingencyPlan(Request):
    """What is done when an item fails."""

    title: Annotated[RequiredText, Field(max_length=60)]
    trigger: Line
    steps: Annotated[tuple[Line, ...], Field(min_length=1, max_length=20)]
    owner_role: Key
    decide_by: DueOffset
    """When it must be decided, in seconds from T-0."""


class ItemDraft(Request):
    """An item of a template, or a new one of a launch."""

    key: Key
    category: Annotated[RequiredText, Field(max_length=60)]
    description: Line
    owner_role: Key
    due: DueOffset
    """Seconds from T-0."""
    blocking: bool = True
    """Holds the launch while it is due and not signed; else it only informs."""
    automatic: bool = False
    """Judged by the system through its criteria; nobody ticks it."""
    entry_criteria: Text = ""
    evidence: Annotated[tuple[EvidenceLink, ...], Field(max_length=10)] = ()
    criteria: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    """Keys of bound criteria that must be within their limits before it is signed."""
    depends_on: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    contingency: ContingencyPlan | None = None

    @model_validator(mode="after")
    def _judged_by_something(self) -> ItemDraft:
        if self.automatic and not self.criteria:
            raise ValueError("an automatic item names at least one criterion")
        if self.key in self.depends_on:
            raise ValueError("an item does not depend on itself")
        return self


class ItemChange(Request):
    """Change of an item; fields left out stay."""

    category: Annotated[RequiredText, Field(max_length=60)] | None = None
    description: Line | None = None
    owner_role: Key | None = None
    due: DueOffset | None = None
    blocking: bool | None = None
    entry_criteria: Text | None = None
    evidence: Annotated[tuple[EvidenceLink, ...], Field(max_length=10)] | None = None
    depends_on: Annotated[tuple[Key, ...], Field(max_length=20)] | None = None
    contingency: ContingencyPlan | None = None

    @model_validator(mode="after")
    def _something(self) -> ItemChange:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class Waiver(Record):
    """Going without an item, asked for by one and approved by another."""

    reason: str
    until: Instant
    asked_by: str
    asked_by_name: str
    approver: str
    approver_name: str
    at: Instant


class LaunchChecklistItem(Record):
    """One item of a launch's checklist."""

    item_id: Identifier
    launch_id: Identifier
    key: str
    number: Count
    """Its place in the list, from 1."""
    category: str
    description: str
    owner_role: str
    owner_name: str
    """What the role is called."""
    due: float
    """Seconds from T-0."""
    due_date: Instant
    """When the clock gets there, as things stand."""
    late_seconds: float | None
    """Since when it is due and not signed; ``None`` when it is not late."""
    blocking: bool
    automatic: bool
    entry_criteria: str
    evidence: tuple[EvidenceLink, ...]
    criteria: tuple[str, ...]
    depends_on: tuple[str, ...]
    waits_for: tuple[str, ...]
    """Keys of those it depends on that are not signed."""
    contingency: ContingencyPlan | None
    status: ItemStatus
    notes: str | None
    completed_at: Instant | None
    completed_by: str | None
    completed_by_name: str | None
    waiver: Waiver | None
    reopened_reason: str | None
    version: Version


class CompleteItem(Request):
    """Sign an item off."""

    notes: Text | None = None


class ReopenItem(Request):
    """Take a sign-off or a waiver back."""

    reason: RequiredText


class WaiveItem(Request):
    """Ask for going without an item; somebody else approves."""

    reason: RequiredText
    until: Instant


class ChecklistFormat(StrEnum):
    """How lists and templates are written to files."""

    YAML = "yaml"
    CSV = "csv"


class ImportChecklist(Request):
    """Items to add to a launch, or to change by their keys; what is signed stays signed."""

    format: ChecklistFormat
    text: Annotated[str, Field(min_length=1, max_length=1_000_000)]


class ChecklistImport(Record):
    """What an import did."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: Count


class ChecklistExport(Record):
    """A list or template as a file."""

    format: ChecklistFormat
    name: str
    text: str
    kind: Literal["checklist", "template"]
