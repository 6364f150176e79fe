"""Runbooks that are past their review: their owners are reminded, and an alert says how many there are."""

from __future__ import annotations

from uuid import UUID

from backend.alerts import clear_condition, raise_alert
from backend.core.background import SetAside
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.deliveries import NoticeAudience, notify
from backend.runbooks import actions, reads
from models.alerts import Severity
from models.core.wording import counted
from models.deliveries.routing import Team

REVIEWS = SetAside("runbook reviews")
SOURCE, KEY = "runbooks", "review"
NAMED_MOST = 10


async def watch(database: Database, _settings: Settings) -> None:
    """Remind whoever keeps a runbook that is past its review, once a week, and say so; a turn of the worker."""
    async with database.transaction() as tx:
        found = await reads.overdue(tx)
        waiting = [each for each in found if each.remind]
        await REVIEWS.each(tx, waiting, lambda each: _remind(tx, each), key=lambda each: each.id)
        if not found:
            await clear_condition(tx, source=SOURCE, key=KEY)
            return
        names = [f"{each.title}: {each.review_by.isoformat()}" for each in found[:NAMED_MOST]]
        rest = len(found) - NAMED_MOST
        if rest > 0:
            names.append(f"{rest} more.")
        await raise_alert(
            tx,
            source=SOURCE,
            key=KEY,
            title=f"{counted(len(found), 'runbook is', 'runbooks are')} past the day of review",
            severity=Severity.P4,
            guidance="\n".join(("Read each, correct what has changed, and set the next day of review.", *names)),
        )


async def _remind(tx: Connection, runbook: reads.Overdue) -> None:
    people = await reads.keepers(tx, runbook.owner)
    values = {
        "title": runbook.title,
        "due": f"{runbook.review_by:%d %b %Y}",
        "owner": runbook.owner_name,
    }
    audience = NoticeAudience(Team.OPERATIONS, Severity.P4, people)
    await notify(tx, audience, "runbook.review", values, thread=f"runbook:{runbook.id}")
    await actions.note_reminded(tx, UUID(runbook.id))
