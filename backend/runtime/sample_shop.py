"""Create the sample shop, each capability its own part of it, in one transaction: all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from graphlib import TopologicalSorter
from typing import LiteralString

from backend.capabilities import CAPABILITIES
from backend.core import audit_trail
from backend.core.capability import CreateSample
from backend.core.clock import clock
from backend.core.database import Connection, Database, load_queries
from backend.core.sample_shop import HISTORY, SampleShop
from backend.core.settings import Settings
from backend.sample import market_of

Progress = Callable[[str, float], None]

queries = load_queries(__package__, "sample_shop.sql")

MESSAGE = "Creating the sample shop"
FAULT_BEGAN = timedelta(hours=2.7)
"""So long ago downloads began to fail, when the shop opens: as the incident about it tells."""


async def create_sample_shop(database: Database, settings: Settings, progress: Progress) -> bool:
    """Create the shop unless it exists. ``progress`` gets a message and how much is done, 0 to 1.

    False when the database holds another shop's records: those are shown instead, and nothing is invented among them.
    Raises ValueError for a reporting currency without rates.
    """
    async with database.transaction() as tx:
        await tx.execute(queries.no_time_limits)
        await tx.execute(queries.creation_lock)
        if await _is_true(tx, queries.exists):
            return True
        if await _is_true(tx, queries.holds_data):
            return False
        progress(MESSAGE, 0.0)
        opened_at = await clock(tx)
        shop = SampleShop(
            opened_at=opened_at,
            since=opened_at - HISTORY,
            fault_at=opened_at - FAULT_BEGAN,
            currency=settings.currency,
            market=market_of(opened_at),
            progress=lambda done: progress(MESSAGE, 0.85 * done),
            settings=settings,
        )
        for create in _parts():
            await create(tx, shop)
        await audit_trail.record(
            tx,
            actor=audit_trail.SAMPLE_SHOP,
            action="sample.shop.created",
            resource_type="sample_shop",
            resource_id="sample",
        )
        progress(MESSAGE, 0.95)
    return True


def _parts() -> Iterator[CreateSample]:
    """Of each capability that has one, after those it builds on."""
    makers = {each.name: each.sample for each in CAPABILITIES}
    for name in TopologicalSorter({each.name: each.sample_after for each in CAPABILITIES}).static_order():
        if (make := makers[name]) is not None:
            yield make()


async def _is_true(tx: Connection, statement: LiteralString) -> bool:
    row = await (await tx.execute(statement)).fetchone()
    return row == (True,)
