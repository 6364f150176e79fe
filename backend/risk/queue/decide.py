"""What a decision does to an entry, worked out without touching anything: previews and decisions agree."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from models.risk.queue import BulkOutcome, DecideEntry, EntryStatus, EntryVerdict, EscalateTo, FulfilmentKind
from models.risk.rules import Action

UNDO_MOST = timedelta(minutes=10)
SNOOZE_MOST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """An entry as it is kept, without what is only shown."""

    entry_id: str
    order_id: str
    score: int
    action: Action
    status: EntryStatus
    verdict: EntryVerdict | None
    assigned_to: str | None
    assigned_at: datetime | None
    proposed: EntryVerdict | None
    proposed_by: str | None
    proposed_at: datetime | None
    proposed_notes: str | None
    escalated_to: EscalateTo | None
    snoozed_until: datetime | None
    minor: int
    currency: str
    reporting_minor: int | None
    decided_at: datetime | None
    decided_by: str | None
    version: int

    def audit_snapshot(self) -> dict[str, Any]:
        """What the audit log keeps of it; nothing personal."""
        return {
            "orderId": self.order_id,
            "score": self.score,
            "action": self.action,
            "status": self.status,
            "verdict": self.verdict,
            "assignedTo": self.assigned_to,
            "proposed": self.proposed,
            "proposedBy": self.proposed_by,
            "escalatedTo": self.escalated_to,
            "snoozedUntil": self.snoozed_until,
        }

    def needs_two(self, two_person_minor: int) -> bool:
        """Whether it asks for two people; an amount without a rate may be any.

        What was proposed needs the other one still, whatever has become of the limit since.
        """
        return self.proposed is not None or self.reporting_minor is None or self.reporting_minor >= two_person_minor


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an entry cannot be changed as asked: ``conflict`` 409, ``stale`` 412."""

    code: Literal["conflict", "stale"]
    words: str
    by: str | None = None
    """Whose name stands in front of the words."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens."""

    outcome: BulkOutcome
    event: str
    """The action in the audit log."""
    after: QueueEntry
    fulfilment: FulfilmentKind | None = None


def work_refusal(entry: QueueEntry, actor: str) -> Refusal | None:
    """Why somebody cannot work on an entry, apart from its version."""
    if entry.status is EntryStatus.REVIEWED:
        return Refusal("conflict", f"{entry.verdict} this order already.", entry.decided_by)
    if entry.assigned_to not in {None, actor}:
        return Refusal("conflict", "holds this entry; reassign it if it is to be yours.", entry.assigned_to)
    return None


def stale(entry: QueueEntry, version: int) -> Refusal | None:
    """Whether somebody changed it after the caller saw it."""
    if entry.version == version:
        return None
    return Refusal("stale", f"It is at version {entry.version} now, not {version}: look at it again before you decide.")


def decide(
    entry: QueueEntry,
    request: DecideEntry,
    *,
    actor: str,
    version: int,
    two_people: bool,
    settled: bool,
    now: datetime,
) -> Step | Refusal:
    """What a decision does.

    With ``two_people`` the first verdict is a proposal; the same verdict of somebody else confirms it, another one
    overrules it, and the entry is open again. The same decision of the same person again changes nothing.
    """
    if _is_repeated(entry, request, actor):
        return Step(BulkOutcome.UNCHANGED, "", entry)
    refusal = work_refusal(entry, actor) or stale(entry, version)
    if refusal is not None:
        return refusal
    if request.status is EntryStatus.ESCALATED:
        after = replace(
            entry,
            status=EntryStatus.ESCALATED,
            escalated_to=request.escalate_to,
            assigned_to=None,
            assigned_at=None,
            snoozed_until=None,
            decided_at=now,
            decided_by=actor,
        )
        return Step(BulkOutcome.ESCALATED, "risk.entry.escalated", after)
    if two_people and entry.proposed is None:
        after = replace(
            entry,
            proposed=request.verdict,
            proposed_by=actor,
            proposed_at=now,
            proposed_notes=request.notes,
            assigned_to=None,
            assigned_at=None,
            snoozed_until=None,
        )
        return Step(BulkOutcome.PROPOSED, "risk.entry.proposed", after)
    if two_people and entry.proposed_by == actor:
        return Refusal("conflict", "You have given your verdict; its amount asks for another person now.")
    if two_people and entry.proposed is not request.verdict:
        after = replace(_without_proposal(entry), status=EntryStatus.OPEN, assigned_to=None, assigned_at=None)
        return Step(BulkOutcome.OVERRULED, "risk.entry.overruled", after)
    after = replace(
        entry,
        status=EntryStatus.REVIEWED,
        verdict=request.verdict,
        snoozed_until=None,
        decided_at=now,
        decided_by=actor,
    )
    return Step(BulkOutcome.DECIDED, "risk.entry.decided", after, _fulfilment(request.verdict, settled=settled))


def _is_repeated(entry: QueueEntry, request: DecideEntry, actor: str) -> bool:
    if request.status is EntryStatus.ESCALATED:
        known = (entry.status, entry.escalated_to, entry.decided_by)
        return known == (EntryStatus.ESCALATED, request.escalate_to, actor)
    if entry.status is EntryStatus.REVIEWED and (entry.verdict, entry.decided_by) == (request.verdict, actor):
        return True
    return (entry.proposed, entry.proposed_by) == (request.verdict, actor)


def _fulfilment(verdict: EntryVerdict | None, *, settled: bool) -> FulfilmentKind:
    if verdict is EntryVerdict.APPROVED:
        return FulfilmentKind.RELEASE
    return FulfilmentKind.REFUND if settled else FulfilmentKind.CANCEL


def _without_proposal(entry: QueueEntry) -> QueueEntry:
    return replace(entry, proposed=None, proposed_by=None, proposed_at=None, proposed_notes=None)


def reopen(entry: QueueEntry, *, actor: str, version: int, now: datetime) -> Step | Refusal:
    """Undo the last decision, escalation or proposal of somebody, who holds the entry then.

    Undoing a second person's verdict leaves the first one's proposal as it was.
    """
    if entry.status is EntryStatus.OPEN:
        by, at = entry.proposed_by, entry.proposed_at
    else:
        by, at = entry.decided_by, entry.decided_at
    if by is None or at is None:
        return Refusal("conflict", "Nothing has been decided here that could be undone.")
    if by != actor:
        return Refusal("conflict", "decided this; nobody else can undo it.", by)
    if (refusal := stale(entry, version)) is not None:
        return refusal
    if now - at > UNDO_MOST:
        return Refusal("conflict", "This was decided more than ten minutes ago and stays as it is.")
    after = _without_proposal(entry) if entry.status is EntryStatus.OPEN else entry
    after = replace(
        after,
        status=EntryStatus.OPEN,
        verdict=None,
        escalated_to=None if entry.status is EntryStatus.ESCALATED else entry.escalated_to,
        decided_at=None,
        decided_by=None,
        assigned_to=actor,
        assigned_at=now,
    )
    if after.proposed_by == actor:
        # Held by the one person who cannot decide it, nobody could.
        after = replace(after, assigned_to=None, assigned_at=None)
    return Step(BulkOutcome.DECIDED, "risk.entry.reopened", after)
