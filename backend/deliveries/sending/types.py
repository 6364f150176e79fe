"""What is claimed, sent and written down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from backend.deliveries.channel import Channel, Message, Result, Target


class ConnectionEvent(StrEnum):
    """What a sender finds out about a connection; the last part of the audit action ``deliveries.connection.…``."""

    FAILING = "failing"
    RECOVERED = "recovered"
    STOPPED = "stopped"
    PROVEN = "proven"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A connection as a sender works for it."""

    connection_id: UUID
    name: str
    version: int
    channel: Channel
    target: Target
    ordered: bool
    width: int
    rate: float | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the log that is to go."""

    position: int
    message: Message
    attempts: int
    first_at: datetime | None
    age: timedelta
    due: bool
    seconds: float
    """Until it is due."""
    target: Target
    waited: timedelta
    """Since it was written, when it was read."""
    read_at: float
    """On the monotonic clock."""
    fault: Result | None = None
    """Why nothing can be sent of it: what stands in its row cannot be read."""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of an attempt, as it is written down."""

    lane_id: int
    position: int
    state: str
    attempts: int
    first_at: datetime | None
    due_in: float
    status: int | None
    seconds: float
    words: str | None
    exchange: dict[str, Any] | None
    history: list[dict[str, Any]] | None


@dataclass(slots=True)
class Tally:
    """What a connection has done since it was written down last."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    last_success_at: datetime | None = None
    seconds: list[float] = field(default_factory=list)
    """Of the last hundred answers."""
