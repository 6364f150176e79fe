"""Items that are due and not signed raise alerts, which pass when they are signed. Rehearsals raise none."""

from __future__ import annotations

from backend.alerts import clear_condition, raise_alert
from backend.core.background import SetAside
from backend.core.capability import Criteria
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.launch.checklist import queries
from backend.launch.checklist import reads as checklist
from backend.launch.clock import reads as clocks
from backend.launch.evidence import bound, evaluate
from backend.launch.launches import queries as launch_queries
from backend.launch.launches import reads as launches
from models.alerts import Severity
from models.launch import Launch

SOURCE = "launch.checklist"
_aside = SetAside("overdue launch items")


async def look_for_overdue(database: Database, settings: Settings, known: Criteria) -> None:
    """Raise and clear the alerts of every open launch. Of several workers one does."""
    async with database.transaction() as tx:
        if await (await tx.execute(queries.try_overdue_lock)).fetchone() != (True,):
            return
        rows = await (await tx.execute(launch_queries.open_launches)).fetchall()
        await _aside.each(tx, rows, lambda row: _look(tx, settings, known, row[0]), key=lambda row: row[0])
        over = await (await tx.execute(queries.alerted_elsewhere)).fetchall()
        await _aside.each(tx, over, lambda row: _clear(tx, row[0]), key=lambda row: row[0])


async def _look(tx: Connection, settings: Settings, known: Criteria, launch_id: str) -> None:
    launch = await launches.launch(tx, launch_id)
    figures = await evaluate(tx, settings, known, bound(launch.criteria))
    at = await clocks.clock_at(tx, launch, await clock(tx))
    late = await checklist.late(tx, launch_id, at.reading, checklist.inside_of(figures))
    for item in late:
        if not item["alerted"]:
            await _raise(tx, launch, item)
    still = {item["item_id"] for item in late}
    for (item_id,) in await (await tx.execute(queries.alerted, {"launch_id": launch_id})).fetchall():
        if item_id not in still:
            await _clear(tx, item_id)


async def _raise(tx: Connection, launch: Launch, item: checklist.Row) -> None:
    await raise_alert(
        tx,
        source=SOURCE,
        key=item["item_id"],
        title=f"{launch.title}: item {item['number']} is late: {item['description']}"[:300],
        severity=Severity.P2 if item["blocking"] else Severity.P3,
        guidance=(
            f"Ask {item['owner_role']} to sign it off in the Launch workspace, or what it needs.\n"
            "If it cannot be done in time: its contingency plan, or a waiver that somebody else approves."
        ),
    )
    await tx.execute(queries.set_alerted, {"item_id": item["item_id"], "alerted": True})


async def _clear(tx: Connection, item_id: str) -> None:
    await clear_condition(tx, source=SOURCE, key=item_id)
    await tx.execute(queries.set_alerted, {"item_id": item_id, "alerted": False})
