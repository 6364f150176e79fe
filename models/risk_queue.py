"""The risk queue: entries, and what is decided about them. Specification: RiskQueueEntry, ``/api/risk/queue``."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import model_validator

from models.base import (
    Count,
    CurrencyCode,
    EventInstant,
    Identifier,
    Instant,
    Minor,
    Record,
    Request,
    RequiredText,
    Text,
    Version,
)
from models.risk import Action, Score


class EntryStatus(StrEnum):
    """RiskQueueEntry.status of the specification."""

    OPEN = "open"
    REVIEWED = "reviewed"
    ESCALATED = "escalated"


class EntryVerdict(StrEnum):
    """What was decided about an order."""

    APPROVED = "approved"
    REJECTED = "rejected"


class EscalateTo(StrEnum):
    """Who is notified of an escalation."""

    FINANCE = "finance"
    SUPPORT = "support"


class Proposal(Record):
    """The first of two people has decided."""

    verdict: EntryVerdict
    by: str
    by_name: str
    at: Instant
    notes: str


class Note(Record):
    """A note on an entry."""

    by: str
    by_name: str
    at: Instant
    text: str


class RiskQueueEntry(Record):
    """RiskQueueEntry of the specification."""

    entry_id: Identifier
    order_id: Identifier
    score: Score
    action: Action
    triggered_rules: tuple[str, ...]
    status: EntryStatus
    verdict: EntryVerdict | None = None
    assigned_to: str | None = None
    assigned_to_name: str | None = None
    assigned_at: Instant | None = None
    notes: tuple[Note, ...] = ()
    proposal: Proposal | None = None
    escalated_to: EscalateTo | None = None
    snoozed_until: Instant | None = None
    placed_at: Instant
    currency: CurrencyCode
    amount: Minor
    reporting_minor: Minor | None = None
    customer_id: str | None = None
    card_last4: str | None = None
    card_country: str | None = None
    ip_country: str | None = None
    linked: Count = 0
    """Other entries of the same customer, card or IP."""
    created_at: Instant
    due_at: Instant
    decided_at: Instant | None = None
    decided_by: str | None = None
    decided_by_name: str | None = None
    version: Version


class DecideEntry(Request):
    """Decide an entry. Needs ``If-Match``. Specification: ``{ status, notes }``."""

    status: Literal[EntryStatus.REVIEWED, EntryStatus.ESCALATED]
    verdict: EntryVerdict | None = None
    """Needed when reviewed: approved releases the order, rejected refunds or cancels it."""
    escalate_to: EscalateTo | None = None
    """Needed when escalated."""
    notes: Text = ""
    """Needed to reject and to escalate."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.status is EntryStatus.REVIEWED:
            if self.verdict is None or self.escalate_to is not None:
                raise ValueError("a review has a verdict, and nobody to escalate to")
        elif self.escalate_to is None or self.verdict is not None:
            raise ValueError("an escalation says to whom, and has no verdict")
        if not self.notes.strip() and self.verdict is not EntryVerdict.APPROVED:
            raise ValueError("notes: say why")
        return self


class SnoozeEntry(Request):
    """Put an entry aside until an instant. Needs ``If-Match``."""

    until: EventInstant
    notes: Text = ""


class ReassignEntry(Request):
    """Give an entry to somebody, or to nobody. Needs ``If-Match``."""

    user_id: Identifier | None = None


class AddNote(Request):
    """Write a note on an entry."""

    text: RequiredText
