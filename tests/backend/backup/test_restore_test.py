"""Each backup is restored for a test: what that finds, and what it leaves behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from backend.backup import archive, restore
from backend.backup.audit_check import verify_audit
from backend.backup.errors import BackupError, UntestedError
from backend.backup.postgres import Abort, connect
from backend.backup.restore import SCRATCH, restore_test
from backend.core.keys import Key
from tests.backend.backup.fixtures import (
    KEY,
    NOW,
    made_of,
    scratch_left,
)


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
    with connect(full_url) as connection:
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
