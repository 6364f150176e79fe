"""An outside system from its first day on: real window, API, database, sender, and a receiver on loopback."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGridLayout, QLineEdit, QWidget

from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries.secrets import SecretStore
from backend.deliveries.sending.sender import Sender
from models.deliveries.connections import ConnectionKind
from tests.backend.deliveries.fixtures import LOOPBACK, SECRET, Post, Receiver, ports, post, receiving
from tests.conftest import Api
from tests.views import office
from tests.views.access.test_workspace import relaying, signed_in
from tests.views.office import shown, turns
from views.deliveries.capability import CAPABILITY
from views.deliveries.connection_dialogs import ConnectionDialog, PauseDialog, SecretDialog
from views.deliveries.letter_dialogs import ReplayDialog
from views.deliveries.routes_dialog import RoutesDialog
from views.kit.dialogs.base import WindowDialog
from views.shell.window.panels import Panels

KEY = Qt.Key


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        token_key="k" * 40,
        environment="Test",
        connection_key=Key.make(),
        secret_folder=tmp_path,
    )


async def until(true: Any) -> None:
    """Wait until something holds, with patience: what is asked for goes through a whole API."""
    await office.until(true, 40)


def closed() -> bool:
    """Whether no dialog is open: another would give way to it."""
    return not [w for w in QApplication.topLevelWidgets() if isinstance(w, WindowDialog) and w.isVisible()]


class Workspace:
    """The four panels beside each other."""

    def __init__(self, console: Any) -> None:
        self.console, self.window = console, QWidget()
        self.panels = Panels(console, self.window, lambda _: None, (CAPABILITY,))
        self.panels.connect()
        grid = QGridLayout(self.window)
        made = {}
        for number, known in enumerate(("connections", "connection", "letters", "routes")):
            made[known] = panel = self.panels.panel(f"deliveries.{known}")
            grid.addWidget(panel.widget, number // 2, number % 2)
            panel.set_visible(True)
        self.list, self.detail, self.letters, self.routes = (made[known] for known in made)
        self.window.resize(1700, 980)
        self.window.show()
        self.window.activateWindow()

    @property
    def told(self) -> list[str]:
        return [message.text for message in self.console.messages.history]

    @property
    def state(self) -> str:
        return str(self.list.chosen.connection.state) if self.list.chosen.connection is not None else ""

    async def press(self, widget: QWidget, key: Qt.Key) -> None:
        """Press a key where the keyboard is; without a desktop a dialog that closes does not give it back."""
        widget.window().activateWindow()
        await until(widget.window().isActiveWindow)
        widget.setFocus()
        QTest.keyClick(widget, key)


async def _set_up(it: Workspace, receiver: Receiver) -> None:
    await until(lambda: "nothing is sent anywhere" in it.list.state.text())
    it.list.new.click()
    adding = shown(ConnectionDialog)
    adding.form.name.setText("Orders desk")
    adding.form.kind.setCurrentIndex(adding.form.kind.findData(ConnectionKind.WEBHOOK))
    for name, text in {"url": receiver.url(), "subscriptions": "test.*"}.items():
        field = adding.form.fields[name]
        assert isinstance(field, QLineEdit)
        field.setText(text)
    adding.submit()
    await until(lambda: it.state == "off" and closed())
    assert it.detail.buttons["secret"].text() == "Enter secret…"
    await it.press(it.list.table, KEY.Key_S)
    sealing = shown(SecretDialog)
    sealing.value.setText(SECRET)
    sealing.submit()
    await until(lambda: it.state == "ok" and closed())
    await it.press(it.list.table, KEY.Key_T)
    await until(lambda: any(words.startswith("Test of Orders desk answered in") for words in it.told))


async def _break_and_mend(it: Workspace, mail: Post, receiver: Receiver) -> None:
    receiver.plan["/in"] = 401
    mail.record(2)
    await until(lambda: it.state == "misconfigured")
    await until(lambda: it.detail.verdict.text() == "Nothing reaches Orders desk")
    await until(lambda: "401" in it.detail.said.text())
    assert it.detail.buttons["secret"].text() == "Rotate secret…"
    receiver.plan["/in"] = 200
    await it.press(it.list.table, KEY.Key_S)
    sealing = shown(SecretDialog)
    assert sealing.form.isRowVisible(sealing.hours)
    sealing.value.setText(SECRET)
    sealing.submit()
    await until(lambda: it.state == "ok" and len(receiver.of("/in")) >= 2 and closed())


async def _replay(it: Workspace, mail: Post, receiver: Receiver) -> None:
    receiver.plan["/in"] = 422
    mail.record(1)
    await until(lambda: it.letters.letters)
    assert it.letters.letters[0].state == "dead"
    await until(lambda: it.letters.exchange.request.text.toPlainText().startswith("POST"))
    assert SECRET not in it.letters.exchange.request.text.toPlainText()
    receiver.plan["/in"] = 200
    await it.press(it.letters.table, KEY.Key_R)
    counting = shown(ReplayDialog)
    await until(lambda: counting.counted is not None)
    assert counting.said.text() == "1 letter goes again, in Test."
    counting.submit()
    await until(lambda: "Replay: 1 letter" in it.told and not it.letters.letters and closed())
    it.letters.tabs["sent"].click()
    await until(lambda: it.letters.letters)


async def _hold_back(it: Workspace) -> None:
    await it.press(it.list.table, KEY.Key_P)
    holding = shown(PauseDialog)
    holding.words.setPlainText("It moves")
    holding.submit()
    await until(lambda: it.state == "paused" and it.detail.buttons["pause"].text() == "Resume" and closed())
    await it.press(it.list.table, KEY.Key_P)
    await until(lambda: it.state == "ok" and closed())


async def _route(it: Workspace) -> None:
    await until(lambda: it.routes.routes is not None and it.routes.edit.isEnabled())
    before = it.routes.routes.version
    assert it.routes.routes.gaps
    it.routes.edit.click()
    editing = shown(RoutesDialog)
    await it.press(editing.grid, KEY.Key_Space)
    editing.words.setPlainText("Orders desk hears of the worst")
    editing.submit()
    await until(lambda: it.routes.routes.version == before + 1)
    route = it.routes.routes.routes[0]
    assert (route.team, route.severity, route.mode) == ("operations", "P1", "at_once")
    it.routes.show_page(1)
    await until(it.routes.text.toPlainText)


def test_a_system_is_set_up_breaks_is_mended_and_hears_of_things(aio: Any, api: Api, tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            signed_in(api, "administrator", tmp_path) as console,
            post(api.settings.database_url or "", api.owner_url) as mail,
            receiving() as receiver,
        ):
            sender = Sender(mail.database, ports(), SecretStore.of(api.settings), LOOPBACK, within=2.0)
            sending = asyncio.create_task(sender.run())
            it = Workspace(console)
            try:
                with relaying(api):
                    await _set_up(it, receiver)
                    await _break_and_mend(it, mail, receiver)
                    await _replay(it, mail, receiver)
                    await _hold_back(it)
                    await _route(it)
            finally:
                sending.cancel()
                with suppress(asyncio.CancelledError):
                    await sending
                it.window.close()
                await turns()

    aio(run())
