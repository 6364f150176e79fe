"""``/api/operations/launches/{id}/reminders``."""

from __future__ import annotations

from backend.core.dependencies import Tx
from backend.core.http import known_id, operations_router
from backend.launch.dependencies import Configured, KnownCriteria, Manager
from backend.launch.poll.actions import World
from backend.launch.reminders import actions
from models.launch.poll import AskAgain, Reminder

router = operations_router("/api/operations/launches", "launch poll")


@router.post("/{launch_id}/reminders", status_code=202)
async def ask_again(
    launch_id: str, request: AskAgain, principal: Manager, tx: Tx, settings: Configured, known: KnownCriteria
) -> Reminder:
    """Tell a role again what of a launch waits for it: its vote, and its items that are late; every five minutes."""
    return await actions.remind(
        tx,
        World(settings, known),
        actor=principal.user_id,
        launch_id=known_id(launch_id, "launch"),
        role=request.role,
    )
