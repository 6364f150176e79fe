"""What is done to a launch's clock. The launch is locked first, and the instant is taken then."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.core import audit_trail
from backend.core.database import Connection
from backend.core.problems import ProblemError, invalid
from backend.launch.clock import queries, reads
from backend.launch.clock.fold import Clock, first_reading
from models.core.problems import Code
from models.launch import Launch
from models.launch.clock import ClockEventKind, ClockState, HoldClock, RecycleClock, ReleaseHold


async def begin(tx: Connection, launch: Launch, *, actor: str, zero_at: datetime, reason: str = "") -> None:
    """Set the clock so that it comes to T-0 at an instant, planned holds on its way included. Past: 422."""
    at, seq = await _next(tx, launch)
    if zero_at <= at:
        raise invalid("/zeroAt", "T-0 lies ahead")
    reading = first_reading(zero_at - at, launch.points)
    await _append(tx, launch, at, seq, ClockEventKind.SET, actor, reading=reading.total_seconds(), reason=reason)


async def set_to(tx: Connection, launch: Launch, *, actor: str, reading: float, reason: str) -> None:
    """Set the clock to a reading; it runs from there."""
    at, seq = await _next(tx, launch)
    await _append(tx, launch, at, seq, ClockEventKind.SET, actor, reading=reading, reason=reason)


async def hold(tx: Connection, launch: Launch, *, actor: str, request: HoldClock) -> None:
    """Stop the clock. Stands already: 409."""
    if not await hold_if_running(tx, launch, actor=actor, request=request):
        raise ProblemError(Code.CONFLICT, "The clock stands already.")


async def hold_if_running(tx: Connection, launch: Launch, *, actor: str, request: HoldClock) -> bool:
    """Stop the clock, unless it stands already or is past T-0; whether it was stopped."""
    at, seq, clock = await _look(tx, launch)
    if not clock.last.runs or clock.reading >= timedelta():
        return False
    kind, reason, exit_criteria = ClockEventKind.HOLD, request.reason, request.exit_criteria
    await _append(tx, launch, at, seq, kind, actor, reason=reason, exit_criteria=exit_criteria)
    return True


async def release(tx: Connection, launch: Launch, *, actor: str, request: ReleaseHold) -> None:
    """End a hold. It is not that one, or none: 409."""
    at, seq, clock = await _look(tx, launch)
    if clock.last.hold is None:
        raise ProblemError(Code.CONFLICT, "The clock does not hold.")
    if clock.last.hold != request.hold:
        raise ProblemError(
            Code.CONFLICT, f"The clock is in hold {clock.last.hold} now, not {request.hold}: look at it again."
        )
    await _append(tx, launch, at, seq, ClockEventKind.RELEASE, actor, hold=request.hold, reason=request.reason)


async def recycle(tx: Connection, launch: Launch, *, actor: str, request: RecycleClock) -> None:
    """Go back to an earlier reading and hold there. Not earlier: 422."""
    at, seq, clock = await _look(tx, launch)
    if timedelta(seconds=request.reading) > clock.reading:
        raise invalid("/reading", "the clock goes back to an earlier point, not on to a later one")
    kind = ClockEventKind.RECYCLE
    await _append(tx, launch, at, seq, kind, actor, reading=request.reading, reason=request.reason)


async def scrub(tx: Connection, launch: Launch, *, actor: str, decision: str) -> None:
    """Stop the clock for good."""
    at, seq = await _next(tx, launch)
    await _append(tx, launch, at, seq, ClockEventKind.SCRUB, actor, reason=decision)


async def _next(tx: Connection, launch: Launch) -> tuple[datetime, int]:
    row = await (await tx.execute(queries.next_instant, {"launch_id": launch.launch_id})).fetchone()
    assert row is not None  # noqa: S101 - an aggregate is one row
    return row[0], row[1]


async def _look(tx: Connection, launch: Launch) -> tuple[datetime, int, Clock]:
    at, seq = await _next(tx, launch)
    clock = await reads.clock_at(tx, launch, at)
    if clock.last.state is ClockState.SCRUBBED:
        raise ProblemError(Code.CONFLICT, "The launch was scrubbed.")
    return at, seq, clock


async def _append(
    tx: Connection,
    launch: Launch,
    at: datetime,
    seq: int,
    kind: ClockEventKind,
    actor: str,
    *,
    reading: float | None = None,
    hold: int | None = None,
    reason: str = "",
    exit_criteria: str = "",
) -> None:
    values = {
        "launch_id": launch.launch_id,
        "seq": seq,
        "at": at,
        "kind": kind,
        "reading": reading,
        "hold": hold,
        "actor": actor,
        "reason": reason,
        "exit_criteria": exit_criteria,
    }
    await tx.execute(queries.insert, values)
    await tx.execute(queries.touch, {"launch_id": launch.launch_id})
    await audit_trail.record(
        tx,
        actor=actor,
        action=f"launch.clock.{kind}",
        resource_type="launch_clock",
        resource_id=launch.launch_id,
        label=launch.title,
        version=seq,
        after={
            "at": at,
            "reading": reading,
            "hold": hold,
            "exitCriteria": exit_criteria or None,
            "rehearsalOf": launch.rehearsal_of,
        },
        reason=reason or None,
    )
