"""Writes the results of all lanes of a process: whatever came in while the last statement ran goes with the next."""

from __future__ import annotations

import asyncio

from backend.core.database import Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.deliveries.sending.actions import Holder, flush
from backend.deliveries.sending.types import Row

log = logger(__name__)


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
                            held = await flush(connection, self._me, [row for row, _ in batch])
                        finally:
                            for row, done in batch:
                                if not done.done():
                                    done.set_result(row.lane_id in held)
            except DatabaseUnavailable as error:
                log.warning("results were not written, they will be sent again", reason=str(error))
                await asyncio.sleep(0.5)
