"""A full disk under the database: what was committed is there when there is room again."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from backend.core.database import load_queries
from backend.runtime.embedded_postgres import OWNER, Embedded

health = load_queries("backend.runtime", "health.sql")

SIZE = "760m"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that can be filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if os.name != "posix" or os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a small disk needs root")
    command = [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run([shutil.which("umount") or "umount", "-l", str(folder)], check=True)


def _fill(folder: Path) -> None:
    """Leave not a byte."""
    with (folder / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"\xa5" * (1 << 20)):
                pass
        except OSError:
            return


def _room(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    """What /readyz finds, where changes in place still go through."""
    try:
        with connection.transaction():
            connection.execute("update t set n = n where n = 1")
            connection.execute(health.little_memory)
            connection.execute(health.need_room)
    except psycopg.errors.DiskFull:
        return False
    return True


def test_committed_rows_survive_a_full_disk_and_the_server_starts_again_on_it(small_disk: Path) -> None:
    data = small_disk / "data"
    data.mkdir()
    server = Embedded(data)
    server.start()
    try:
        server.keep_ballast()
        assert (data / "ballast").exists()
        url = server.url(OWNER, "postgres")
        committed = 0
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table t (n int, padding text)")
            connection.execute("insert into t select n, repeat('x', 200) from generate_series(1, 5000) n")
            committed = 5000
            assert _room(connection)
            _fill(small_disk)
            assert not _room(connection), "what /readyz asks for is refused as soon as anything that grows is"
            refused = None
            while refused is None:
                try:
                    connection.execute("insert into t select n, repeat('y', 2000) from generate_series(1, 2000) n")
                    committed += 2000
                except psycopg.Error as error:
                    refused = error
        # Either the statement was refused for want of room, or the server could not write its log and went down.
        assert refused.sqlstate in {"53100", "57P02", "57P03", "57P01", "58030", None}
        server.stop()
        server.start()  # on the full disk: the ballast is given up
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute("select count(*) from t").fetchone()
            assert row is not None
            # An insert whose answer was lost may have been committed; one that was answered is never lost.
            assert row[0] in {committed, committed + 2000}
    finally:
        server.stop()
