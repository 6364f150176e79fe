"""``migrate``, ``account`` and ``import orders`` as a person runs them: processes of their own on a real database."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psycopg
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
