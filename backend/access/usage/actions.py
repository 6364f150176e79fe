"""Which permissions are used, and when somebody was last seen: noted in memory, written now and then.

A killed process loses the last minute of it, which no hint about ninety days notices.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from backend.core.background import SetAside
from backend.core.database import Database, DatabaseUnavailable, load_queries
from backend.core.logs import logger

if TYPE_CHECKING:
    from backend.core.security import Principal
    from models.core.permissions import Permission

log = logger(__name__)
queries = load_queries(__package__)

WRITE_SECONDS = 15.0


class Usage:
    """What one process has seen since it last wrote."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, str, datetime]] = {}
        self._used: dict[tuple[str, str], datetime] = {}
        self._aside = SetAside("usage")

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
        try:
            async with database.transaction() as tx, tx.cursor() as cursor:
                await cursor.executemany(queries.seen, people)
                await cursor.executemany(queries.used, uses)
        except (psycopg.DataError, UnicodeError):  # one of them cannot be kept; which, they show one by one
            async with database.transaction() as tx:
                await self._aside.each(tx, people, partial(tx.execute, queries.seen), key=lambda row: row["user_id"])
                await self._aside.each(
                    tx, uses, partial(tx.execute, queries.used), key=lambda row: (row["user_id"], row["permission"])
                )
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
        except Exception:
            log.exception("usage was not written")
