"""Layouts in operators' files, and docks that have come since they were written."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QRect, Signal
from PySide6.QtWidgets import QLabel, QWidget

from tests.views.office import Office, alert, turns
from tests.views.shell.test_layouts import EARLIER
from tests.views.shell.test_window import journey
from views.capabilities import CAPABILITIES
from views.kit.capability import Capability, Home, PanelSpec, Window
from views.kit.panel import Note
from views.shell.application import ConsoleApplication
from views.shell.window import docks, main_window, panels
from views.shell.window.arrangement import arrangements
from views.shell.window.docking_state import is_sound


class Plain(QObject):
    """The least panel."""

    noted = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.widget = widget

    def note(self) -> Note:
        """Nothing."""
        return Note()

    def menu(self) -> list[Any]:
        """Nothing."""
        return []

    def set_visible(self, visible: bool) -> None:
        """Nothing is asked for."""


def _make(_: Window) -> Plain:
    label = QLabel("new")
    label.setMinimumSize(700, 500)  # more than its place has: a tab behind another must not push
    return Plain(label)


NEW = Capability(
    name="new",
    panels=(
        PanelSpec("new.notes", "Notes", _make, (Home("war-room", 1, 1, 336, tab=1),)),
        PanelSpec("new.elsewhere", "Elsewhere", _make, (Home("access", 0, 0, 1000, tab=1),)),
    ),
)


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A console that has two panels more than the one that wrote the layouts in its profile."""
    capabilities = (*CAPABILITIES, NEW)
    built_in = arrangements(capabilities)
    monkeypatch.setattr(panels.Panels.__init__, "__defaults__", (capabilities,))
    for module in (docks, main_window):
        monkeypatch.setattr(module, "BUILT_IN", built_in)
    shutil.copy(EARLIER, tmp_path / "layouts.json")
    return tmp_path


def places(app: ConsoleApplication) -> dict[str, QRect]:
    """Where the docks are that are seen."""
    found = {}
    for known, dock in app.window.docks._docks.items():
        if dock.isVisible():
            area = dock.dockAreaWidget()
            found[known] = area.rect().translated(area.mapTo(app.window, area.rect().topLeft()))
    return found


def test_layouts_of_an_earlier_console_come_back_as_they_were(aio: Any, tmp_path: Path) -> None:
    shutil.copy(EARLIER, tmp_path / "layouts.json")

    async def steps(made: Office, app: ConsoleApplication) -> None:
        window = app.window
        kept_order = ["war-room", "triage", "access", "incidents"]
        kept_order += ["incidents.room", "oncall.rosters", "launch.desk", "analytics.events", "deliveries.systems"]
        kept_order.append("privacy.desk")
        assert [item.id for item in window.workspaces.items] == kept_order
        assert not window.docks.is_open("sources")
        kept = json.loads(EARLIER.read_text("utf-8"))["workspaces"][0]["layout"]["places"]
        room = window.docks.manager.size()
        for known, place in places(app).items():
            assert abs(place.width() - kept[known][2] * room.width()) <= 10, known
            assert abs(place.height() - kept[known][3] * room.height()) <= 10, known
        window.open_workspace("triage")
        await turns(20)
        assert set(places(app)) == {"risk.rules", "triage.case"}
        assert window.panels.made("triage.queue") is not None  # with the case
        assert window.panels.made("risk.lists") is None

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_a_dock_that_came_since_is_a_tab_where_it_is_at_home_and_moves_nothing(aio: Any, newer: Path) -> None:
    before: dict[str, QRect] = {}

    async def earlier(_: Office, app: ConsoleApplication) -> None:
        before.update(places(app))

    async def steps(_: Office, app: ConsoleApplication) -> None:
        window, there = app.window, app.window.docks
        assert there.is_open("new.notes")
        dock = there._docks["new.notes"]
        assert not dock.isFloating()
        assert not dock.isCurrentTab()  # never in front
        assert dock.tabWidget().isVisible()
        assert dock.dockAreaWidget() is there._docks["alerts"].dockAreaWidget()  # Sources, its neighbour, is closed
        assert not there.is_open("new.elsewhere")
        assert places(app) == before
        assert window.panels.made("new.notes") is None
        window.open_panel("new.notes")
        await turns(5)
        assert window.panels.made("new.notes").widget.isVisible()
        there.open("new.elsewhere")
        await turns(5)
        assert not there._docks["new.elsewhere"].isFloating()
        assert window.panels.made("new.elsewhere").widget.width() > 500
        assert there._docks["new.elsewhere"].tabWidget().isVisible()

    plain = newer / "before"
    plain.mkdir()
    shutil.copy(EARLIER, plain / "layouts.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(panels.Panels.__init__, "__defaults__", (CAPABILITIES,))
        journey(aio, plain, earlier, alerts=[alert(1)])
    journey(aio, newer, steps, alerts=[alert(1)])


GOOD = base64.b64decode(json.loads(EARLIER.read_text("utf-8"))["workspaces"][0]["layout"]["blob"])
SIZES = re.compile(rb"<Sizes>([^<]*)</Sizes>")


def test_what_the_docking_system_wrote_is_sound() -> None:
    assert SIZES.search(GOOD)
    assert is_sound(GOOD)


@pytest.mark.parametrize(
    "odd",
    [
        SIZES.sub(b"<Sizes>-5 99999999 -1 abc</Sizes>", GOOD),
        SIZES.sub(b"<Sizes>abc</Sizes>", GOOD),
        SIZES.sub(rb"<Sizes>\1 7</Sizes>", GOOD),
        SIZES.sub(rb"<Sizes><b/>\1</Sizes>", GOOD),
        re.sub(rb'Widget Name="[^"]*"', b'Widget Name="alerts"', GOOD),
        GOOD.replace(b"<Splitter", b"<Splitter" + b' Orientation="|" Count="1"><Splitter' * 50, 1),
        GOOD[: len(GOOD) // 2],
        b"<?xml",
        b"",
    ],
)
def test_a_layout_the_docking_system_would_choke_on_is_replaced_and_said(aio: Any, tmp_path: Path, odd: bytes) -> None:
    assert not is_sound(odd)  # without this the docking system reads on for ever, and no limit of a test ends that
    kept = json.loads(EARLIER.read_text("utf-8"))
    kept["workspaces"][0]["layout"]["blob"] = base64.b64encode(odd).decode()
    (tmp_path / "layouts.json").write_text(json.dumps(kept))

    async def steps(made: Office, app: ConsoleApplication) -> None:
        assert app.window.docks.is_open("dashboard.figures")
        assert any("layout" in message.text.lower() for message in made.console.messages.history)

    journey(aio, tmp_path, steps, alerts=[alert(1)])
