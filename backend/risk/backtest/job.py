"""The jobs of backtests."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.core.database import Database
from backend.core.settings import Settings
from backend.risk.backtest import actions
from backend.risk.backtest.run import run

blueprint = procrastinate.Blueprint()


@blueprint.task(
    name="risk.backtest",
    queue="core",
    pass_context=True,
    retry=procrastinate.RetryStrategy(max_attempts=4, exponential_wait=3),
)
async def backtest(context: procrastinate.JobContext, backtest_id: str) -> None:
    """Work one off. A worker that is killed leaves a stalled job, which is tried again within two minutes."""
    database = cast("Database", context.additional_context["database"])
    settings = cast("Settings", context.additional_context["settings"])
    await run(database, UUID(backtest_id), settings.currency)


@blueprint.periodic(cron="* * * * *", queueing_lock="lost backtests")
@blueprint.task(name="risk.lost_backtests", queue="core", pass_context=True)
async def fail_lost_backtests(context: procrastinate.JobContext, timestamp: int) -> None:
    """None runs for ever: those whose job is gone are told to have failed."""
    del timestamp
    database = cast("Database", context.additional_context["database"])
    async with database.transaction() as tx:
        await actions.fail_lost(tx)
