"""Backups of a real database: there and back again, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import procrastinate
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from backend import jobs, processes
from backend.alerts.actions import acknowledge_alert
from backend.audit import queries as audit_queries
from backend.backup import BackupError, UntestedError, actions, archive, restore
from backend.backup.archive import Made, make
from backend.backup.audit_check import verify_audit
from backend.backup.daily import back_up_when_due, watch
from backend.backup.postgres import Abort, connected
from backend.backup.restore import SCRATCH, restore_test
from backend.backup.retention import SUSPECT, file_name
from backend.backup.run import BusyError, Plan, back_up
from backend.backup.sealed import Key
from backend.database import Database
from backend.migrations.migrate import newest
from backend.settings import Settings
from models.backup import BackupRun, BackupState
from tests.conftest import Api

Opened = Callable[[], Any]
KEY_TEXT = Key.make()
KEY = Key.read(KEY_TEXT, "a test")
NOW = datetime(2026, 11, 24, 2, 15, tzinfo=UTC)
SECRET = b"jane@customer.example"

FILL = """
insert into orders (id, placed_at, settled_at, customer_id, country, currency, minor)
select 'o' || n, now() - n * interval '1 min', now(), 'jane@customer.example', 'DE', 'EUR', n
  from generate_series(1, 3000) as n;
insert into audit_log (actor, action, resource_type, resource_id, after)
select 'test', 'test.thing.changed', 'thing', n::text, jsonb_build_object('n', n) from generate_series(1, 500) as n;
"""


@pytest.fixture
def full_url(owner_url: str) -> str:
    """The owner's address of a database with orders and a stamped audit log."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(FILL)
        # A transaction anywhere on the server, of another test too, holds the relay back for its length.
        for _ in range(1_000):
            connection.execute(audit_queries.stamp)
            if connection.execute(audit_queries.lag).fetchone() == (0.0,):
                return owner_url
            time.sleep(0.01)
    raise AssertionError("the relay was held back for 10 s")


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    yield make_conninfo(postgres_url, dbname=name)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def made_of(url: str, folder: Path) -> Made:
    return make(url, folder, KEY, NOW, Abort())


def one(url: str, statement: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return None if row is None else row[0]


def scratch_left(url: str) -> list[str]:
    """Scratch databases of this one that still exist."""
    with psycopg.connect(url) as connection:
        prefix = f"{SCRATCH}_{archive.identity(connection)}_"
        found = connection.execute(archive.queries.left_over, {"prefix": prefix}).fetchall()
    return [name for (name,) in found]


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def audited(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select action from audit_log where resource_type in ('backup', 'alert') order by seq"
        ).fetchall()
    return [action for (action,) in rows]


def alerts(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "select key, title, severity, state, returned_at is not null from alert "
            "where source = 'backup' and valid_to = 'infinity' order by key"
        ).fetchall()


# There and back


def test_there_and_back_again(full_url: str, empty_url: str, tmp_path: Path) -> None:
    made = made_of(full_url, tmp_path)
    assert names(tmp_path) == ["opsconsole-20261124T021500Z.backup"]
    assert (made.file.stat().st_mode & 0o777, made.file.stat().st_size) == (0o600, made.bytes)
    assert SECRET not in made.file.read_bytes()
    assert (made.manifest.rows["orders"], made.manifest.revision) == (3000, newest())
    manifest = restore.restore(made.file, KEY, empty_url, Abort())
    assert manifest == made.manifest
    for statement in (
        "select md5(string_agg(o::text, '' order by id)) from orders as o",
        "select md5(string_agg(a::text, '' order by seq)) from audit_log as a",
        "select md5(string_agg(p::text, '' order by position)) from audit_position as p",
    ):
        assert one(empty_url, statement) == one(full_url, statement)


async def test_what_was_restored_works_with_the_application_role(full_url: str, empty_url: str, tmp_path: Path) -> None:
    made = await asyncio.to_thread(made_of, full_url, tmp_path)
    await asyncio.to_thread(restore.restore, made.file, KEY, empty_url, Abort())
    database = Database(empty_url)
    await database.open()
    try:
        async with database.transaction() as tx:
            await tx.execute(audit_queries.stamp)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await tx.execute("delete from audit_log")
    finally:
        await database.close()


def test_only_an_empty_database_is_restored_into(full_url: str, tmp_path: Path) -> None:
    made = made_of(full_url, tmp_path)
    before = one(full_url, "select count(*) from orders")
    with pytest.raises(BackupError, match="is not empty; a backup is restored into an empty one only"):
        restore.restore(made.file, KEY, full_url, Abort())
    assert one(full_url, "select count(*) from orders") == before


def test_a_newer_backup_needs_a_newer_program(
    full_url: str, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_of(full_url, tmp_path)
    monkeypatch.setattr(restore, "newest", lambda: "0001")
    with pytest.raises(BackupError, match="install a newer one"):
        restore.restore(made.file, KEY, empty_url, Abort())
    assert not one(empty_url, "select count(*) from pg_tables where schemaname = 'public'")


@pytest.mark.parametrize("trouble", ["wrong key", "cut off", "flipped byte"])
def test_a_bad_file_is_refused_before_anything_is_written(
    full_url: str, empty_url: str, tmp_path: Path, trouble: str
) -> None:
    file, key = made_of(full_url, tmp_path).file, KEY
    data = bytearray(file.read_bytes())
    match trouble:
        case "wrong key":
            key, words = Key.read(Key.make(), "another"), "was made with another key"
        case "cut off":
            data, words = data[:-1], "is cut off: its end is missing"
        case _:
            data[len(data) // 2] ^= 1
            words = "is damaged: bytes in it have changed"
    file.write_bytes(data)
    with pytest.raises(BackupError, match=words):
        restore.restore(file, key, empty_url, Abort())
    assert not one(empty_url, "select count(*) from pg_tables where schemaname = 'public'")


async def test_a_running_backup_holds_up_neither_writers_nor_the_relay(
    full_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot is a long transaction; were it given an id, no audit row would be stamped for as long."""
    seen: list[tuple[int, int]] = []
    dump = archive._dump

    def slow(*arguments: Any) -> Any:
        with psycopg.connect(full_url, autocommit=True) as connection:
            connection.execute(
                "insert into audit_log (actor, action, resource_type, resource_id) values ('a','b','c','d')"
            )
            connection.execute(audit_queries.stamp)
        seen.append(
            (one(full_url, "select count(*) from audit_log"), one(full_url, "select position from audit_relay"))
        )
        return dump(*arguments)

    monkeypatch.setattr(archive, "_dump", slow)
    made = await asyncio.to_thread(made_of, full_url, tmp_path)
    assert seen == [(501, 501)]
    assert made.manifest.rows["audit_log"] == 500, "the counts are those of the snapshot"
    wrong = await asyncio.to_thread(restore_test, made.file, KEY, full_url, NOW, Abort())
    assert wrong is None


# What goes wrong while one is made


def child(url: str, folder: Path, *, limit: int | None = None) -> subprocess.Popen[str]:
    """``opsconsole backup`` as a process of its own, with the largest file it may write."""

    def limited() -> None:
        import resource

        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.Popen(
        processes.command("backup", "--database-url", url, "--to", str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OPSCONSOLE_BACKUP_KEY": KEY_TEXT},
        preexec_fn=limited,  # noqa: PLW1509 - a test without threads
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits on files are POSIX")
def test_without_room_no_half_file_is_left(full_url: str, tmp_path: Path) -> None:
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute(
            "insert into orders (id, placed_at, currency, minor) select gen_random_uuid(), now(), 'EUR', 1 "
            "from generate_series(1, 60000)"
        )
    ended = child(full_url, tmp_path, limit=1_500_000)
    output, words = ended.communicate(timeout=60)
    assert (ended.returncode, output) == (1, "")
    assert "no backup was made: there is no room left in" in words
    assert names(tmp_path) == []
    assert audited(full_url) == ["operations.backup.failed"]


def test_a_failing_disk_is_told_and_nothing_is_left(
    full_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(archive.os, "fsync", broken)
    with pytest.raises(BackupError, match=r"it cannot be written \(Input/output error\)"):
        made_of(full_url, tmp_path)
    assert names(tmp_path) == []


def test_a_dump_that_fails_gives_its_words(full_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"pg_dump: .*user may lack SELECT privilege"):
        made_of(make_conninfo(full_url, user="opsconsole_app"), tmp_path)
    assert names(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_killed_in_the_middle_leaves_no_backup_and_the_next_one_tidies_up(full_url: str, tmp_path: Path) -> None:
    killed = child(full_url, tmp_path)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("*.part")):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=10)
    (left,) = names(tmp_path)
    assert left.endswith(".part")
    (tmp_path / "opsconsole-20261101T000000Z.backup.00000000.part").touch()  # somebody else's
    made = made_of(full_url, tmp_path)
    assert names(tmp_path) == ["opsconsole-20261101T000000Z.backup.00000000.part", made.file.name]


async def test_cancelled_in_the_middle_it_ends_at_once_and_frees_the_way(
    full_url: str, open_database: Opened, tmp_path: Path
) -> None:
    plan = Plan(full_url, tmp_path, KEY, scheduled=True)
    async with open_database() as db:
        task = asyncio.create_task(back_up(db, plan))
        async with asyncio.timeout(30):
            while not list(tmp_path.glob("*.part")):
                await asyncio.sleep(0.001)
        with pytest.raises(BusyError, match="another backup of this database is being made"):
            await back_up(db, plan)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 2
        assert names(tmp_path) == []
        assert (await back_up(db, plan)).state is BackupState.OK


# The restore test


def test_the_scratch_database_is_dropped_in_any_case(full_url: str, tmp_path: Path) -> None:
    made = made_of(full_url, tmp_path)
    seen: list[list[str]] = []

    def judge(url: str) -> str | None:
        seen.append(scratch_left(full_url))
        raise psycopg.OperationalError("the judge fell over")

    assert restore_test(made.file, KEY, full_url, NOW, Abort()) is None
    assert scratch_left(full_url) == []
    with pytest.raises(UntestedError, match="the judge fell over"):
        restore_test(made.file, KEY, full_url, NOW, Abort(), judge)
    assert [len(found) for found in seen] == [1]
    assert scratch_left(full_url) == []


def test_what_a_killed_test_left_is_dropped_first(full_url: str, owner_url: str, tmp_path: Path) -> None:
    made = made_of(full_url, tmp_path)
    with connected(full_url) as connection:
        left = f"{SCRATCH}_{archive.identity(connection)}_20261101t000000z"
        foreign = f"{SCRATCH}_00000000_{uuid4().hex[:12]}"
        for name in (left, foreign):
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            assert restore_test(made.file, KEY, full_url, NOW, Abort()) is None
            assert scratch_left(full_url) == []
            assert connection.execute("select 1 from pg_database where datname = %s", (foreign,)).fetchone()
        finally:
            connection.execute(sql.SQL("drop database {}").format(sql.Identifier(foreign)))


TAMPERING = {
    "a position without its row": (
        "update audit_position set seq = 99999 where position = 7",
        "1 audit positions have no row",
    ),
    "two positions of one row": (
        "update audit_position set seq = (select seq from audit_position where position = 8) where position = 7",
        "audit rows have more than one position",
    ),
    "a position is missing": (
        "delete from audit_position where position = 7",
        "audit positions are not dense: 499 of them reach from 1 to 500, the relay's mark is 500",
    ),
    "the newest positions are missing": (
        "delete from audit_position where position > 490",
        "audit positions are not dense: 490 of them reach from 1 to 490, the relay's mark is 500",
    ),
    "a row without its position": (
        "delete from audit_position where position = 500; update audit_relay set position = 499",
        "1 audit rows have lost their position",
    ),
    "no mark": ("delete from audit_relay", "the audit log has lost its relay's mark"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_an_audit_log_that_was_tampered_with_is_not_whole(full_url: str, how: str) -> None:
    assert verify_audit(full_url) is None
    statement, words = TAMPERING[how]
    with psycopg.connect(full_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # its owner gets around the triggers
        connection.execute(statement.encode())
    assert verify_audit(full_url) == words


def test_rows_that_were_lost_are_told(full_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_of(full_url, tmp_path)
    pour = restore._pour

    def lossy(file: Path, key: Key, url: str, *rest: Any) -> None:
        pour(file, key, url, *rest)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("delete from orders where id = 'o7'; drop table heartbeat")

    monkeypatch.setattr(restore, "_pour", lossy)
    wrong = restore_test(made.file, KEY, full_url, NOW, Abort())
    assert wrong is not None
    assert "orders has 2999 rows instead of 3000" in wrong


@pytest.mark.parametrize("gone", [False, True])
def test_trouble_of_the_server_says_nothing_about_the_backup(
    full_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    made = made_of(full_url, tmp_path)

    def refused(*_arguments: Any) -> None:
        if gone:
            with psycopg.connect(full_url, autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                    "and datname = current_database()"
                )
            raise BackupError("pg_restore: server closed the connection unexpectedly")
        raise BackupError("pg_restore: could not extend file: No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(restore, "_pour", refused)
        with pytest.raises(UntestedError, match="interrupted" if gone else "no room for the restore test"):
            restore_test(made.file, KEY, full_url, NOW, Abort())
    assert restore_test(made.file, KEY, full_url, NOW, Abort()) is None
    assert scratch_left(full_url) == []


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


# Over HTTP and at the command line


def test_the_list_is_for_auditors_and_pages(api: Api, tmp_path: Path) -> None:
    async def fill() -> None:
        database = Database(api.settings.database_url or "")
        await database.open()
        for number in range(5):
            async with database.transaction() as tx:
                await actions.record_failed(
                    tx, actor="test", started_at=NOW + timedelta(hours=number), scheduled=False, why=f"no {number}"
                )
        await back_up(database, Plan(api.owner_url, tmp_path, KEY, scheduled=False))
        await database.close()

    asyncio.run(fill())
    with httpx.Client(base_url=f"{api.base_url}/api/operations", headers=api.headers("administrator")) as client:
        page = client.get("/backups?limit=4").json()
        newest_run, *older = page["items"]
        assert newest_run["state"] == "ok"
        assert newest_run["rows"]["account"] > 0
        assert [run["detail"] for run in older] == ["no 4", "no 3", "no 2"]
        rest = client.get("/backups", params={"limit": 4, "cursor": page["nextCursor"]}).json()
        assert [run["detail"] for run in rest["items"]] == ["no 1", "no 0"]
        assert rest["nextCursor"] is None
        then = client.get("/backups", params={"asOf": newest_run["finishedAt"]}).json()["items"][0]
        assert (then["state"], then["testedAt"]) == ("untested", None)
        assert client.get("/backups?cursor=nonsense").status_code == 422
        denied = client.get("/backups", headers=api.headers("viewer"))
        assert (denied.status_code, denied.json()["permission"]) == (403, "operations.view_audit")


def command(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        processes.command(*arguments), capture_output=True, text=True, check=False, env={**os.environ, **more}
    )


def test_a_data_folder_there_and_back(tmp_path: Path) -> None:
    """From one embedded installation into a new one, as a person does it."""
    data, new, to = tmp_path / "data", tmp_path / "new", tmp_path / "to"
    done = command("backup", "--data-dir", str(data), "--to", str(to))
    assert done.returncode == 0, done.stderr
    file = done.stdout.strip()
    assert "restored for a test and found whole" in done.stderr
    assert (data / "backup.key").stat().st_mode & 0o777 == 0o600
    listed = command("restore", file, "--list", "--data-dir", str(data))
    assert listed.returncode == 0, listed.stderr
    assert f"revision {newest()}, PostgreSQL 18" in listed.stdout
    assert re.search(r"\d  role_definition$", listed.stdout, re.MULTILINE)
    refused = command("restore", file, "--data-dir", str(new))
    assert (refused.returncode, "there is no key" in refused.stderr, new.exists()) == (1, True, False)
    key_file = str(data / "backup.key")
    busy = command("restore", file, "--data-dir", str(data), "--key-file", key_file)
    assert (busy.returncode, "is not empty" in busy.stderr) == (1, True), busy.stderr
    restored = command("restore", file, "--data-dir", str(new), "--key-file", key_file)
    assert restored.returncode == 0, restored.stderr
    assert (new / "backup.key").read_text() == (data / "backup.key").read_text()
    taken_over = command("backup", "--data-dir", str(new), "--to", str(to / "second"))
    assert taken_over.returncode == 0, taken_over.stderr


def test_the_command_line_says_what_is_missing(full_url: str, tmp_path: Path) -> None:
    none = command("backup", "--database-url", full_url, "--to", str(tmp_path))
    assert (none.returncode, "openssl rand -base64 32" in none.stderr) == (1, True), none.stderr
    where = command("restore", str(tmp_path / "x.backup"))
    assert (where.returncode, "--data-dir of a new folder" in where.stderr) == (2, True), where.stderr
    gone = command("restore", str(tmp_path / "x.backup"), "--list", OPSCONSOLE_BACKUP_KEY=KEY_TEXT)
    assert (gone.returncode, "cannot be read" in gone.stderr) == (1, True), gone.stderr
