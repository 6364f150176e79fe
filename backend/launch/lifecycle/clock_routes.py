"""What is done to a launch's clock: ``/api/operations/launches/{id}/clock``."""

from __future__ import annotations

from backend.core.clock import clock
from backend.core.dependencies import Read, Tx
from backend.core.http import known_id, operations_router
from backend.core.problems import ProblemError
from backend.launch.clock import actions, reads
from backend.launch.dependencies import Configured, Director, KnownCriteria, Stopper, Viewer
from backend.launch.launches import actions as launches
from backend.launch.launches import reads as found
from backend.launch.poll.actions import World, release_blocker
from models.core.problems import Code
from models.launch.clock import ClockHistory, HoldClock, LaunchClock, RecycleClock, ReleaseHold

router = operations_router("/api/operations/launches", "launch clock")


@router.get("/{launch_id}/clock")
async def list_events(launch_id: str, _principal: Viewer, connection: Read) -> ClockHistory:
    """List what was done to the clock, in order. What it shows is in the status."""
    launch = await found.launch(connection, known_id(launch_id, "launch"))
    events = await reads.events(connection, launch.launch_id)
    return ClockHistory(events=tuple(events), as_of=await clock(connection))


@router.post("/{launch_id}/clock/hold")
async def hold(launch_id: str, request: HoldClock, principal: Stopper, tx: Tx) -> LaunchClock:
    """Stop the clock. Whoever votes may, and at once."""
    launch = await launches.locked(tx, known_id(launch_id, "launch"))
    await actions.hold(tx, launch, actor=principal.user_id, request=request)
    return reads.shown(await reads.clock_at(tx, launch, await clock(tx)))


@router.post("/{launch_id}/clock/release")
async def release(
    launch_id: str, request: ReleaseHold, principal: Director, tx: Tx, settings: Configured, known: KnownCriteria
) -> LaunchClock:
    """Let the clock go on. While a poll is open, only when its verdict is GO."""
    launch = await launches.locked(tx, known_id(launch_id, "launch"))
    if words := await release_blocker(tx, World(settings, known), launch):
        raise ProblemError(Code.CONFLICT, words)
    await actions.release(tx, launch, actor=principal.user_id, request=request)
    return reads.shown(await reads.clock_at(tx, launch, await clock(tx)))


@router.post("/{launch_id}/clock/recycle")
async def recycle(launch_id: str, request: RecycleClock, principal: Director, tx: Tx) -> LaunchClock:
    """Go back to an earlier reading, and hold there."""
    launch = await launches.locked(tx, known_id(launch_id, "launch"))
    await actions.recycle(tx, launch, actor=principal.user_id, request=request)
    return reads.shown(await reads.clock_at(tx, launch, await clock(tx)))
