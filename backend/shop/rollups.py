"""Fold differences into hours and days. See docs/decisions/0005-exact-figures.md."""

from __future__ import annotations

from backend.core.database import Database, load_queries
from backend.core.settings import Settings

queries = load_queries(__package__)


async def fold(database: Database, _settings: Settings) -> None:
    """One turn. Of several workers one folds, the others do nothing; figures are exact before and after."""
    async with database.transaction() as tx:
        if await (await tx.execute(queries.try_fold_lock)).fetchone() == (True,):
            await tx.execute(queries.fold)
