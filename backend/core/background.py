"""Work in the background goes on: a bad row is logged, counted and set aside, and what has stopped is known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import psycopg

from backend.core.database import Connection, DatabaseUnavailable
from backend.core.logs import logger
from backend.core.metrics import SET_ASIDE

log = logger(__name__)

T = TypeVar("T")
AGAIN_SECONDS = 600.0
"""A row that was set aside is tried again after so long: what was wrong may have been mended."""
REMEMBERED = 10_000


class SetAside:
    """The rows that one writer or poller could not deal with."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._until: dict[Hashable, float] = {}

    async def each(
        self,
        tx: Connection,
        rows: Iterable[T],
        do: Callable[[T], Awaitable[object]],
        *,
        key: Callable[[T], Hashable],
    ) -> None:
        """Deal with each row by itself, in a savepoint. Raises what says that the database is away, nothing else."""
        now = time.monotonic()
        self._until = {each: until for each, until in self._until.items() if until > now}
        for row in rows:
            if key(row) in self._until:
                continue
            try:
                async with tx.transaction():
                    await do(row)
            except (DatabaseUnavailable, psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the other rows are not to wait for it
                self.put(key(row), error)

    def holds(self, key: Hashable) -> bool:
        """Whether it was told of a row a while ago: whoever tries again at once need not say so again."""
        return self._until.get(key, 0.0) > time.monotonic()

    def put(self, key: Hashable, error: Exception) -> None:
        """Say that a row could not be dealt with, and leave it alone for a while."""
        log.error("a row was set aside", background=self._name, row=str(key)[:200], exc_info=error)
        SET_ASIDE.labels(self._name).inc()
        if len(self._until) < REMEMBERED:
            self._until[key] = time.monotonic() + AGAIN_SECONDS


class Background:
    """The tasks that run for as long as a process does."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def running(self, name: str, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
        """Run for the length of a block."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_report)
        self._tasks[name] = task
        try:
            yield
        finally:
            del self._tasks[name]
            task.cancel()
            await asyncio.wait({task})

    @property
    def stopped(self) -> tuple[str, ...]:
        """The names of those that run no more, which they should."""
        return tuple(name for name, task in self._tasks.items() if task.done())


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.error("background work has stopped", background=task.get_name(), exc_info=task.exception())
