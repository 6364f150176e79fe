"""What became of a notice, by each connection it went to."""

from __future__ import annotations

from enum import StrEnum

from models.core.base import Count, Identifier, Instant, Record
from models.deliveries.routing import Team


class ReceiptState(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    DISCARDED = "discarded"
    UNREACHABLE = "unreachable"
    """There is no way to this person: no address of theirs is verified, or no connection sends mail."""
    FORGOTTEN = "forgotten"
    """It went out so long ago that what became of it is no longer kept."""


class Receipt(Record):
    """A message by one connection."""

    connection_id: Identifier | None
    """``None``: there is none that could take it."""
    connection_name: str
    state: ReceiptState
    attempts: Count
    ended_at: Instant | None
    seconds: float | None
    """From when it was written to the answer of the system that took it."""
    words: str


class NoticeReceipts(Record):
    """A notice, and what became of it by each connection."""

    notice_id: Identifier
    template: str
    """Its text, such as ``incident.opened``."""
    team: Team
    written_at: Instant
    people: Count
    """So many people it was for by mail; none: whoever reads the connections."""
    receipts: tuple[Receipt, ...]


UNREACHABLE = Receipt(
    connection_id=None,
    connection_name="",
    state=ReceiptState.UNREACHABLE,
    attempts=0,
    ended_at=None,
    seconds=None,
    words="no verified address, or no connection that sends mail",
)
