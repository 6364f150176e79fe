"""A floating panel comes back where it was, at its size; on a smaller screen it is whole, never too small."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QGuiApplication

from tests.views.office import app_of, office, turns, until
from views.shell.window.docks import Docks
from views.shell.window.floating import FLOATING_LEAST

PANEL = "sources"
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def _floating(docks: Docks) -> Any:
    (window,) = docks.manager.floatingWidgets()
    return window


def _place(window: Any) -> QRect:
    return QRect(window.geometry())


@pytest.mark.parametrize("place", [QRect(80, 90, 420, 300), QRect(10, 40, 460, 200)])
def test_a_floating_panel_comes_back(aio: Any, tmp_path: Path, place: QRect) -> None:
    async def scenario() -> None:
        async with office(tmp_path) as made:
            async with app_of(made) as app:
                docks = app.window.docks
                docks.float(PANEL)
                await turns()
                _floating(docks).setGeometry(place)
                await turns()
                assert _place(_floating(docks)) == place
                kept = docks.layout_now()
                docks.restore(None)
                await turns()
                assert docks.manager.floatingWidgets() == []
                assert docks.restore(kept)
                await turns()
                assert _place(_floating(docks)) == place
                assert docks.restore(kept), "and again, as it is already"
                assert _place(_floating(docks)) == place
            async with app_of(made) as app:
                assert app.window.docks.restore(kept)
                await turns()
                assert _place(_floating(app.window.docks)) == place, "after the next start, too"

    aio(scenario())


@pytest.mark.parametrize(
    "place",
    [QRect(5_000, 5_000, 500, 400), QRect(-300, -200, 500, 400), QRect(100, 100, 4_000, 3_000), QRect(60, 60, 30, 20)],
)
def test_a_floating_panel_is_whole_on_a_smaller_screen(aio: Any, tmp_path: Path, place: QRect) -> None:
    async def scenario() -> None:
        async with office(tmp_path) as made, app_of(made) as app:
            docks = app.window.docks
            docks.float(PANEL)
            await turns()
            window = _floating(docks)
            window.setMinimumSize(0, 0)
            window.setGeometry(place)
            await turns()
            docks.clamp_floating()
            await until(window.isVisible)
            room = QGuiApplication.primaryScreen().availableGeometry()
            assert room.contains(window.frameGeometry())
            assert window.width() >= FLOATING_LEAST.width()
            assert window.height() >= FLOATING_LEAST.height()

    aio(scenario())


def test_moving_a_floating_panel_is_kept(aio: Any, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with office(tmp_path) as made, app_of(made) as app:
            docks, told = app.window.docks, []
            docks.float(PANEL)
            docks.changed.connect(told.append)
            await until(lambda: told)
            told.clear()
            _floating(docks).setGeometry(QRect(120, 130, 480, 260))
            await until(lambda: told)
            assert told == ["Moved a floating panel"]
            kept = app.window.store.load()[0].current.layout
            assert kept is not None
            docks.restore(None)
            assert docks.restore(kept)
            assert _place(_floating(docks)) == QRect(120, 130, 480, 260)

    aio(scenario())
