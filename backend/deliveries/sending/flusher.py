"""Writes the results of all lanes of a process: whatever came in while the last statement ran goes with the next."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import psycopg

from backend.core.background import SetAside
from backend.core.database import Connection, Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.deliveries.sending.actions import Holder, flush
from backend.deliveries.sending.types import Row

log = logger(__name__)

RESULTS: Final = SetAside("results of the sender")


class Flusher:
    """One for each sender."""

    def __init__(self, database: Database, me: Holder) -> None:
        self._database = database
        self._me = me
        self._waiting: list[tuple[Row, asyncio.Future[bool]]] = []
        self._some = asyncio.Event()

    async def write(self, row: Row) -> bool:
        """Write one down; False when its lane is lost, and the result with it."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, done))
        self._some.set()
        return await done

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._database.read() as connection:
                    while True:
                        await self._some.wait()
                        self._some.clear()
                        batch, self._waiting = self._waiting, []
                        held: frozenset[int] = frozenset()
                        try:
                            held = await self._flush(connection, [row for row, _ in batch])
                        finally:
                            for row, done in batch:
                                if not done.done():
                                    done.set_result(row.lane_id in held)
            except DatabaseUnavailable as error:
                log.warning("results were not written, they will be sent again", reason=str(error))
                await asyncio.sleep(0.5)

    async def _flush(self, connection: Connection, rows: Sequence[Row]) -> frozenset[int]:
        """All at once; where that cannot be, each by itself, and of one that cannot be kept what became of it."""
        try:
            return await flush(connection, self._me, rows)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except psycopg.Error as error:
            if len(rows) == 1:
                (row,) = rows
                RESULTS.put((row.lane_id, row.position), error)
                bare = replace(row, words="what was answered cannot be kept", exchange=None, history=None)
                return frozenset() if row == bare else await self._flush(connection, [bare])
        each = [await self._flush(connection, [row]) for row in rows]
        return frozenset[int]().union(*each)
