"""The relay gives committed audit rows a dense position in commit order; followers read by position.

A sequence number is given before its transaction commits, so a reader that goes on after the highest one it saw loses
rows that commit late. Positions go, in (xid, seq) order, only to rows below the oldest running transaction.
"""

from __future__ import annotations

from backend.core.database import Database, load_queries
from backend.core.settings import Settings

queries = load_queries(__package__)


async def stamp(database: Database, _settings: Settings) -> None:
    """Stamp what has been committed since the last turn, up to 20 000 rows. Several relays take turns by a row lock."""
    async with database.transaction() as tx:
        await tx.execute(queries.stamp)
