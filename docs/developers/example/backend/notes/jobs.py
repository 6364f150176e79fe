"""The job of notes."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import procrastinate

from backend.core.backoff import Backoff
from backend.core.database import Database
from backend.notes import actions

blueprint = procrastinate.Blueprint()


@blueprint.task(name="notes.find_links", queue="core", retry=Backoff(), pass_context=True)
async def find_links(context: procrastinate.JobContext, note_id: str) -> None:
    """Look for web addresses in a new note."""
    database = cast("Database", context.additional_context["database"])
    async with database.transaction() as tx:
        await actions.find_links(tx, UUID(note_id))
