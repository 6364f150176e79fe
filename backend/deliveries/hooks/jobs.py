"""The job that works on what outside systems sent."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.core.backoff import Backoff
from backend.core.capability import Adapters
from backend.core.database import Database
from backend.deliveries.hooks import actions
from backend.deliveries.ports import DeliveryPorts

blueprint = procrastinate.Blueprint()


@blueprint.task(name=actions.HOOK_JOB, queue="core", retry=Backoff(), pass_context=True)
async def hook(context: procrastinate.JobContext, hook_id: str) -> None:
    """Do what it asks for, such as acknowledging an alert."""
    database = cast("Database", context.additional_context["database"])
    ports = cast("Adapters", context.additional_context["adapters"]).of(DeliveryPorts)
    async with database.transaction() as tx:
        await actions.work(tx, ports.alarms, UUID(hook_id))
