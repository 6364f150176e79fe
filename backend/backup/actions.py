"""Everything that changes what is known of backups. Each change is audited in the transaction that makes it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from backend.alerts import clear_condition, raise_alert
from backend.backup.archive import Made, queries
from backend.core import audit_trail
from backend.core.database import Connection
from models.alerts import Severity
from models.backup import BackupRun, BackupState

SOURCE = "backup"
DAILY, MISSING = "daily", "missing"
BY_HAND = "Make one by hand meanwhile: opsconsole backup --to FOLDER"


async def record_made(tx: Connection, *, actor: str, started_at: datetime, scheduled: bool, made: Made) -> BackupRun:
    """A backup was made; nothing is known yet of how good it is."""
    row = {
        "started_at": started_at,
        "scheduled": scheduled,
        "file": str(made.file),
        "bytes": made.bytes,
        "sha256": made.sha256,
        "state": BackupState.UNTESTED,
        "detail": "",
        "rows": Jsonb(made.manifest.rows),
    }
    run = await _write_run(tx, queries.insert_run, row)
    await _audit(tx, actor, "operations.backup.made", run)
    return run


async def record_failed(tx: Connection, *, actor: str, started_at: datetime, scheduled: bool, why: str) -> BackupRun:
    """No backup was made."""
    row = {
        "started_at": started_at,
        "scheduled": scheduled,
        "file": "",
        "bytes": None,
        "sha256": None,
        "state": BackupState.FAILED,
        "detail": why,
        "rows": Jsonb({}),
    }
    run = await _write_run(tx, queries.insert_run, row)
    await _audit(tx, actor, "operations.backup.failed", run)
    await _alert(tx, run, "The daily backup failed", Severity.P2)
    return run


async def record_tested(
    tx: Connection, *, actor: str, run: BackupRun, state: BackupState, file: str, why: str
) -> BackupRun:
    """A backup was restored for a test, or could not be; ``why`` says what was found, empty when it is good."""
    after = await _write_run(tx, queries.judge_run, {"id": run.id, "state": state, "file": file, "detail": why})
    actions = {
        BackupState.OK: "operations.backup.restore_tested",
        BackupState.UNTESTED: "operations.backup.not_tested",
        BackupState.FAILED: "operations.backup.restore_test_failed",
    }
    await _audit(tx, actor, actions[state], after, before=run)
    if state is BackupState.FAILED:
        await _alert(tx, after, "The daily backup cannot be restored", Severity.P2)
    elif state is BackupState.UNTESTED:
        await _alert(tx, after, "The daily backup was made but not tested", Severity.P3)
    elif after.scheduled:
        await clear_condition(tx, source=SOURCE, key=DAILY, actor=actor)
    return after


async def tell_missing(tx: Connection, *, guidance: str) -> None:
    """No backup has been made for too long."""
    await raise_alert(
        tx,
        source=SOURCE,
        key=MISSING,
        title="No backup for more than a day",
        severity=Severity.P2,
        guidance=f"{guidance}\n{BY_HAND}",
    )


async def tell_present(tx: Connection) -> None:
    """There is one again, or none is wanted."""
    await clear_condition(tx, source=SOURCE, key=MISSING)


async def look(tx: Connection, gap: timedelta) -> datetime:
    """Note that somebody looks after backups now; returns since when without a gap longer than ``gap``."""
    cursor = await tx.execute(queries.look, {"gap": gap})
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - the table has one row
    since: datetime = row[0]
    return since


async def _alert(tx: Connection, run: BackupRun, title: str, severity: Severity) -> None:
    if run.scheduled:
        guidance = f"{run.detail}\n{BY_HAND}"
        await raise_alert(tx, source=SOURCE, key=DAILY, title=title, severity=severity, guidance=guidance)


async def _write_run(tx: Connection, statement: Any, row: dict[str, Any]) -> BackupRun:
    async with tx.cursor(row_factory=class_row(BackupRun)) as cursor:
        await cursor.execute(statement, row)
        run = await cursor.fetchone()
    assert run is not None  # noqa: S101 - the statement returns the row it writes
    return run


async def _audit(tx: Connection, actor: str, action: str, run: BackupRun, before: BackupRun | None = None) -> None:
    await audit_trail.record(
        tx,
        actor=actor,
        action=action,
        resource_type="backup",
        resource_id=run.id,
        before=None if before is None else before.model_dump(mode="json", by_alias=True),
        after=run.model_dump(mode="json", by_alias=True),
        reason=run.detail or None,
    )
