"""Keys of somebody who types without looking: through a switch of workspace, and quicker than cases are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.risk import Risk
from tests.conftest import Api
from tests.views.office import turns
from tests.views.test_access_workspace import relaying, signed_in
from tests.views.triage import fill, until
from views.desk import Desk
from views.theme import Theme
from views.window.dock_title import DockTitle

KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
LETTERS = "arehcxnatzehrcajkxea"
UNTOUCHED = [("open", None, None, 1)]


@pytest.fixture(autouse=True)
def _shop(api: Api) -> None:
    fill(api.owner_url, 12)
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]


@asynccontextmanager
async def whole_desk(api: Api, folder: Path) -> AsyncIterator[Desk]:
    """The whole window of an analyst, with a case on screen."""
    async with signed_in(api, "risk-analyst", folder) as console:
        with relaying(api):
            desk = Desk(QApplication.instance(), console)  # type: ignore[arg-type]
            desk.show(1440, 900)
            await desk.furnish()
            desk.window.activateWindow()
            await until(desk.window.isActiveWindow)
            await open_workspace(desk, KEY.Key_2)
            await until(lambda: desk.panels.case.case is not None)
            yield desk
            desk.close()
            desk.window.deleteLater()
            await turns()


async def open_workspace(desk: Desk, key: Any) -> None:
    press(key, CONTROL)
    await until(desk.panels.queue.table.hasFocus)


def press(key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    """A key, to whatever has the keyboard."""
    QTest.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), key, modifier)


def test_title_case_and_verdicts_are_about_one_order_at_every_moment(
    aio: Any, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()
    real = Risk.case

    async def late(self: Risk, entry_id: str) -> Any:
        answer = await real(self, entry_id)
        if answer.entry.order_id == "CS-00007":
            await asked.wait()
        return answer

    monkeypatch.setattr(Risk, "case", late)

    async def run() -> None:
        async with whole_desk(api, tmp_path) as desk:
            case = desk.panels.case
            title = next(t for t in desk.window.findChildren(DockTitle) if t._panel() is case)
            for number in range(2, 7):
                await until(lambda n=number: desk.console.risk.cases.get(entry(desk, n - 1)) is not None)
                press(KEY.Key_J)
                order = f"CS-{number:05}"
                assert title._note.text() == order
                assert case.case is not None
                assert case.case.entry.order_id == order
                assert case.buttons["approve"].isEnabled()
            press(KEY.Key_J)
            assert title._note.text() == "CS-00007"
            assert case.loading.text() == "Loading…"
            assert not case.rest.isVisible(), "nothing of another order stands below it"
            assert not any(button.isEnabled() for button in case.buttons.values())
            assert "its case is not loaded yet" in case.buttons["approve"].toolTip()
            asked.set()
            await until(lambda: case.case is not None)
            assert title._note.text() == "CS-00007"
            assert case.rest.isVisible()
            assert case.buttons["approve"].isEnabled()

    def entry(desk: Desk, row: int) -> str:
        found = desk.console.risk.list.entry(row)
        assert found is not None
        return found.entry_id

    aio(run())
