"""The job that reports the month that ended."""

from __future__ import annotations

from typing import cast

import procrastinate

from backend.core.database import Database
from backend.core.settings import Settings
from backend.risk.outcomes.actions import generate_when_due

blueprint = procrastinate.Blueprint()


@blueprint.periodic(cron="17 * * * *", queueing_lock="risk report")
@blueprint.task(name="risk.report", queue="core", queueing_lock="risk report", pass_context=True)
async def report(context: procrastinate.JobContext, timestamp: int) -> None:
    """Looks every hour, so that a month is reported also when nothing ran at its end."""
    del timestamp
    database = cast("Database", context.additional_context["database"])
    settings = cast("Settings", context.additional_context["settings"])
    async with database.transaction() as tx:
        await generate_when_due(tx, settings.currency)
