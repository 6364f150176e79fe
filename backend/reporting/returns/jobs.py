"""The job that makes reports."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.core.backoff import Backoff
from backend.core.database import Database
from backend.reporting.returns import actions

blueprint = procrastinate.Blueprint()


@blueprint.task(name=actions.JOB, queue="core", retry=Backoff(), pass_context=True)
async def generate(context: procrastinate.JobContext, report_id: str) -> None:
    """Make a report that was begun. Again is harmless: it is made once for each time it is begun."""
    database = cast("Database", context.additional_context["database"])
    await actions.generate(database, UUID(report_id))
