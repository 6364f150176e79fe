"""Fifty consoles ask for the same status once a second: it is worked out once for each change, and told to all."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from backend.core.capability import Criteria
from backend.core.database import Connection
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
        self._locks: OrderedDict[UUID, asyncio.Lock] = OrderedDict()

    async def ask(
        self, connection: Connection, settings: Settings, known: Criteria, launch_id: UUID
    ) -> tuple[LaunchStatus, str]:
        """How a launch stands at this moment, and its ETag; raises ProblemError 404.

        Whether anything changed is asked of the database each time: an answer is never older than its ``asOf`` says.
        """
        row = await (await connection.execute(queries.status_key, {"launch_id": launch_id})).fetchone()
        if row is None or row[0] is None:
            return await self._anew(connection, settings, known, launch_id)
        *key, now = row
        if (found := self._fresh(launch_id, tuple(key), now)) is not None:
            return found
        async with self._locks.setdefault(launch_id, asyncio.Lock()):
            if (found := self._fresh(launch_id, tuple(key), now)) is not None:
                return found
            status, tag = await self._anew(connection, settings, known, launch_id)
            self._kept[launch_id] = _Kept(tuple(key), status, tag)
            while len(self._kept) > KEPT_MOST:
                forgotten, _ = self._kept.popitem(last=False)
                self._locks.pop(forgotten, None)
            return status, tag

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
