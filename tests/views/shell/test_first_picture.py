"""What stands on the screen before the docks do: the last figures, where their dock will be."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from app.console import Console
from app.core.connection_target import ConnectionTarget
from benchmarks.samples import keep_snapshot
from tests.app.core.faulty_server import MemoryKeyring
from tests.views.office import app_of, office, turns
from views.access.capability import ACCESS
from views.dashboard.capability import WAR_ROOM
from views.kit.theme import current
from views.risk.capability import TRIAGE
from views.shell.application import ConsoleApplication
from views.shell.window.arrangement import BUILT_IN, DOCK_GAP, MAIN, built_in, rectangles, shares
from views.shell.window.layouts import LayoutStore, Workspaces

SERVER = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


@given(st.integers(600, 4000), st.integers(400, 2500), st.integers(0, 200), st.integers(0, 200))
def test_places_fill_the_room_do_not_overlap_and_come_back(wide: int, high: int, left: int, top: int) -> None:
    room = QRect(left, top, wide, high)
    places = built_in(wide)
    found = rectangles(places, room)
    assert set(found) == {docks[0] for column in BUILT_IN[MAIN].columns for docks, _ in column.docks}
    assert all(room.contains(frame) for frame in found.values())
    frames = list(found.values())
    for number, frame in enumerate(frames):
        assert not any(
            frame.adjusted(0, 0, DOCK_GAP - 1, DOCK_GAP - 1).intersects(other) for other in frames[number + 1 :]
        )
    again = rectangles({dock: shares(frame, room) for dock, frame in found.items()}, room)
    for dock, frame in found.items():
        edges = zip(frame.getRect(), again[dock].getRect(), strict=True)
        assert all(abs(one - other) <= 1 for one, other in edges)


@pytest.mark.parametrize("size", [(1440, 900), (1920, 1080), (800, 600)])
def test_the_last_figures_are_painted_before_anything_else_is_built(
    qapp: QApplication, tmp_path: Path, size: tuple[int, int]
) -> None:
    keep_snapshot(tmp_path, SERVER)
    console = Console(tmp_path, ConnectionTarget(url=SERVER), keyring=MemoryKeyring())
    app = ConsoleApplication(qapp, console)
    app.show(*size)
    app.paint_first(qapp)
    first = app.window.first
    assert first is not None
    assert first.painted
    assert not hasattr(app.window, "docks")
    tiles = [tile for tile in app.window.panels.panel("dashboard.figures").tiles if tile.figure is not None]
    assert len(tiles) == 10
    assert tiles[1].figure is not None
    assert tiles[1].figure.value == "182,953"
    for tile in tiles:
        least = tile.minimumSizeHint()
        assert tile.width() >= least.width()
        assert tile.height() >= least.height()
    app.close()
    assert app.was_closed
    app.window.deleteLater()
    qapp.processEvents()


@pytest.mark.parametrize("workspace", [TRIAGE, ACCESS])
def test_figures_that_are_not_in_the_first_picture_are_there_when_their_dock_is_opened(
    aio: Any, tmp_path: Path, workspace: str
) -> None:
    LayoutStore(tmp_path / "layouts.json").save(Workspaces(active=workspace))

    async def run() -> None:
        async with office(tmp_path) as made, app_of(made) as app:
            figures = app.window.panels.panel("dashboard.figures")
            assert not figures.widget.isVisible()
            app.window.open_workspace(WAR_ROOM)
            await turns()
            assert figures.widget.isVisible()
            assert all(tile.isVisible() and tile.width() > 0 for tile in figures.tiles)

    aio(run())


@pytest.mark.parametrize("odd", ["null", "[]", '{"as_of": NaN}', "far"])
def test_an_odd_first_picture_is_none_and_the_console_opens(qapp: QApplication, tmp_path: Path, odd: str) -> None:
    keep_snapshot(tmp_path, SERVER)
    (path,) = tmp_path.glob("snapshot-*.db")
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        kept = json.loads(db.execute("select text from sample where key = 'paint'").fetchone()[0])
        text = json.dumps({**kept, "as_of": 9e15}) if odd == "far" else odd
        db.execute("update sample set text = ? where key = 'paint'", (text,))
    console = Console(tmp_path, ConnectionTarget(url=SERVER), keyring=MemoryKeyring())
    app = ConsoleApplication(qapp, console)
    app.show(1440, 900)
    app.paint_first(qapp)
    assert console.first is None
    app.close()
