"""Keeping a launch from being changed beside us."""

from __future__ import annotations

from uuid import UUID

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.launch.launches import queries
from backend.launch.launches.reads import launch
from models.core.problems import Code
from models.launch import Launch, LaunchState


async def locked(tx: Connection, launch_id: UUID) -> Launch:
    """A launch that nobody changes beside us. None: 404. Over: 409."""
    row = await (await tx.execute(queries.lock, {"launch_id": launch_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such launch.")
    found = await launch(tx, launch_id)
    if found.state is not LaunchState.OPEN:
        raise ProblemError(Code.CONFLICT, f"{found.title} is over; nothing of it changes any more.")
    return found
