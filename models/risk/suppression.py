"""What keeps a fraud rule quiet: snoozes for somebody, and breakers. Specification: "Fraud Monitoring & Risk Queue"."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import model_validator

from models.core.base import EventInstant, Identifier, Instant, Record, Request, RequiredText, Text, Version
from models.core.personal import PERSONAL
from models.risk.rules import Short, Slug


class SnoozeSubject(StrEnum):
    """For whom a rule is quiet."""

    CUSTOMER = "customer_id"
    CARD = "card"
    EMAIL = "email"


class SnoozeDraft(Request):
    """Keep a rule quiet for one customer, card or e-mail until an instant.

    Whose it is, is said by ``value``, or by ``entry_id``: that of the entry's order, for those who may not see it.
    """

    rule_id: Slug
    subject: SnoozeSubject
    value: Annotated[Short | None, PERSONAL] = None
    entry_id: UUID | None = None
    until: EventInstant
    reason: Annotated[RequiredText, PERSONAL]

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.value is None) == (self.entry_id is None):
            raise ValueError("say either value or entryId")
        return self


class Snooze(Record):
    """A rule that is quiet for somebody."""

    snooze_id: Identifier
    rule_id: str
    subject: SnoozeSubject
    value: Annotated[str, PERSONAL]
    until: Instant
    reason: Annotated[str, PERSONAL]
    created_by: str
    created_by_name: str
    created_at: Instant
    ended_at: Instant | None = None
    version: Version


class EndSnooze(Request):
    """Let a rule speak again. Needs ``If-Match``."""

    reason: Annotated[Text, PERSONAL] = ""


class Breaker(Record):
    """A rule that went past its cap and only flags until somebody resets it."""

    rule_id: str
    since: Instant
    words: str
    """Which cap, and what was counted."""
    reset_at: Instant | None = None
    version: Version


class ResetBreaker(Request):
    """Let a rule act again. Needs ``If-Match``."""

    reason: RequiredText
