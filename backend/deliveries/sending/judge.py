"""What a result means for the message: a row to write down, and whether the lane may go on."""

from __future__ import annotations

from datetime import UTC, datetime

from backend.deliveries.channel import Outcome, Result
from backend.deliveries.plan import ATTEMPTS_MOST, OLDEST, patience, pause
from backend.deliveries.sending.attempt import as_json
from backend.deliveries.sending.types import Entry, Row


def row_of(lane_id: int, entry: Entry, result: Result, seconds: float, *, counts: bool, proven: bool) -> Row:
    """What became of an attempt.

    Args:
        lane_id: The lane.
        entry: What was tried.
        result: What it came to.
        seconds: How long it took.
        counts: Whether a failure is the message's own: not while the breaker is open.
        proven: Whether the canary has got through since the first attempt.
    """
    attempts, state, due_in = entry.attempts, "waiting", 0.0
    match result.outcome:
        case Outcome.SENT:
            attempts, state = attempts + 1, "sent"
        case Outcome.REFUSED:
            attempts, state = attempts + 1, "dead"
        case Outcome.RETRY if counts:
            attempts += 1
            if given_up(attempts, entry.age.total_seconds(), proven=proven):
                state = "dead"
            due_in = pause(attempts)
        case Outcome.RETRY:
            due_in = pause(max(attempts, 1))
            if given_up(attempts, entry.age.total_seconds(), proven=False):
                state = "dead"
        case Outcome.WAIT:
            due_in = patience(result.retry_after)
    plain = state == "sent" and entry.first_at is None
    at = datetime.now(UTC).isoformat()
    tried = {"at": at, "seconds": round(seconds, 3), "status": result.status, "words": result.words}
    return Row(
        lane_id,
        entry.position,
        state,
        attempts,
        entry.first_at,
        due_in,
        result.status,
        seconds,
        None if plain else result.words,
        None if plain else as_json(result.exchange),
        None if plain else [tried],
    )


def given_up(attempts: int, age: float, *, proven: bool) -> bool:
    """Whether a message is dead: too old, or failing by itself while the connection works."""
    return age > OLDEST.total_seconds() or (attempts >= ATTEMPTS_MOST and proven)
