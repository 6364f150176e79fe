"""The jobs of looking at past events."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.analytics.radius import actions
from backend.analytics.radius.run import run
from backend.core.database import Database

blueprint = procrastinate.Blueprint()


@blueprint.task(
    name="analytics.radius",
    queue="core",
    pass_context=True,
    retry=procrastinate.RetryStrategy(max_attempts=4, exponential_wait=3),
)
async def radius(context: procrastinate.JobContext, radius_id: str) -> None:
    """Work one off. A worker that is killed leaves a stalled job, which is tried again within two minutes."""
    await run(cast("Database", context.additional_context["database"]), UUID(radius_id))


@blueprint.periodic(cron="* * * * *", queueing_lock="lost blast radii")
@blueprint.task(name="analytics.lost_radii", queue="core", pass_context=True)
async def fail_lost_radii(context: procrastinate.JobContext, timestamp: int) -> None:
    """None runs for ever: those whose job is gone are told to have failed."""
    del timestamp
    database = cast("Database", context.additional_context["database"])
    async with database.transaction() as tx:
        await actions.fail_lost(tx)
