"""The job that hears how a command to the shop has ended."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.core.backoff import Backoff
from backend.core.database import Database
from backend.risk.fulfilment import actions

blueprint = procrastinate.Blueprint()


@blueprint.task(name="risk.command_ended", queue="core", retry=Backoff(), pass_context=True)
async def command_ended(context: procrastinate.JobContext, command_id: str) -> None:
    """Write it into the history of the case."""
    database = cast("Database", context.additional_context["database"])
    async with database.transaction() as tx:
        await actions.note_end(tx, UUID(command_id))
