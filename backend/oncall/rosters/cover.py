"""Looks ahead for holes in what schedules say they must cover, and raises an alert while there is still time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from backend.alerts import clear_condition, raise_alert
from backend.core.background import SetAside
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.rows import readable
from backend.core.settings import Settings
from backend.oncall import resolver
from backend.oncall.schedules.actions import COVER
from backend.oncall.schedules.loading import Loaded, load
from models.alerts import Severity
from models.core.wording import counted

AHEAD: Final = timedelta(days=7)
SOON: Final = timedelta(days=1)
WATCHED: Final = SetAside("cover of on-call")


async def watch(database: Database, _settings: Settings) -> None:
    """Look at each schedule; a turn of the worker."""
    async with database.transaction() as tx:
        now = await clock(tx)
        found = readable(await load(tx, now, now + AHEAD))

        async def look(each: Loaded) -> None:
            await _look(tx, each)

        await WATCHED.each(tx, found, look, key=lambda each: each.id)


async def _look(tx: Connection, loaded: Loaded) -> None:
    now = await clock(tx)
    start, end = resolver.ticks(now), resolver.ticks(now + AHEAD)
    missing = resolver.gaps(loaded.schedule, resolver.intervals(loaded.schedule, start, end), start, end)
    if not missing:
        await clear_condition(tx, source=COVER, key=str(loaded.id))
        return
    begins, ends = map(resolver.moment, missing[0])
    when = "now" if begins <= now else f"from {begins:%a} {begins.day} {begins:%b %H:%M} UTC"
    more = counted(len(missing) - 1, "more gap") if len(missing) > 1 else ""
    until = "" if ends >= now + AHEAD else f" until {ends:%a} {ends.day} {ends:%b %H:%M} UTC"
    await raise_alert(
        tx,
        source=COVER,
        key=str(loaded.id),
        title=f"{loaded.name}: nobody on call {when}{until}",
        severity=Severity.P2 if begins - now < SOON else Severity.P3,
        guidance="\n".join(
            filter(None, ("Ask for a volunteer.\nAdd an override in On call.", more and f"{more} within 7 days."))
        ),
    )
