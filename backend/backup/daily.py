"""The daily backup: a job that makes one when it is due, and a watch that tells when none was made."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import procrastinate

from backend.backup import actions, due, reads
from backend.backup.audit_check import sealed_audit_check
from backend.backup.errors import BackupError
from backend.backup.keys import key_of
from backend.backup.retention import Keep, prune
from backend.backup.run import BusyError, Plan, back_up
from backend.core.audit_trail import WORKER
from backend.core.clock import clock
from backend.core.database import Database
from backend.core.logs import logger
from backend.core.settings import Settings
from models.backup import BackupRun, BackupState

log = logger(__name__)

GAP = timedelta(minutes=5)
"""The watch looks every minute; a longer silence means that we were switched off."""

blueprint = procrastinate.Blueprint()


@blueprint.periodic(cron="*/5 * * * *", queueing_lock="backup")
@blueprint.task(name="backup.daily", queue="core", queueing_lock="backup", pass_context=True)
async def daily(context: procrastinate.JobContext, timestamp: int) -> None:
    """Make the backup of the day as soon as it is due: at its time, or when we are switched on after it."""
    del timestamp
    database = cast("Database", context.additional_context["database"])
    settings = cast("Settings", context.additional_context["settings"])
    await back_up_when_due(database, settings)


async def back_up_when_due(database: Database, settings: Settings) -> BackupRun | None:
    """Make a backup if one is due and backups are set up; ``None`` when not. Then forget those that had their time."""
    at = settings.backup_time
    if at is None or setup_words(settings) is not None:
        return None
    async with database.read() as connection:
        if not due.due(await reads.history(connection), at):
            return None
    try:
        plan = _plan(settings)
        run = await back_up(database, plan)
    except BusyError:
        return None
    except BackupError as error:
        # The key or the owner's login: nothing was begun, but it counts as a failed attempt.
        async with database.transaction() as tx:
            started_at = await clock(tx)
            return await actions.record_failed(tx, actor=WORKER, started_at=started_at, scheduled=True, why=str(error))
    if run.state is not BackupState.FAILED:
        await _forget(plan.folder, settings)
    return run


async def watch(database: Database, settings: Settings) -> None:
    """Raise an alert when no backup was made for 26 h; take it back when there is one or none is wanted."""
    async with database.transaction() as tx:
        listening_since = await actions.look(tx, GAP)
        wanted = settings.backup_time is not None
        if wanted and due.missing(await reads.history(tx), listening_since):
            words = setup_words(settings) or (
                "Look at GET /api/operations/backups, at the log of the worker and at failed jobs."
            )
            await actions.tell_missing(tx, guidance=words)
        else:
            await actions.tell_present(tx)


def setup_words(settings: Settings) -> str | None:
    """What must be set before a daily backup can be made; ``None`` when nothing is missing."""
    missing = []
    if settings.backup_folder is None:
        missing.append("OPSCONSOLE_BACKUP_FOLDER")
    if settings.backup_key is None and settings.backup_key_file is None:
        missing.append("OPSCONSOLE_BACKUP_KEY_FILE")
    if not missing:
        return None
    return f"Set {' and '.join(missing)} for the worker, or OPSCONSOLE_BACKUP_AT=off when others see to backups."


def _plan(settings: Settings) -> Plan:
    url = settings.backup_database_url or settings.database_url
    assert url is not None  # noqa: S101 - a worker has a database
    return Plan(
        url, settings.backup_folder or Path(), key_of(settings), scheduled=True, verify=sealed_audit_check(settings)
    )


async def _forget(folder: Path, settings: Settings) -> None:
    keep = Keep(settings.backup_keep_daily, settings.backup_keep_weekly, settings.backup_keep_monthly)
    try:
        gone = await asyncio.to_thread(prune, folder, keep)
    except OSError as error:
        log.warning("old backups were not deleted", folder=str(folder), reason=str(error))
    else:
        if gone:
            log.info("old backups deleted", files=gone)
