"""Writing facts: one fold at a time takes what changed, and numbers the differences."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import psycopg

from backend.core.background import SetAside
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.reporting.facts import queries

BATCH: Final = 4_000
"""Orders of one statement: far below what a statement may take."""
TURN: Final = 50
"""Batches of one turn; then others of the worker come first."""


class Folder:
    """Writes facts, turn by turn. An order that cannot be read costs the others nothing."""

    def __init__(self) -> None:
        self._aside = SetAside("facts of tax")
        self._held: set[str] = set()

    async def fold_facts(self, database: Database, _settings: Settings) -> None:
        """Take what changed since the last turn, and close stretches of numbers that are full."""
        self._held = {each for each in self._held if self._aside.holds(each)}
        for _ in range(TURN):
            try:
                async with database.transaction() as tx:
                    if not await fold(tx, held=self._held):
                        break
            except (psycopg.DataError, psycopg.IntegrityError):
                # One of them: each by itself says which.
                await self._one_by_one(database)
        for _ in range(TURN):
            async with database.transaction() as tx:
                if not await close_stretch(tx):
                    break

    async def _one_by_one(self, database: Database) -> None:
        async with database.transaction() as tx:
            await tx.execute(queries.lock_counter)
            values = {"held": list(self._held), "limit": BATCH}
            ids = {row[0] for row in await (await tx.execute(queries.next_orders, values)).fetchall()}
            await self._aside.each(tx, sorted(ids), lambda each: _fold(tx, only=[each]), key=lambda each: each)
        self._held |= {each for each in ids if self._aside.holds(each)}


async def fold(tx: Connection, *, held: set[str] | None = None) -> bool:
    """Write the facts of some orders that changed; says whether there may be more.

    ``held``: orders that are left alone for now.
    """
    await tx.execute(queries.lock_counter)
    row = await (await tx.execute(queries.registered)).fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    if not row[0]:
        return (await tx.execute(queries.discard_inbox, {"limit": BATCH})).rowcount == BATCH
    refolding = await (await tx.execute(queries.refold, {"limit": BATCH})).fetchone()
    taken = await _fold(tx, held=held)
    return taken >= BATCH or (refolding is not None and refolding[0])


async def fold_at(tx: Connection, at: datetime) -> None:
    """Write all facts there are, as if at an instant: the sample shop has a past."""
    await tx.execute(queries.lock_counter)
    while await _fold(tx, at=at) >= BATCH:
        pass


async def _fold(
    tx: Connection, *, only: list[str] | None = None, held: set[str] | None = None, at: datetime | None = None
) -> int:
    values = {"limit": BATCH, "only": only, "held": list(held or ()), "at": at}
    row = await (await tx.execute(queries.fold, values)).fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    return int(row[0])


async def close_stretch(tx: Connection) -> bool:
    """Add up the next hundred thousand numbers, once they are all there; says whether they were."""
    await tx.execute(queries.lock_counter)
    return await (await tx.execute(queries.close_stretch)).fetchone() is not None


async def fold_anew(tx: Connection) -> None:
    """Have every order looked at again: where or since when the seller is registered has changed."""
    await tx.execute(queries.lock_counter)
    await tx.execute(queries.begin_refold)
