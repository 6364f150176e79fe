"""Fifty consoles ask for the same status once a second: it is worked out once for each change, and told to all."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from backend.core.capability import Criteria
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.launch.poll import queries, reads
from models.launch.poll import LaunchStatus

LONGEST = timedelta(seconds=1)
"""What follows from the time alone, such as that an item is due, is worked out anew after so long."""
KEPT_MOST = 20


class _Kept(NamedTuple):
    key: tuple[Any, ...]
    status: LaunchStatus
    tag: str


class SharedStatus:
    """The statuses of open polls as one process of the API worked them out last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, _Kept] = OrderedDict()
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._coming: dict[UUID, asyncio.Task[tuple[LaunchStatus, str]]] = {}
        """Looks that have not begun yet: whoever asks takes part in them."""

    async def ask(
        self, database: Database, settings: Settings, known: Criteria, launch_id: UUID
    ) -> tuple[LaunchStatus, str]:
        """How a launch stands at this moment, and its ETag; raises ProblemError 404.

        The database is looked at after each question, by one connection for all that were asked meanwhile: an answer
        is never older than its ``asOf`` says, a voter finds the own vote, and fifty consoles do not wait for each
        other's connections.
        """
        look = self._coming.get(launch_id)
        if look is None:
            look = self._coming[launch_id] = asyncio.create_task(self._look(database, settings, known, launch_id))
            look.add_done_callback(_heard)
        return await asyncio.shield(look)

    async def _look(
        self, database: Database, settings: Settings, known: Criteria, launch_id: UUID
    ) -> tuple[LaunchStatus, str]:
        async with (
            self._locks.setdefault(launch_id, asyncio.Lock()),
            self._connection(database, launch_id) as connection,
        ):
            row = await (await connection.execute(queries.status_key, {"launch_id": launch_id})).fetchone()
            if row is None or row[0] is None:
                return await self._anew(connection, settings, known, launch_id)
            *key, now = row
            if (found := self._fresh(launch_id, tuple(key), now)) is not None:
                return found
            status, tag = await self._anew(connection, settings, known, launch_id)
            self._kept[launch_id] = _Kept(tuple(key), status, tag)
            while len(self._kept) > KEPT_MOST:
                self._kept.popitem(last=False)
            return status, tag

    @asynccontextmanager
    async def _connection(self, database: Database, launch_id: UUID) -> AsyncIterator[Connection]:
        """A connection; from when it is there on, whoever asks is answered by another look."""
        try:
            async with database.read() as connection:
                del self._coming[launch_id]
                yield connection
        finally:
            if self._coming.get(launch_id) is asyncio.current_task():
                del self._coming[launch_id]

    @staticmethod
    async def _anew(
        connection: Connection, settings: Settings, known: Criteria, launch_id: UUID
    ) -> tuple[LaunchStatus, str]:
        status = await reads.status_of(connection, settings, known, launch_id)
        return status, reads.etag(status)

    def _fresh(self, launch_id: UUID, key: tuple[Any, ...], now: datetime) -> tuple[LaunchStatus, str] | None:
        kept = self._kept.get(launch_id)
        if kept is None or kept.key != key or kept.status.valid_until is None:
            return None
        status, until = kept.status, kept.status.valid_until
        # Past the lease it is worked out once more, and then says that nobody watches.
        if now - status.as_of > LONGEST or status.as_of < until <= now:
            return None
        if now <= status.as_of:  # worked out while we asked
            return status, kept.tag
        clock = status.clock
        if clock.next_hold_at is not None and clock.zero_at is not None and now >= clock.next_hold_at:
            return None
        moved: dict[str, object] = {"as_of": now}
        if clock.zero_at is not None:
            moved["reading"] = (now - clock.zero_at).total_seconds()
        return status.model_copy(update={"as_of": now, "clock": clock.model_copy(update=moved)}), kept.tag


def _heard(look: asyncio.Task[tuple[LaunchStatus, str]]) -> None:
    """Takes notice of how a look ended, also when everybody who waited for it has gone."""
    if not look.cancelled():
        look.exception()
