"""Backups of a real database: there and back again, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.audit.relay import queries as audit_queries
from backend.backup import archive, restore
from backend.backup.errors import BackupError
from backend.backup.postgres import Abort
from backend.backup.restore import restore_test
from backend.backup.run import BusyError, Plan, back_up
from backend.core import processes
from backend.core.database import APPLICATION_ROLE, Database
from backend.core.keys import Key
from backend.migrations.revisions import as_text, newest
from models.backup import BackupState
from tests.backend.backup.fixtures import (
    KEY,
    KEY_TEXT,
    NOW,
    SECRET,
    Opened,
    audited,
    made_of,
    names,
    one,
)

# There and back


def test_there_and_back_again(full_url: str, empty_url: str, tmp_path: Path) -> None:
    made = made_of(full_url, tmp_path)
    assert names(tmp_path) == ["opsconsole-20261124T021500Z.backup"]
    assert (made.file.stat().st_mode & 0o777, made.file.stat().st_size) == (0o600, made.bytes)
    assert SECRET not in made.file.read_bytes()
    assert (made.manifest.rows["orders"], made.manifest.revision) == (3000, as_text(newest()))
    manifest = restore.restore(made.file, KEY, empty_url, Abort())
    assert manifest == made.manifest
    for statement in (
        "select md5(string_agg(o::text, '' order by id)) from orders as o",
        "select md5(string_agg(a::text, '' order by seq)) from audit_log as a",
        "select md5(string_agg(p::text, '' order by position)) from audit_position as p",
    ):
        assert one(empty_url, statement) == one(full_url, statement)


@pytest.mark.parametrize("plain", [False, True], ids=["superuser", "plain owner"])
def test_a_restore_that_does_not_verify_leaves_nothing(
    full_url: str, empty_url: str, tmp_path: Path, plain: bool
) -> None:
    made, url, role = made_of(full_url, tmp_path), empty_url, f"plain_{tmp_path.parent.name.replace('-', '_')}"
    if plain:
        name = conninfo_to_dict(empty_url)["dbname"]
        with psycopg.connect(empty_url, autocommit=True) as connection:
            for statement in ("create role {0} login", "grant {2} to {0}", "alter database {1} owner to {0}"):
                connection.execute(sql.SQL(statement).format(*map(sql.Identifier, (role, str(name), APPLICATION_ROLE))))
        url = make_conninfo(empty_url, user=role)
    with pytest.raises(BackupError, match=r"but its log is forged$"):
        restore.restore(made.file, KEY, url, Abort(), lambda _url: "its log is forged")
    assert one(empty_url, archive.queries.used) is False
    restore.restore(made.file, KEY, url, Abort())
    assert one(make_conninfo(empty_url, user=APPLICATION_ROLE), "select count(*) from orders") == 3000


def test_a_restore_that_cannot_be_taken_back_says_what_to_do(
    full_url: str, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = made_of(full_url, tmp_path)
    pour = restore._pour

    def pour_and_lose(*given: Any) -> None:
        pour(*given)
        monkeypatch.setattr(restore, "connect", lost)

    def lost(*_given: Any) -> Any:
        raise psycopg.OperationalError("the server has gone")

    monkeypatch.setattr(restore, "_pour", pour_and_lose)
    monkeypatch.setattr(restore, "differences", lambda *_given: "its log is forged")
    with pytest.raises(BackupError, match=r"the server has gone.*drop it and create it anew"):
        restore.restore(made.file, KEY, empty_url, Abort())


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


def test_a_newer_backup_needs_a_newer_program(full_url: str, empty_url: str, tmp_path: Path) -> None:
    with psycopg.connect(full_url) as connection:
        connection.execute("insert into alembic_version values ('alerts_9999')")
    made = made_of(full_url, tmp_path)
    assert made.manifest.revision == as_text({*newest(), "alerts_9999"})
    with pytest.raises(BackupError, match=r"at revision .*alerts_9999.*, newer than .*; install a newer one"):
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
            for _ in range(1_000):  # transactions of other tests on the same server hold the relay up for their length
                connection.execute(audit_queries.stamp)
                if one(full_url, "select position from audit_relay") == 501:
                    break
                time.sleep(0.01)
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
        task.cancel()
        async with asyncio.timeout(20):
            with pytest.raises(asyncio.CancelledError):
                await task
        assert names(tmp_path) == []
        assert (await back_up(db, plan)).state is BackupState.OK
