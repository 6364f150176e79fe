"""Whole runs of a backup, and the daily one: state, audit, alerts."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import procrastinate
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from backend.alerts.actions import acknowledge_alert
from backend.backup import restore
from backend.backup.daily import back_up_when_due, watch
from backend.backup.retention import SUSPECT, file_name
from backend.backup.run import Plan, back_up
from backend.core.database import Database
from backend.core.keys import Key
from backend.core.settings import Settings
from backend.runtime import jobs
from models.backup import BackupRun, BackupState
from tests.backend.backup.fixtures import (
    KEY,
    KEY_TEXT,
    Opened,
    alerts,
    audited,
    names,
    one,
    scratch_left,
)

# Whole runs: state, audit, alerts


def tampering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the audit positions of the scratch database between restore and check."""
    pour = restore._pour

    def broken(file: Path, key: Key, url: str, *rest: Any) -> None:
        pour(file, key, url, *rest)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set session_replication_role = replica")  # its owner gets around the triggers
            connection.execute("update audit_position set seq = 99999 where position = 7")

    monkeypatch.setattr(restore, "_pour", broken)


async def test_a_good_run_is_written_down_and_audited(full_url: str, open_database: Opened, tmp_path: Path) -> None:
    async with open_database() as db:
        run = await back_up(db, Plan(full_url, tmp_path, KEY, scheduled=True))
    assert (run.state, run.detail, run.rows["orders"]) == (BackupState.OK, "", 3000)
    assert run.tested_at is not None
    assert Path(run.file).stat().st_size == run.bytes
    assert run.sha256 == hashlib.sha256(Path(run.file).read_bytes()).hexdigest()
    assert audited(full_url) == ["operations.backup.made", "operations.backup.restore_tested"]
    assert alerts(full_url) == []


async def test_a_tampered_restore_is_a_failed_backup_and_raises_the_alert(
    full_url: str, open_database: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(full_url, tmp_path, KEY, scheduled=True)
    async with open_database() as db:
        with monkeypatch.context() as patch:
            tampering(patch)
            run = await back_up(db, plan)
        assert (run.state, run.detail) == (BackupState.FAILED, "1 audit positions have no row")
        assert names(tmp_path) == [Path(run.file).name]
        assert run.file.endswith(SUSPECT)
        assert alerts(full_url) == [("daily", "The daily backup cannot be restored", "P2", "active", False)]
        assert scratch_left(full_url) == []
        assert (await back_up(db, plan)).state is BackupState.OK
        assert alerts(full_url) == [("daily", "The daily backup cannot be restored", "P2", "active", True)]
        alert_id = one(full_url, "select id from alert where valid_to = 'infinity'")
        async with db.transaction() as tx:
            await acknowledge_alert(tx, actor="jane", alert_id=alert_id, version=2, comment="seen")
    assert audited(full_url) == [
        "operations.backup.made",
        "operations.backup.restore_test_failed",
        "alerts.alert.raised",
        "operations.backup.made",
        "operations.backup.restore_tested",
        "alerts.alert.returned",
        "alerts.alert.acknowledged",
        "alerts.alert.cleared",
    ]


async def test_a_login_that_may_create_no_database_leaves_it_untested(
    full_url: str, open_database: Opened, tmp_path: Path
) -> None:
    role = f"owner_{uuid4().hex[:8]}"
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute(f"create role {role} login in role pg_read_all_data, opsconsole_app".encode())
    try:
        async with open_database() as db:
            url = make_conninfo(full_url, user=role)
            run = await back_up(db, Plan(url, tmp_path, KEY, scheduled=True))
    finally:
        with psycopg.connect(full_url, autocommit=True) as connection:
            connection.execute(f"drop role {role}".encode())
    assert run.state is BackupState.UNTESTED
    assert f"`alter role {role} createdb`" in run.detail
    assert names(tmp_path) == [Path(run.file).name]
    assert alerts(full_url) == [("daily", "The daily backup was made but not tested", "P3", "active", False)]


@pytest.mark.expects_errors("backup failed")
async def test_one_by_hand_touches_no_alert(full_url: str, open_database: Opened, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    async with open_database() as db:
        run = await back_up(db, Plan(full_url, tmp_path / "file" / "folder", KEY, scheduled=False))
    assert (run.state, run.file) == (BackupState.FAILED, "")
    assert "choose another folder" in run.detail
    assert alerts(full_url) == []


# The day


@pytest.fixture
def daily_settings(settings: Settings, full_url: str, tmp_path: Path) -> Settings:
    return settings.model_copy(
        update={
            "backup_folder": tmp_path / "backups",
            "backup_key": SecretStr(KEY_TEXT),
            "backup_database_url": full_url,
            # Never within the test, whatever the time of day is.
            "backup_at": f"{datetime.now(UTC) - timedelta(hours=1):%H:%M}",
        }
    )


def move(url: str, hours: float) -> None:
    """Let everything about backups have happened so many hours earlier."""
    with psycopg.connect(url, autocommit=True) as connection:
        interval = timedelta(hours=hours)
        connection.execute(
            "update backup_run set started_at = started_at - %s, finished_at = finished_at - %s", (interval, interval)
        )
        connection.execute(
            # Seen just now: the template was made when the tests began, which may be long ago.
            "update backup_watch set expected_since = expected_since - %s, listening_since = listening_since - %s,"
            " seen_at = clock_timestamp()",
            (interval, interval),
        )


async def test_the_daily_one_is_made_once_and_old_ones_are_forgotten(
    daily_settings: Settings, full_url: str, open_database: Opened
) -> None:
    folder = daily_settings.backup_folder
    assert folder is not None
    folder.mkdir()
    today = datetime.now(UTC)
    old = [file_name(today - timedelta(days=n)) for n in range(1, 300)]
    for name in old:
        (folder / name).touch()
    async with open_database() as db:
        assert await back_up_when_due(db, daily_settings) is None, "its time has not come round yet"
        move(full_url, 24)
        run = await back_up_when_due(db, daily_settings)
        assert run is not None
        assert (run.state, run.scheduled) == (BackupState.OK, True)
        assert await back_up_when_due(db, daily_settings) is None
    left = names(folder)
    assert Path(run.file).name in left
    assert 7 <= len(left) <= 17
    assert set(old[:6]) <= set(left)


async def test_a_failed_one_is_tried_again_in_an_hour(
    daily_settings: Settings, full_url: str, open_database: Opened
) -> None:
    lost = daily_settings.model_copy(update={"backup_key": None, "backup_key_file": Path("/nowhere/backup.key")})
    move(full_url, 24)
    async with open_database() as db:
        run = await back_up_when_due(db, lost)
        assert run is not None
        assert "the key file /nowhere/backup.key cannot be read" in run.detail
        assert alerts(full_url) == [("daily", "The daily backup failed", "P2", "active", False)]
        assert await back_up_when_due(db, daily_settings) is None
        move(full_url, 1)
        run = await back_up_when_due(db, daily_settings)
        assert run is not None
        assert run.state is BackupState.OK


async def test_none_for_26_hours_raises_an_alert(
    daily_settings: Settings, full_url: str, open_database: Opened
) -> None:
    raised = ("missing", "No backup for more than a day", "P2", "active", False)
    async with open_database() as db:
        await back_up(db, Plan(full_url, daily_settings.backup_folder or Path(), KEY, scheduled=True))
        move(full_url, 25.9)
        await watch(db, daily_settings)
        assert alerts(full_url) == []
        move(full_url, 0.2)
        await watch(db, daily_settings)
        await watch(db, daily_settings)
        assert alerts(full_url) == [raised]
        assert (await back_up_when_due(db, daily_settings) or run_missing()).state is BackupState.OK
        await watch(db, daily_settings)
        assert alerts(full_url) == [(*raised[:4], True)]


def run_missing() -> BackupRun:
    raise AssertionError("no backup was due")


async def test_whoever_was_switched_off_makes_up_for_it_before_anything_is_missing(
    daily_settings: Settings, full_url: str, open_database: Opened
) -> None:
    move(full_url, 72)
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute("update backup_watch set seen_at = now() - interval '71 h'")
    async with open_database() as db:
        await watch(db, daily_settings)
        assert alerts(full_url) == []
        assert (await back_up_when_due(db, daily_settings) or run_missing()).state is BackupState.OK


async def test_what_is_not_set_up_says_what_to_set_and_off_is_off(
    settings: Settings, full_url: str, open_database: Opened
) -> None:
    move(full_url, 27)
    async with open_database() as db:
        assert await back_up_when_due(db, settings) is None
        off = settings.model_copy(update={"backup_at": "off"})
        await watch(db, off)
        assert alerts(full_url) == []
        await watch(db, settings)
        guidance = one(full_url, "select guidance from alert")
        assert guidance.startswith("Set OPSCONSOLE_BACKUP_FOLDER and OPSCONSOLE_BACKUP_KEY_FILE for the worker")
        await watch(db, off)
        assert alerts(full_url)[0][4], "it has passed"


def test_the_worker_does_it_by_itself(daily_settings: Settings, full_url: str) -> None:
    """Through the job queue, with the settings of its environment."""

    async def run() -> None:
        database = Database(daily_settings.database_url or "", statement_seconds=1.0)
        await database.open()
        app = jobs.job_app(daily_settings.database_url or "")
        async with app.open_async():
            task = app.tasks["opsconsole:backup.daily"]
            await task.defer_async(timestamp=0)
            with pytest.raises(procrastinate.exceptions.AlreadyEnqueued):
                await task.defer_async(timestamp=0)
        worker = asyncio.create_task(jobs.work(daily_settings.database_url or "", database, daily_settings))
        try:
            async with asyncio.timeout(60):
                while one(full_url, "select state from backup_run") != "ok":
                    await asyncio.sleep(0.1)
        finally:
            worker.cancel()
            await asyncio.wait({worker})
            await database.close()

    move(full_url, 24)
    asyncio.run(run())
