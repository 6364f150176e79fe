"""Backups over HTTP and at the command line."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from datetime import timedelta
from pathlib import Path

import httpx

from backend.backup import actions
from backend.backup.run import Plan, back_up
from backend.core import processes
from backend.core.database import Database
from backend.migrations.revisions import as_text, newest
from tests.backend.backup.fixtures import (
    KEY,
    KEY_TEXT,
    NOW,
)
from tests.conftest import Api


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
    assert f"revision {as_text(newest())}, PostgreSQL 18" in listed.stdout
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
