"""Runs nodes: a service of the worker. Several share the work, and each may be killed at any instant.

Whether somebody is at a node is told by an advisory lock on a connection of its own, never by a clock: a killed one
lets go at once, and a slow one is never ended. What was taken over is fenced: the old owner's writes change no row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo

from backend.core.backoff import pause
from backend.core.capability import PersonalSystems
from backend.core.database import APPLICATION_ROLE, Connection, Database, DatabaseUnavailable
from backend.core.logs import logger
from backend.core.settings import Settings
from backend.privacy.graph import actions, queries
from backend.privacy.graph.actions import problem_words
from backend.privacy.graph.plan import SHOP
from backend.privacy.graph.steps import NodeTask, Step, StepContext, ask_the_shop, erase
from backend.privacy.keys.source import ring_of
from models.privacy.requests import RequestType

log = logger(__name__)

IDLE_SECONDS: Final = 1.0
AT_ONCE: Final = 4
ATTEMPTS_MOST: Final = 8
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 6 * 3_600.0

Reached = Callable[[str], None]
"""Told of each boundary a node passes; tests end the process there."""


class Runner:
    """Plans runs and works on their nodes."""

    def __init__(
        self,
        database: Database,
        url: str,
        settings: Settings,
        systems: PersonalSystems,
        *,
        at_once: int = AT_ONCE,
        reached: Reached = lambda _where: None,
        steps: Mapping[str, Step],
    ) -> None:
        """``url`` is where nodes have connections of their own; ``steps`` are those that are of no system, by name."""
        self._database, self._url = database, url
        self._settings, self._systems = settings, systems
        self._at_once, self._reached = at_once, reached
        self._steps = steps

    async def run(self) -> None:
        """Until cancelled."""
        failures = 0
        while True:
            try:
                worked = await self.turn()
                failures = 0
            except DatabaseUnavailable as error:
                failures += 1
                log.warning("database unavailable", reason=str(error))
                worked = False
            await asyncio.sleep(pause(failures, 1.0, 30.0) if failures else 0.0 if worked else IDLE_SECONDS)

    async def turn(self) -> bool:
        """Plan what is to run, and work on all that is ready; whether there was anything."""
        ring = ring_of(self._settings)
        if ring is None:
            return False
        async with self._database.transaction() as tx:
            await actions.plan_runs(tx, self._systems)
        async with self._database.read() as connection:
            found = await (await connection.execute(queries.ready, {"limit": self._at_once})).fetchall()
        context = StepContext(self._settings, ring, self._systems)
        await asyncio.gather(*(self._work(context, node_id, lock) for node_id, lock in found))
        return bool(found)

    async def _work(self, context: StepContext, node_id: UUID, lock: int) -> None:
        try:
            async with await self._connect() as connection:
                row = await (await connection.execute(queries.try_lock, {"lock": lock})).fetchone()
                if row != (True,):
                    return  # somebody lives and is at it
                self._reached("locked")
                await self._work_alone(context, connection, node_id)
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(type(error).__name__) from error

    async def _connect(self) -> Connection:
        options = f"-c role={APPLICATION_ROLE} -c timezone=UTC -c idle_session_timeout=0 -c statement_timeout=120000"
        conninfo = make_conninfo(
            self._url,
            options=options,
            connect_timeout=5,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            application_name="opsconsole privacy node",
        )
        return await psycopg.AsyncConnection.connect(conninfo, autocommit=True)

    async def _work_alone(self, context: StepContext, connection: Connection, node_id: UUID) -> None:
        task = await actions.claim(connection, node_id)
        if task is None:
            return
        number = await actions.begin_attempt(connection, task)
        self._reached("claimed")
        problem = ""
        try:
            while (following := await self._step(context, connection, task)) is not None:
                task = following
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, this node failed and the others go on
            problem = problem_words(error)
            log.warning("a privacy node failed", node=task.name, attempt=task.attempts, problem=problem)
            await self._fail(connection, task, error)
        await actions.end_attempt(connection, task, number, problem)

    async def _step(self, context: StepContext, connection: Connection, task: NodeTask) -> NodeTask | None:
        """One step in one transaction; ``None`` when the node is done, waits, or is somebody else's."""
        held = True
        async with connection.transaction():
            result = await self._step_of(task)(connection, context, task)
            self._reached("in batch")
            if not await actions.note_step(connection, task, result):
                held = False  # taken over by somebody else, or all are paused: nothing of this step happened
                raise psycopg.Rollback
            if result.done:
                # The end of the last node and the end of the run are one: killed between, the run would never end.
                await actions.end_node(connection, task)
                self._reached("end uncommitted")
        if not held or result.wait_seconds is not None:
            return None
        self._reached("ended" if result.done else "after batch")
        if result.done:
            return None
        return NodeTask(
            **{name: getattr(task, name) for name in task.__slots__}
            | {"cursor": result.cursor, "rows": result.rows, "kept": result.kept}
        )

    def _step_of(self, task: NodeTask) -> Step:
        if task.name in self._steps:
            return self._steps[task.name]
        if task.name == SHOP:
            return ask_the_shop
        return actions.export if task.type is RequestType.ACCESS else erase

    async def _fail(self, connection: Connection, task: NodeTask, error: Exception) -> None:
        dead = task.attempts >= ATTEMPTS_MOST
        seconds = pause(task.attempts, FIRST_PAUSE, LONGEST_PAUSE)
        async with connection.transaction():
            await actions.fail_node(connection, task, error, dead=dead, seconds=seconds)
