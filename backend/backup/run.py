"""One backup from beginning to end: make it, write it down, restore it for a test, judge it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psycopg
from psycopg.conninfo import make_conninfo

from backend.backup import actions
from backend.backup.archive import make, queries
from backend.backup.audit_check import verify_audit
from backend.backup.errors import BackupError, UntestedError
from backend.backup.postgres import CONNECT_SECONDS, Abort
from backend.backup.restore import VerifyAudit, restore_test
from backend.backup.retention import SUSPECT
from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Database
from backend.core.keys import Key
from backend.core.logs import logger
from models.backup import BackupRun, BackupState

log = logger(__name__)
T = TypeVar("T")

TIDYING_SECONDS = 3.0


class BusyError(BackupError):
    """Another backup of this database is being made."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to back up, whither, and how to judge it."""

    url: str
    """Of the database's owner."""
    folder: Path
    key: Key
    scheduled: bool
    actor: str = audit_trail.WORKER
    verify: VerifyAudit = verify_audit


async def back_up(database: Database, plan: Plan) -> BackupRun:
    """Make a backup and test it; what becomes of it is written down, audited and, for the daily one, told by an alert.

    A backup that fails its test is renamed, so that retention never keeps it in place of a good one. Raises BusyError
    while another one of this database is being made, BackupError when the owner cannot connect, and
    DatabaseUnavailable.
    """
    async with _exclude_others(plan.url):
        async with database.read() as connection:
            started_at = await clock(connection)
        try:
            made = await _in_thread(lambda abort: make(plan.url, plan.folder, plan.key, started_at, abort))
        except BackupError as error:
            log.error("backup failed", reason=str(error))  # noqa: TRY400 - the words say it all
            async with database.transaction() as tx:
                return await actions.record_failed(
                    tx, actor=plan.actor, started_at=started_at, scheduled=plan.scheduled, why=str(error)
                )
        async with database.transaction() as tx:
            run = await actions.record_made(
                tx, actor=plan.actor, started_at=started_at, scheduled=plan.scheduled, made=made
            )
        file, state, why = made.file, BackupState.OK, ""
        try:
            wrong = await _in_thread(
                lambda abort: restore_test(file, plan.key, plan.url, started_at, abort, plan.verify)
            )
        except UntestedError as error:
            state, why = BackupState.UNTESTED, str(error)
        else:
            if wrong is not None:
                state, why = BackupState.FAILED, wrong
                file = file.rename(file.with_suffix(SUSPECT))
        log.info("backup made", file=str(file), bytes=made.bytes, state=state, detail=why)
        async with database.transaction() as tx:
            return await actions.record_tested(tx, actor=plan.actor, run=run, state=state, file=str(file), why=why)


@asynccontextmanager
async def _exclude_others(url: str) -> AsyncIterator[None]:
    """While nobody else backs up this database. Raises BusyError, and BackupError without a connection."""
    try:
        connection = await psycopg.AsyncConnection.connect(
            make_conninfo(url, connect_timeout=CONNECT_SECONDS, application_name="opsconsole backup lock"),
            autocommit=True,
        )
    except psycopg.Error as error:
        raise BackupError(f"the database's owner cannot connect: {str(error).strip()}") from error
    async with connection:
        await connection.execute("set idle_session_timeout = 0")
        row = await (await connection.execute(queries.try_lock)).fetchone()
        if row != (True,):
            raise BusyError("another backup of this database is being made; wait for its end")
        try:
            yield
        finally:
            # The server frees it some time after we have left, and whoever is next finds it taken.
            with contextlib.suppress(psycopg.Error):
                await connection.execute(queries.unlock)


async def _in_thread(work: Callable[[Abort], T]) -> T:
    """Work in a thread. When we are cancelled it is ended, and has a moment to tidy up behind it."""
    abort = Abort()
    task = asyncio.create_task(asyncio.to_thread(work, abort))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        abort()
        await asyncio.wait({task}, timeout=TIDYING_SECONDS)
        if task.done():
            task.exception()  # else it would be reported as never looked at
        raise
