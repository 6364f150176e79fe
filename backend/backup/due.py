"""When a backup is due, and when one is missing: pure, without clock and database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

RETRY = timedelta(hours=1)
"""After a failed one the next is tried this much later."""
PATIENCE = timedelta(hours=26)
"""A day, and two hours to make one."""
SETTLING = timedelta(minutes=30)
"""Whoever has been switched off makes up for it first, before anything is called missing."""


@dataclass(frozen=True, slots=True)
class History:
    """What has been made so far, by the daily job only."""

    now: datetime
    expected_since: datetime
    last_started_at: datetime | None
    last_failed: bool
    last_made_at: datetime | None


def due(history: History, at: time) -> bool:
    """Whether one is to be made now: the last one was begun before the time of day ``at`` (UTC) last came round."""
    now = history.now.astimezone(UTC)
    latest = datetime.combine(now.date(), at, UTC)
    if latest > now:
        latest -= timedelta(days=1)
    if history.last_started_at is None:
        return latest > history.expected_since
    again = history.last_failed and now - history.last_started_at >= RETRY
    return again or history.last_started_at < latest


def missing(history: History, listening_since: datetime) -> bool:
    """Whether there should have been one by now."""
    since = history.last_made_at or history.expected_since
    return history.now - since > PATIENCE and history.now - listening_since >= SETTLING
