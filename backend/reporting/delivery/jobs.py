"""The jobs that make files and leave them with finance."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.core.backoff import Backoff
from backend.core.capability import Adapters
from backend.core.database import Database
from backend.core.settings import Settings
from backend.reporting.delivery import actions
from backend.reporting.ports import ReportingPorts

blueprint = procrastinate.Blueprint()


@blueprint.task(name=actions.DELIVER, queue="core", retry=Backoff(), pass_context=True)
async def deliver(context: procrastinate.JobContext, report_id: str) -> None:
    """Leave the files of a report with finance; what is there already is not sent again."""
    more = context.additional_context
    database, settings = cast("Database", more["database"]), cast("Settings", more["settings"])
    dropbox = cast("Adapters", more["adapters"]).of(ReportingPorts).dropbox
    await actions.leave(database, settings, dropbox, UUID(report_id))
