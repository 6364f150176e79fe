"""Nothing that can be wrong with the snapshot stops the console; what is lost is said."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import sqlite3
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.core.clock import is_instant
from app.core.figure_set import FigureSet
from app.core.snapshot import PAINT_KEY, SCHEMA, Snapshot, any_plain, one_sealed, read, read_first
from app.core.snapshot_seal import Seal
from app.dashboard.figures import from_dashboard
from models.dashboard import OperationsDashboard
from tests.app.answers import dashboard

NOW = datetime(2026, 11, 24, 14, 2, 37, tzinfo=UTC)


def _figures() -> FigureSet:
    return from_dashboard(OperationsDashboard.model_validate(dashboard()), received_at=NOW.timestamp())


def _write(path: Path, text: str = "{}", key: str = "k") -> list[str]:
    said: list[str] = []
    snapshot = Snapshot(path, said.append)
    snapshot.put(key, text, NOW, NOW)
    snapshot.close()
    return said


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "s.db"
    assert _write(path, _figures().to_json(), PAINT_KEY) == []
    assert read_first(path) == _figures()
    kept = read(path, PAINT_KEY)
    assert kept is not None
    assert kept.as_of == NOW.timestamp()
    assert read(path, "nothing") is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"figures": 3}', '{"figures": [{"name": 1}], "problems": []}'])
def test_a_picture_that_is_none_is_none(tmp_path: Path, text: str) -> None:
    _write(tmp_path / "s.db", text, PAINT_KEY)
    assert read_first(tmp_path / "s.db") is None


def test_a_damaged_file_is_set_aside_and_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"this is no database" * 100)
    assert read_first(path) is None
    said = _write(path)
    assert "set aside" in said[0]
    assert read(path, "k") is not None
    assert list(tmp_path.glob("*.broken"))


def test_a_newer_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with sqlite3.connect(path) as db:
        db.execute("create table tomorrow (x)")
        db.execute(f"pragma user_version = {SCHEMA + 1}")
    db.close()
    before = path.read_bytes()
    assert read_first(path) is None
    assert "newer opsconsole" in _write(path)[0]
    assert path.read_bytes() == before


def test_an_older_file_is_read_and_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("create table sample (key text primary key, text text, as_of float, received_at float)")
        rows = [("k", "[]", 1.0, 2.0), (PAINT_KEY, _figures().to_json(), 1.0, 2.0)]
        db.executemany("insert into sample values (?, ?, ?, ?)", rows)
        db.execute("pragma user_version = 1")
    assert read_first(path) == _figures()
    assert read(path, "k") is not None
    assert _write(path, "{}", "another") == []
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("pragma user_version").fetchone()[0] == SCHEMA
        assert {row[0] for row in db.execute("select key from sample")} == {"k", PAINT_KEY, "another"}
    assert read_first(path) == _figures()


@pytest.mark.expects_errors("wrong is not kept")
def test_what_cannot_be_made_into_text_costs_only_itself(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path / "s.db", print)
    snapshot.put("wrong", lambda: str(1 // 0), NOW, NOW)
    snapshot.put("right", lambda: "[]", NOW, NOW)
    snapshot.close()
    assert read(tmp_path / "s.db", "right") is not None
    assert read(tmp_path / "s.db", "wrong") is None


def test_a_file_another_console_holds_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.snapshot.WRITE_PATIENCE", 0.05)
    path = tmp_path / "s.db"
    _write(path, "{}", "first")
    other = sqlite3.connect(path)
    other.execute("begin exclusive")
    try:
        assert _write(path, "{}", "second") == []
        assert read_first(path) is None
    finally:
        other.rollback()
        other.close()
    assert _write(path, "{}", "third") == []
    assert read(path, "third") is not None


def test_a_place_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said: list[str] = []
    snapshot = Snapshot(tmp_path / "file" / "s.db", said.append)
    for n in range(3):
        snapshot.put(f"k{n}", "{}", NOW, NOW)
        snapshot._wake.put(True)
    snapshot.close()
    assert len(said) == 1
    assert "cannot be kept" in said[0]


def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    mount = shutil.which("mount")
    if os.name != "posix" or os.geteuid() != 0 or mount is None:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        path = folder / "s.db"
        assert _write(path, "{}", "kept") == []
        said = _write(path, "x" * 2_000_000)
        assert "full" in said[0]
        assert read(path, "kept") is not None
    finally:
        subprocess.run(["umount", "-l", folder], check=True)  # noqa: S607 - beside mount


def test_two_consoles_write_at_once(tmp_path: Path) -> None:
    path, said = tmp_path / "s.db", []
    one, two = Snapshot(path, said.append), Snapshot(path, said.append)
    for n in range(50):
        one.put(f"a{n % 5}", str(n), NOW, NOW)
        two.put(f"b{n % 5}", str(n), NOW, NOW)
    one.close()
    two.close()
    assert said == []
    assert read(path, "a4") is not None
    assert read(path, "b4") is not None


ODD = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.sampled_from(["null", "[]", "{", "abc", "1e400", "[" * 100_000, '{"as_of": NaN}']),
    st.binary(max_size=40),
)
COLUMNS = ("key", "text", "as_of", "received_at")


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([PAINT_KEY, "me", "sealed"]),
    st.dictionaries(st.sampled_from(COLUMNS), ODD, min_size=1),
    st.booleans(),
)
def test_an_odd_row_is_left_out_and_the_others_stay(row: str, odd: dict[str, Any], sealed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.db"
        said: list[str] = []
        _write(path, _figures().to_json(), PAINT_KEY)
        for key in ("me", "sealed", "whole"):
            _write(path, "[]", key)
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.execute("update sample set text = x'00' where key = 'sealed'")
            columns = ", ".join(f"{name} = ?" for name in odd)
            db.execute(f"update sample set {columns} where key = ?", (*odd.values(), row))
        seal = Seal(b"k" * 32) if sealed else None
        read_first(path)
        for key in (PAINT_KEY, "me", "sealed"):
            kept = read(path, key, seal)
            assert kept is None or all(is_instant(at) for at in (kept.as_of, kept.received_at))
        assert isinstance(one_sealed(path), tuple | None)
        any_plain(path)
        snapshot = Snapshot(path, said.append)
        snapshot.seal = seal
        snapshot.put("new", "[1]", NOW, NOW, NOW)
        snapshot.close()
        assert said == []
        assert {key: read(path, key, seal).text for key in ("whole", "new")} == {"whole": "[]", "new": "[1]"}  # type: ignore[union-attr]


FIGURES = json.loads(_figures().to_json())
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[None]]),
)


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*FIGURES, "other"]), VALUES, max_size=2),
    st.dictionaries(st.sampled_from([*FIGURES["figures"][0], "other"]), VALUES, max_size=2),
)
def test_a_picture_has_values_that_can_be_painted_or_is_none(odd: dict[str, Any], in_figure: dict[str, Any]) -> None:
    first, *others = FIGURES["figures"]
    text = json.dumps({**FIGURES, "figures": [{**first, **in_figure}, *others], **odd})
    with contextlib.suppress(ValueError):
        found = FigureSet.from_json(text)
        datetime.fromtimestamp(found.as_of, UTC).astimezone()
        for figure in found.figures:
            found.age(figure, NOW.timestamp())
            assert all(number is None or math.isfinite(number) for number in figure.sparkline)
            assert isinstance(figure.title, str)
