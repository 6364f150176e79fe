"""Keys of somebody who types without looking: through a switch of workspace, and quicker than cases are drawn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.risk.queue import Risk
from tests.conftest import Api
from tests.views.access.test_workspace import relaying, signed_in
from tests.views.office import turns
from tests.views.risk.fixtures import fill, until
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import Theme
from views.risk.triage_actions import CASE, QUEUE
from views.shell.application import ConsoleApplication
from views.shell.window.rail import RailItem

KEY = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
LETTERS = "acxaejhcxateczhkxnra"
UNTOUCHED = [("open", None, None, 1)]


@pytest.fixture(autouse=True)
def _shop(api: Api) -> None:
    fill(api.owner_url, 12)
    Theme(QApplication.instance()).apply("dark")  # type: ignore[arg-type]


@asynccontextmanager
async def whole_app(api: Api, folder: Path) -> AsyncIterator[ConsoleApplication]:
    """The whole window of an analyst, with a case on screen."""
    async with signed_in(api, "risk-analyst", folder) as console:
        with relaying(api):
            app = ConsoleApplication(QApplication.instance(), console)  # type: ignore[arg-type]
            app.show(1440, 900)
            await app.furnish()
            app.window.activateWindow()
            await until(app.window.isActiveWindow)
            await open_workspace(app, KEY.Key_2)
            case = app.window.panels.panel(CASE)
            await until(lambda: case.case is not None and case.is_seen)
            yield app
            app.close()
            app.window.deleteLater()
            await turns()


async def open_workspace(app: ConsoleApplication, key: Any) -> None:
    press(key, CONTROL)
    await until(lambda: not app.window.keys.shut)


def press(key: Any, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    """A key, to whatever has the keyboard."""
    QTest.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), key, modifier)


def entries(owner_url: str) -> list[Any]:
    with psycopg.connect(owner_url) as owner:
        return owner.execute("select distinct status, verdict, assigned_to, version from risk_entry").fetchall()


def dialogs() -> list[WindowDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, WindowDialog) and w.isVisible()]


def by_key(_app: ConsoleApplication) -> None:
    press(KEY.Key_2, CONTROL)


def by_rail(app: ConsoleApplication) -> None:
    item = next(i for i in app.window.rail.findChildren(RailItem) if i.text() == "Triage" and i.isVisible())
    QTest.mouseClick(item, Qt.MouseButton.LeftButton)


def by_palette(_app: ConsoleApplication) -> None:
    press(KEY.Key_K, CONTROL)
    QTest.keyClicks(QApplication.focusWidget(), "Triage")
    press(KEY.Key_Return)


@pytest.mark.parametrize("switch", [by_key, by_rail, by_palette])
def test_twenty_letters_typed_through_a_switch_decide_nothing(
    aio: Any, api: Api, tmp_path: Path, switch: Callable[[ConsoleApplication], None]
) -> None:
    async def run() -> None:
        async with whole_app(api, tmp_path) as app:
            await open_workspace(app, KEY.Key_1)
            app.window.keys._pause.setInterval(2000)  # somebody who goes on at once, however slow the machine
            switch(app)
            assert app.window.workspaces.current.name == "Triage"
            for letter in LETTERS:
                press(letter)
                await turns(1)  # the window comes up between the letters
            await until(lambda: not app.window.keys.shut)
            assert dialogs() == []
            assert app.console.mutations.pending == ()
            assert app.window.panels.panel(QUEUE).table.chosen == set()
            assert app.window.panels.panel(CASE).field.toPlainText() == ""
            assert entries(api.owner_url) == UNTOUCHED
            assert "were ignored" in app.console.messages.history[-1].text
            # From here on keys count, and an operator sees where.
            assert app.window.panels.panel(QUEUE).table.hasFocus()
            await until(lambda: app.window.panels.panel(CASE).is_seen)
            press(KEY.Key_C)
            await until(lambda: entries(api.owner_url) != UNTOUCHED)

    aio(run())


def test_each_workspace_shows_where_the_keyboard_is(aio: Any, api: Api, tmp_path: Path) -> None:
    async def run() -> None:
        async with whole_app(api, tmp_path) as app:
            for number in range(len(app.window.workspaces.items), 0, -1):
                await open_workspace(app, KEY.Key_0 + number)
                at = QApplication.focusWidget()
                assert at is not None
                assert any(area.isAncestorOf(at) for area in app.window.docks.areas()), at
            assert "did nothing" not in " ".join(m.text for m in app.console.messages.history)

    aio(run())


def test_a_verdict_is_about_the_case_that_is_on_screen(aio: Any, api: Api, tmp_path: Path) -> None:
    async def run() -> None:
        async with whole_app(api, tmp_path) as app:
            case = app.window.panels.panel(CASE)
            for key in (KEY.Key_A, KEY.Key_E, KEY.Key_H, KEY.Key_C, KEY.Key_X):
                await until(lambda: case.is_seen)
                press(KEY.Key_J)
                assert case.entry is not None
                assert not case.is_seen, "nothing was drawn since"
                press(key)
                assert "its case is not" in app.console.messages.history[-1].text
            await until(lambda: case.is_seen)
            app.window.docks.open("risk.lists")  # in front of the case
            app.window.panels.panel(QUEUE).table.setFocus()
            await turns()
            press(KEY.Key_A)
            assert "its case is not on screen" in app.console.messages.history[-1].text
            assert dialogs() == []
            assert app.window.panels.panel(QUEUE).table.chosen == set()
            assert app.console.mutations.pending == ()
            assert entries(api.owner_url) == UNTOUCHED

    aio(run())


def test_two_keys_open_one_dialog(aio: Any, api: Api, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        async with whole_app(api, tmp_path) as app:
            table = app.window.panels.panel(QUEUE).table
            for key in (KEY.Key_E, KEY.Key_H, KEY.Key_E, KEY.Key_Question):
                QTest.keyClick(table, key)  # as if no window manager had given the keyboard to the dialog yet
            assert [dialog.windowTitle() for dialog in dialogs()] == ["Escalate"]
            dialogs()[0].reject()
            await until(lambda: dialogs() == [])
            QTest.keyClick(table, KEY.Key_X)
            for _ in range(2):
                QTest.keyClick(table, KEY.Key_R)
            assert [dialog.windowTitle() for dialog in dialogs()] == ["Reject 1 entry"]
            dialogs()[0].reject()  # while it still asks what it would do
            await until(lambda: dialogs() == [])
            await turns()

    aio(run())
    assert "failed" not in caplog.text


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
        async with whole_app(api, tmp_path) as app:
            case = app.window.panels.panel(CASE)
            title = next(each for each in app.window.docks._titles.values() if each.front == CASE)
            for number in range(2, 7):
                await until(lambda n=number: app.console.of(Risk).cases.get(entry(app, n - 1)) is not None)
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

    def entry(app: ConsoleApplication, row: int) -> str:
        found = app.console.of(Risk).list.entry(row)
        assert found is not None
        return found.entry_id

    aio(run())
