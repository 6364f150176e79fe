"""Making a report: facts are folded, the return is made of them at a number, and held against the documents."""

from __future__ import annotations

from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.reporting.facts import reads as facts
from backend.reporting.facts.actions import fold
from backend.reporting.returns import reads
from backend.reporting.returns.figures import Basis, Return, make_return
from backend.reporting.returns.periods import end_of
from backend.reporting.returns.reconcile import Reconciliation, reconcile
from models.reporting import Region, TaxFindingKind

STATEMENT: Final = "15min"
"""What one statement of a report may take: it is a job, and a quarter may have a million orders."""


class Made(NamedTuple):
    """A return with all that is known of it."""

    basis: Basis
    result: Return
    found: Reconciliation


async def fold_all(database: Database) -> None:
    """Take what changed before a report is made of it."""
    while True:
        async with database.transaction() as tx:
            if not await fold(tx):
                return


async def make(
    database: Database, region_name: str, period: date, inputs: dict[str, Any]
) -> tuple[Made, list[tuple[UUID, str, int]]]:
    """A return as things stand, and the returns it builds on. Reads in one snapshot, and writes nothing."""
    await fold_all(database)
    async with database.transaction() as connection:
        # Read only: it holds back nobody, however long it takes.
        await connection.execute("set transaction isolation level repeatable read, read only")
        await connection.execute(f"set local statement_timeout = '{STATEMENT}'")
        region = await reads.region(connection, region_name)
        cut = await facts.cut_now(connection)
        builds_on = await reads.live(connection, region_name, period)
        basis = await reads.basis(connection, region, period, cut, builds_on, inputs)
        found = await reconcile(connection, basis)
        await _outside_documents(connection, region, period, found)
        return Made(basis, make_return(basis), found), builds_on


async def _outside_documents(connection: Connection, region: Region, period: date, found: Reconciliation) -> None:
    end = end_of(period, region.period)
    today = (await clock(connection)).astimezone(ZoneInfo(region.zone)).date()
    if today <= end:
        found.add(TaxFindingKind.PERIOD_NOT_ENDED, f"the period goes on until {end}")
    if await facts.refolding(connection):
        found.add(TaxFindingKind.FACTS_BEHIND, "facts are being written anew, because a registration changed")
