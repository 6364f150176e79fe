"""Keys and checkpoints: whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backend.core import files
from backend.core.backoff import pause
from backend.core.settings import Settings
from backend.runtime.data_folder import KEYS, DataFolder
from backend.runtime.worker import to_next_turn

KILLED = """
import os, pathlib, signal, sys
from backend.core import files
path, what = pathlib.Path(sys.argv[1]), sys.argv[2]
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path.replace = os.link = die
getattr(files, what)(path, "new")
"""

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes and no SIGKILL")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@posix
@pytest.mark.parametrize("what", ["write", "create"])
def test_a_kill_before_the_name_leaves_what_was_there(tmp_path: Path, what: str) -> None:
    path = tmp_path / "a.key"
    if what == "write":
        files.write(path, "old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), what], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert (path.read_text() == "old") if what == "write" else not path.exists()
    (left,) = (each for each in tmp_path.iterdir() if each != path)
    assert left.read_text() == "new"
    getattr(files, what)(path, "newer")
    assert path.read_text() == "newer"


def test_what_was_created_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "1.checkpoint"
    files.create(path, "first")
    with pytest.raises(FileExistsError):
        files.create(path, "second")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_text() == "first"


@posix
def test_only_their_owner_reads_keys(tmp_path: Path, database_url: str) -> None:
    before = os.umask(0)
    try:
        folder = DataFolder(tmp_path)
        folder.settings(Settings(database_url=database_url), database_url)
        folder.announce({"token": "secret"})
        kept = [*(tmp_path / f"{name}.key" for name in KEYS), folder.ready_file]
    finally:
        os.umask(before)
    assert {path.name: mode(path) for path in kept} == {path.name: 0o600 for path in kept}


def test_pauses_double_up_to_the_longest() -> None:
    for failures, most in ((1, 2.0), (2, 4.0), (5, 32.0), (6, 60.0), (10_000, 60.0)):
        found = [pause(failures, 2.0, 60.0) for _ in range(200)]
        assert most / 2 <= min(found) < max(found) <= most


def test_a_turn_that_works_keeps_its_pace() -> None:
    assert to_next_turn(300.0, 0) == 300.0
    assert all(0.5 <= to_next_turn(0.25, 1) <= 1.0 for _ in range(50))
    assert all(15.0 <= to_next_turn(300.0, 1) <= 30.0 for _ in range(50))
