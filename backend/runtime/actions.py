"""What the runtime itself writes: signs of life."""

from __future__ import annotations

import time
from collections.abc import Sequence

from backend.core.database import Connection, Database, DatabaseUnavailable, load_queries
from models.core.health import Check

queries = load_queries(__package__, "health.sql")

WRITES_SECONDS = 2.0
"""How long it counts what became of the last try to write."""


async def beat(tx: Connection, name: str, stopped: Sequence[str] = ()) -> None:
    """Say that a process lives, and what of it has stopped."""
    await tx.execute(queries.beat, {"name": name, "stopped": list(stopped)})


class Writes:
    """Whether the database takes changes; tried now and then, however often somebody asks."""

    def __init__(self) -> None:
        self._until = 0.0
        self._known = Check(name="writes", ok=True, detail="taken")

    async def check(self, database: Database) -> Check:
        """What was found a moment ago, or is found now."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + WRITES_SECONDS
            try:
                async with database.transaction() as tx:
                    await beat(tx, "api")
                    await tx.execute(queries.little_memory)
                    await tx.execute(queries.need_room)
                self._known = Check(name="writes", ok=True, detail="taken")
            except DatabaseUnavailable as error:
                self._known = Check(name="writes", ok=False, detail=str(error))
        return self._known
