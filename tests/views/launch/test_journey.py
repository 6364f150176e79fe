"""A launch from its template to the record that proves its poll: real panels, API, database and worker's turns."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from backend.core.settings import Settings
from models.launch.poll import Choice
from tests.backend.audit.fixtures import Log
from tests.backend.launch.fixtures import CONTENT, DIRECTOR, ITEMS, Pad
from tests.conftest import Api, _seed, serve_in_thread
from tests.views import office
from tests.views.access.test_workspace import signed_in
from tests.views.office import shown, turns
from views.kit.dialogs.base import WindowDialog
from views.launch.capability import CAPABILITY
from views.launch.file_dialogs import TemplatesDialog
from views.launch.item_dialogs import SignDialog
from views.launch.launch_dialogs import NewLaunchDialog
from views.launch.poll_dialogs import ClosePollDialog, OpenPollDialog, VoteDialog
from views.shell.window.panels import Panels

KEY = Qt.Key
LEAD = "operations-lead"
TEMPLATE = CONTENT | {
    "roll": [CONTENT["roll"][0], CONTENT["roll"][-1]],
    "criteria": CONTENT["criteria"][:1],
    "items": [item for item in ITEMS if not item.get("criteria")],
}
"""Two roles, and one figure: no P1 is open."""


@pytest.fixture
def pad(settings: Settings, owner_url: str, tmp_path: Path) -> Iterator[Pad]:
    """An API whose audit log is sealed, and the worker's turns."""
    log = Log(settings, owner_url, tmp_path)
    asyncio.run(_seed(log.settings))
    base_url, stop = serve_in_thread(log.settings)
    yield Pad(Api(base_url, log.settings, owner_url, stop), log.settings)
    stop()


@contextlib.contextmanager
def working(pad: Pad) -> Iterator[None]:
    """The worker, turn after turn: positions, seals, open polls, records."""
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            pad.watch()
            pad.seal()
            pad.turn("launch records")

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)


async def until(true: Any) -> None:
    """Wait until something holds, with patience: what is asked for goes through a whole API."""
    await office.until(true, 60)


def closed() -> bool:
    """Whether no dialog is open: another would give way to it."""
    return not [w for w in QApplication.topLevelWidgets() if isinstance(w, WindowDialog) and w.isVisible()]


class Desk:
    """The panels of somebody beside each other."""

    def __init__(self, console: Any) -> None:
        self.console, self.window = console, QWidget()
        self.panels = Panels(console, self.window, lambda _: None, (CAPABILITY,))
        self.panels.connect()
        grid = QGridLayout(self.window)
        made = {}
        for number, known in enumerate(("count", "checklist", "poll", "record")):
            made[known] = panel = self.panels.panel(f"launch.{known}")
            grid.addWidget(panel.widget, number // 2, number % 2)
            panel.set_visible(True)
        self.count, self.list, self.poll, self.record = made.values()
        self.desk = self.poll.desk
        self.window.resize(1800, 1000)
        self.window.show()

    @property
    def verdict(self) -> str:
        return str(self.count.verdict.accessibleDescription())

    def said(self, role: int) -> str:
        """What stands in the roll-call for a role."""
        records = self.poll.table.records
        return str(records.texts(role)[2]) if records.rowCount() > role else ""

    async def press(self, widget: QWidget, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the keyboard is; without a desktop a dialog that closes does not give it back."""
        await until(closed)
        widget.window().activateWindow()
        await until(widget.window().isActiveWindow)
        widget.setFocus()
        QTest.keyClick(widget, key, modifier)

    async def vote(self, choice: Choice) -> None:
        """With the keyboard, once it is possible."""
        await until(lambda: self.desk.next_vote() is not None)
        if choice is Choice.GO:
            await until(lambda: (vote := self.desk.next_vote()) is not None and self.desk.go_blocker(vote) is None)
        await self.press(self.poll.table, KEY.Key_V)
        dialog = shown(VoteDialog)
        await until(dialog.choices[choice].isEnabled)
        dialog.choices[choice].click()
        dialog.submit()
        await until(closed)


async def _template(director: Desk) -> None:
    await director.press(director.poll.table, KEY.Key_T)
    dialog = shown(TemplatesDialog)
    dialog.template.setCurrentText("evening")
    dialog.text.setPlainText(json.dumps(TEMPLATE))  # YAML has JSON in it
    dialog.submit()
    await until(closed)


async def _begin(director: Desk) -> None:
    await director.press(director.poll.table, KEY.Key_N, Qt.KeyboardModifier.ShiftModifier)
    dialog = shown(NewLaunchDialog)
    await until(lambda: dialog.template.findData("evening") >= 0)
    dialog.template.setCurrentIndex(dialog.template.findData("evening"))
    dialog.title.setText("Evening release")
    zero = datetime.now(UTC) + timedelta(hours=18)
    dialog.zero.setDateTime(dialog.zero.dateTime().addSecs(int((zero - dialog.zero.instant).total_seconds())))
    dialog.submit()
    await until(lambda: closed() and director.desk.launch is not None)
    await until(lambda: "No poll yet" in director.count.causes[0].accessibleName())


async def _sign(lead: Desk) -> None:
    await until(lambda: lead.list.table.records.rowCount() > 3)
    lead.list.table.go_to("price-list")
    await lead.press(lead.list.table, KEY.Key_S)
    dialog = shown(SignDialog)
    dialog.words.setPlainText("r118, three regions")
    dialog.submit()
    await until(closed)
    await until(lambda: next(each for each in lead.desk.items if each.key == "price-list").status == "approved")


async def _ask(director: Desk, lead: Desk) -> None:
    await director.press(director.poll.table, KEY.Key_P)
    shown(OpenPollDialog).submit()
    await until(lambda: director.desk.is_polled and lead.desk.is_polled)
    await lead.vote(Choice.GO)
    await until(lambda: director.said(0) == "GO")
    await until(lambda: director.verdict.startswith("GO"))


async def _flip(pad: Pad, director: Desk, lead: Desk) -> None:
    await asyncio.to_thread(pad.p1)
    await until(lambda: director.said(0) == lead.said(0) == "GO void")
    assert director.verdict.startswith("HOLD")
    await until(lambda: director.desk.countdown is not None and director.desk.countdown.holds)
    assert director.console.actions.reason(director.console.actions.get("launch.release")).startswith("the poll says")
    await until(lambda: lead.poll.next.text() == "Vote again as Operations lead…")
    vote = lead.desk.next_vote()
    assert vote is not None
    assert lead.desk.go_blocker(vote) == "not within limits: No P1 open"
    await asyncio.to_thread(pad.p1_passes)
    await lead.vote(Choice.GO)
    await until(lambda: director.said(0) == "GO")


async def _close(director: Desk) -> None:
    await until(lambda: director.verdict.startswith("GO"))
    await director.vote(Choice.GO)
    await until(lambda: director.said(1) == "GO" and director.verdict.startswith("GO"))
    await director.press(director.poll.table, KEY.Key_P, Qt.KeyboardModifier.ShiftModifier)
    dialog = shown(ClosePollDialog)
    dialog.words.setPlainText("all are ready")
    dialog.submit()
    await until(closed)
    await until(lambda: (poll := director.desk.closed_poll) is not None and poll.record_ready)


async def _prove(director: Desk) -> None:
    poll = director.desk.closed_poll
    assert poll is not None
    await director.press(director.poll.table, KEY.Key_Y)
    await until(lambda: poll.poll_id in director.desk.findings)
    finding = director.desk.findings[poll.poll_id]
    assert finding.good, finding.words
    assert finding.words.startswith("Evening release, poll 1: GO, as it was sealed")
    assert "Evening release, poll 1: GO" in director.record.proof.text()


def test_a_launch_from_its_template_to_the_record_that_proves_itself(aio: Any, pad: Pad, tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            signed_in(pad.api, DIRECTOR, tmp_path / "director") as one,
            signed_in(pad.api, LEAD, tmp_path / "lead") as other,
        ):
            director, lead = Desk(one), Desk(other)
            try:
                with working(pad):
                    await _template(director)
                    await _begin(director)
                    await _sign(lead)
                    await _ask(director, lead)
                    await _flip(pad, director, lead)
                    await _close(director)
                    await _prove(director)
            finally:
                for each in (director, lead):
                    each.window.close()
                await turns()

    aio(run())
