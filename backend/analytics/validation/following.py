"""The plan in memory follows the one in the database."""

from __future__ import annotations

import asyncio
from typing import Final

from backend.analytics.validation.compiled import PlanCache
from backend.core.database import Database, DatabaseUnavailable

SECONDS: Final = 1.0


async def follow(database: Database, plans: PlanCache) -> None:
    """Look every second; while the database is away, the plan stays as it was."""
    while True:
        try:
            async with database.read() as connection:
                await plans.current(connection)
        except DatabaseUnavailable:
            pass
        await asyncio.sleep(SECONDS)
