"""The runbooks that come with the program: put into each database once, and never touched again."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files as resource_files

from backend.core.audit_trail import WORKER
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.runbooks import actions, reads
from models.runbooks import RunbookDraft
from models.runbooks.files import SUFFIX, from_file

ASIDE = SetAside("runbooks of the program")
REASON = "Came with the program"
REVIEW_AFTER = timedelta(days=182)
"""Whoever is given them looks at them within half a year, whatever day the files name."""


@cache
def shipped() -> dict[str, RunbookDraft]:
    """By name."""
    folder = resource_files("resources").joinpath("runbooks")
    found = sorted((each for each in folder.iterdir() if each.name.endswith(SUFFIX)), key=lambda each: each.name)
    slugs = [each.name.removesuffix(SUFFIX) for each in found]
    return {
        slug: from_file(each.read_text(encoding="utf-8"), slug, REASON) for slug, each in zip(slugs, found, strict=True)
    }


async def load(database: Database, _settings: Settings) -> None:
    """Put in those that were never here; a turn of the worker, the first one at its start."""
    async with database.transaction() as tx:
        await put_in(tx, WORKER)


async def put_in(tx: Connection, actor: str, at: datetime | None = None) -> None:
    """Put in those that were never here. One whose name somebody has taken is left out for good."""
    taken = await reads.slugs(tx)
    review_by = ((at or await clock(tx)) + REVIEW_AFTER).date()

    async def put(draft: RunbookDraft) -> None:
        if await actions.note_shipped(tx, draft.slug) and draft.slug not in taken:
            await actions.create(tx, actor=actor, request=draft.model_copy(update={"review_by": review_by}), at=at)

    await ASIDE.each(tx, shipped().values(), put, key=lambda draft: draft.slug)
