"""Files of the profile: whole or not at all, and for nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.core import files
from app.core.draft_store import DraftStore, draft_path
from app.core.outbox import Outbox
from app.core.settings import Settings, SettingsFile
from app.core.tasks import Tasks
from app.risk.filters import QueueFilter, SavedFilters
from app.risk.notes import NoteDrafts

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows keeps profiles apart by other means")


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """As on a system that lets everybody read what it does not forbid."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def write_notes(profile: Path) -> None:
    notes = NoteDrafts(profile)
    notes.put("ada e1", "The card was stolen")
    notes.keep()
    assert not notes.problem


def write_draft(profile: Path) -> None:
    async def typing() -> None:
        tasks = Tasks()
        store = DraftStore(draft_path(profile, "https://shop.example", "rules"), tasks)
        store.keep({"rules": ["what we look for"]})
        assert store._writing is not None
        await store._writing
        assert not store.problem

    asyncio.run(typing())


@pytest.mark.parametrize(
    "write",
    [
        write_notes,
        write_draft,
        lambda profile: SettingsFile(profile).save(Settings()),
        lambda profile: SavedFilters(profile).save("Mine", QueueFilter()),
    ],
    ids=["notes", "drafts", "settings", "filters"],
)
def test_nobody_else_reads_what_an_operator_keeps(tmp_path: Path, write: Callable[[Path], None]) -> None:
    profile = tmp_path / "profile"
    write(profile)
    (kept,) = (path for path in profile.rglob("*") if path.is_file())
    assert (mode(kept), mode(kept.parent)) == (0o600, 0o700)
    kept.chmod(0o644)  # as an earlier release wrote it
    write(profile)
    assert mode(kept) == 0o600
    assert [path for path in profile.rglob("*") if path.is_file()] == [kept], "nothing is left beside it"


async def test_nobody_else_reads_what_is_on_its_way(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "profile" / "outbox" / "outbox.db")
    await outbox.take_over()
    assert (mode(outbox.path.parent), mode(tmp_path / "profile")) == (0o700, 0o700)
    await outbox.close()


KILLED = """
import os, pathlib, signal, sys
from app.core import files
path = pathlib.Path(sys.argv[1])
pathlib.Path.replace = lambda part, whole: os.kill(os.getpid(), signal.SIGKILL)
files.write(path, "new")
"""


def test_a_kill_before_the_new_name_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    files.write(path, "old")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = (each for each in tmp_path.iterdir() if each != path)
    assert (left.read_text(), mode(left)) == ("new", 0o600), "all of it was there, for nobody else"
    files.write(path, "newer")
    assert path.read_text() == "newer"


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.json"
    files.write(path, "old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["settings.json"]
    assert path.read_text() == "old"
