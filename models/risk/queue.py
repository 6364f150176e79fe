"""The risk queue: entries, and what is decided about them. Specification: RiskQueueEntry, ``/api/risk/queue``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from models.core.base import (
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
    UserId,
    Version,
)
from models.core.personal import PERSONAL
from models.risk.rules import Action, Score

LINKED_MOST = 50
"""Linked orders shown with a case."""
LINKED_COUNTED = 10
"""As far as linked entries are counted in lists."""
NOTES_MOST = 50
"""Notes shown with an entry, the newest."""
BULK_MOST = 200


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
    notes: Annotated[str, PERSONAL]


class Note(Record):
    """A note on an entry."""

    by: str
    by_name: str
    at: Instant
    text: Annotated[str, PERSONAL]


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
    customer_id: Annotated[str | None, PERSONAL] = None
    card_last4: Annotated[str | None, PERSONAL] = None
    card_country: str | None = None
    ip_country: str | None = None
    linked: Count = 0
    """Other entries of the same customer, card, IP or device; ten stands for as many or more."""
    created_at: Instant
    due_at: Instant
    decided_at: Instant | None = None
    decided_by: str | None = None
    decided_by_name: str | None = None
    version: Version


class QueueSort(StrEnum):
    """What the queue is listed by. Entries that are decided are listed by when that was, and nothing else is."""

    SCORE = "score"
    DUE = "due"
    AGE = "age"
    AMOUNT = "amount"
    """In the reporting currency; amounts without a rate count as less than nothing."""
    DECIDED = "decided"


class Direction(StrEnum):
    """Which way."""

    ASCENDING = "asc"
    DESCENDING = "desc"


class QueueCounts(Record):
    """How many entries wait, for whom. Decided ones do not count."""

    open: Count
    """Neither escalated nor snoozed."""
    mine: Count
    escalated: Count
    due_soon: Count
    """Due within an hour, or overdue."""
    overdue: Count
    snoozed: Count
    as_of: Instant


class FulfilmentKind(StrEnum):
    """What the shop is to do after a verdict."""

    RELEASE = "release"
    REFUND = "refund"
    """The rejected order was settled already."""
    CANCEL = "cancel"


class FulfilmentState(StrEnum):
    """Where it stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    """Nobody tries any more until somebody asks for it."""
    WITHDRAWN = "withdrawn"
    """The verdict was undone before the shop was asked."""


class FulfilmentRequest(Record):
    """What the shop is to do, and whether it has."""

    intent_id: Identifier
    entry_id: Identifier
    order_id: Identifier
    kind: FulfilmentKind
    state: FulfilmentState
    attempts: Count
    """How often the shop was asked."""
    created_at: Instant
    done_at: Instant | None = None
    problem: str | None = None
    """What hinders it."""


class DecideEntry(Request):
    """Decide an entry. Needs ``If-Match``. Specification: ``{ status, notes }``."""

    status: Literal[EntryStatus.REVIEWED, EntryStatus.ESCALATED]
    verdict: EntryVerdict | None = None
    """Needed when reviewed: approved releases the order, rejected refunds or cancels it."""
    escalate_to: EscalateTo | None = None
    """Needed when escalated."""
    notes: Annotated[Text, PERSONAL] = ""
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
    notes: Annotated[Text, PERSONAL] = ""


class ReassignEntry(Request):
    """Give an entry to somebody, or to nobody. Needs ``If-Match``."""

    user_id: UserId | None = None


class AddNote(Request):
    """Write a note on an entry."""

    text: Annotated[RequiredText, PERSONAL]


class BulkEntry(Request):
    """An entry as the operator saw it."""

    entry_id: Identifier
    version: Version


class BulkDecision(Request):
    """One decision about several entries. Each is decided on its own."""

    decision: DecideEntry
    entries: Annotated[tuple[BulkEntry, ...], Field(min_length=1, max_length=BULK_MOST)]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({each.entry_id for each in self.entries}) < len(self.entries):
            raise ValueError("entries: each of them once")
        return self


class BulkOutcome(StrEnum):
    """What a decision did, or would do, to an entry."""

    DECIDED = "decided"
    PROPOSED = "proposed"
    """It needs a second person now."""
    OVERRULED = "overruled"
    """The first person's verdict was another one: it is open again."""
    ESCALATED = "escalated"
    UNCHANGED = "unchanged"
    """The same was decided before."""
    REFUSED = "refused"
    """Nothing was done; ``words`` say why."""


class BulkResult(Record):
    """What became of one entry."""

    entry_id: Identifier
    outcome: BulkOutcome
    words: str = ""
    order_id: str | None = None
    intent: FulfilmentKind | None = None
    """What the shop is to do."""
    reporting_minor: Minor | None = None
    version: Version | None = None


class BulkAnswer(Record):
    """What became of the entries, in the order in which they were given."""

    results: tuple[BulkResult, ...]
    as_of: Instant
