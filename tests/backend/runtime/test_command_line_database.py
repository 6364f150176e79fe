"""``migrate``, ``account`` and ``import orders`` as a person runs them: processes of their own on a real database."""

from __future__ import annotations

import os
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from argon2 import PasswordHasher

from backend.core import processes


def _run(url: str, *arguments: str, said: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        processes.command(*arguments, "--database-url", url),
        capture_output=True,
        text=True,
        check=False,
        input=said,
        env={**os.environ, **more},
    )


def test_migrate_may_run_as_often_as_one_likes(owner_url: str) -> None:
    for _ in range(2):
        done = _run(owner_url, "migrate")
        assert done.returncode == 0, done.stderr


def test_account_is_created_and_changed(owner_url: str, database_url: str) -> None:
    for role, more in (("viewer", ["--no-password"]), ("support-lead", [])):
        done = _run(database_url, "account", "ada", "--role", role, *more, said="a long enough password\n")
        assert (done.returncode, done.stdout) == (0, f"ada may sign in as {role}\n"), done.stderr
    with psycopg.connect(owner_url) as connection:
        roles = connection.execute("select count(*) from audit_log where resource_id = 'ada'").fetchone()
        stored = connection.execute("select password_hash from account where id = 'ada'").fetchone()
    assert roles is not None
    assert roles[0] >= 1
    assert stored is not None
    assert PasswordHasher().verify(stored[0], "a long enough password")
    assert not PasswordHasher().check_needs_rehash(stored[0]), "in earnest it costs what argon2 recommends"


def test_what_a_file_does_not_say_is_asked_for_with_the_command_to_run(
    owner_url: str, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "the orders.csv"
    file.write_text("order_id;placed_at;total\nS-1;03.11.2026 14:05;12,500\nS-2;03/04/2026 14:05;1\n", encoding="utf-8")
    monkeypatch.setenv("TZ", "Europe/Paris")
    refused = _run(database_url, "import", "orders", str(file), "--currency", "EUR")
    assert refused.returncode == 1
    words, *commands = refused.stderr.rstrip("\n").splitlines()[-5:]
    assert words == "Run it again, as it is meant:"
    given = ["opsconsole", "import", "orders", str(file), "--currency", "EUR", "--database-url", database_url]
    assert [shlex.split(command) for command in commands] == [
        [*given, "--dates", dates, "--decimal", sign] for dates in ("day-first", "month-first") for sign in (",", ".")
    ], "each of them is what it says"
    file.write_text("order_id;placed_at;total\nS-1;24.11.2026 14:05;12,50\n", encoding="utf-8")
    refused = _run(database_url, "import", "orders", str(file), "--currency", "EUR")
    command = refused.stderr.rstrip("\n").splitlines()[-1]
    assert command.endswith("--time-zone Europe/Paris"), "offered, not taken for the shop's"
    done = _run(database_url, *shlex.split(command)[1:])
    assert done.returncode == 0, done.stderr
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select id, minor, placed_at from orders").fetchall() == [
            ("S-1", 1250, datetime(2026, 11, 24, 13, 5, tzinfo=UTC))
        ]


def test_orders_are_imported_and_a_broken_file_is_refused(owner_url: str, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("nr,placed_at,total\na,2026-01-01T10:00:00,1.50\nb,2026-01-02T10:00:00,-0.50\n", encoding="utf-8")
    columns = ("--columns", "order_id=nr", "--currency", "EUR", "--time-zone", "UTC", "--shift-to-now")
    done = _run(database_url, "import", "orders", str(file), *columns)
    assert done.returncode == 0, done.stderr
    assert "orders: 1 new" in done.stdout
    file.write_text("nr,placed_at,total\nc,yesterday,1\n", encoding="utf-8")
    refused = _run(database_url, "import", "orders", str(file), *columns)
    assert refused.returncode == 1
    assert "line 2, column placed_at: 'yesterday' is no date" in refused.stderr
    assert "Traceback" not in refused.stderr
    with psycopg.connect(owner_url) as connection:
        assert connection.execute("select id from orders").fetchall() == [("a",)]
