"""Which permissions are used, and when somebody was last seen: noted in memory, written now and then.

A killed process loses the last minute of it, which no hint about ninety days notices.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backend.core.database import Database, DatabaseUnavailable, load_queries

if TYPE_CHECKING:
    from backend.core.security import Principal
    from models.core.permissions import Permission

queries = load_queries(__package__)

WRITE_SECONDS = 15.0


class Usage:
    """What one process has seen since it last wrote."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, str, datetime]] = {}
        self._used: dict[tuple[str, str], datetime] = {}

    def see(self, principal: Principal) -> None:
        """Somebody is there."""
        self._seen[principal.user_id] = (principal.name, principal.kind, datetime.now(UTC))

    def note(self, principal: Principal, permission: Permission) -> None:
        """Somebody used a permission."""
        self._used[principal.user_id, permission] = datetime.now(UTC)

    async def write(self, database: Database) -> None:
        """Write what was noted. Raises DatabaseUnavailable, and keeps it for the next time."""
        seen, used = dict(self._seen), dict(self._used)
        if not seen:
            return
        # In order of their keys: two processes that write at once must not wait for each other crosswise.
        people = [
            {"user_id": user, "name": name, "kind": kind, "at": at} for user, (name, kind, at) in sorted(seen.items())
        ]
        uses = [{"user_id": user, "permission": key, "at": at} for (user, key), at in sorted(used.items())]
        async with database.transaction() as tx, tx.cursor() as cursor:
            await cursor.executemany(queries.seen, people)
            await cursor.executemany(queries.used, uses)
        # What came meanwhile is newer and stays.
        self._seen = {user: entry for user, entry in self._seen.items() if seen.get(user) != entry}
        self._used = {key: at for key, at in self._used.items() if used.get(key) != at}

    async def keep_writing(self, database: Database) -> None:
        """Write every minute until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                await self._try(database)
        finally:
            await self._try(database)

    async def _try(self, database: Database) -> None:
        try:
            await self.write(database)
        except DatabaseUnavailable:
            return  # kept for the next time


@asynccontextmanager
async def writing(usage: Usage, database: Database) -> AsyncIterator[None]:
    """Write what is noted for the length of a block."""
    task = asyncio.create_task(usage.keep_writing(database), name="usage")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
