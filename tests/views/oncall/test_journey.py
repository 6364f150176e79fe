"""On call from an empty house on: real window, API and database, two people, each thing done by key or button."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from app.oncall.calendar import Kind
from app.oncall.domain import OnCall
from models.oncall.pages import PageState
from models.oncall.policies import Target, TargetKind
from models.oncall.schedules import SwapState
from tests.conftest import Api
from tests.views import office
from tests.views.access.test_workspace import relaying, signed_in
from tests.views.office import shown, turns
from views.kit.dialogs.base import WindowDialog
from views.oncall.capability import CAPABILITY
from views.oncall.feed_dialogs import FeedAddressDialog, FeedDialog, RevokeFeedDialog, ZoneDialog
from views.oncall.override_dialogs import CancelOverrideDialog, OverrideDialog
from views.oncall.page_dialogs import PageDialog, ResolvePageDialog
from views.oncall.policy_dialog import PolicyDialog
from views.oncall.schedule_change_dialog import ScheduleChangeDialog
from views.oncall.schedule_dialog import ScheduleDialog
from views.oncall.swap_dialogs import SwapDecisionDialog, SwapDialog
from views.shell.window.panels import Panels

KEY = Qt.Key
LEAD, OTHER = "operations-lead", "incident-responder"


async def until(true: Any) -> None:
    """Wait until something holds, with patience: what is asked for goes through a whole API."""
    await office.until(true, 20)


def closed() -> bool:
    """Whether no dialog is open: another would give way to it."""
    return not [w for w in QApplication.topLevelWidgets() if isinstance(w, WindowDialog) and w.isVisible()]


class Workspace:
    """All panels of the workspace, in front at once."""

    def __init__(self, console: Any) -> None:
        self.console, self.window = console, QWidget()
        self.panels = Panels(console, self.window, lambda _: None, (CAPABILITY,))
        self.panels.connect()
        grid = QGridLayout(self.window)
        known = ("now", "calendar", "schedules", "swaps", "load", "policies", "pages", "feeds")
        made = {name: self.panels.panel(f"oncall.{name}") for name in known}
        for number, panel in enumerate(made.values()):
            grid.addWidget(panel.widget, number // 3, number % 3)
            panel.set_visible(True)
        self.now, self.calendar, self.schedules, self.swaps, *rest = made.values()
        self.load, self.policies, self.pages, self.feeds = rest
        self.all = tuple(made.values())
        self.domain = console.of(OnCall)
        self.window.resize(2700, 1500)
        self.window.show()
        self.window.activateWindow()

    async def close(self) -> None:
        """Nobody sees it any more."""
        for panel in self.all:
            panel.set_visible(False)
        self.window.close()
        self.window.deleteLater()
        await turns()

    @property
    def told(self) -> list[str]:
        return [message.text for message in self.console.messages.history]

    def rows(self) -> list[str]:
        return [row.title for row in self.calendar.calendar.rows]

    def on_call(self) -> list[str]:
        """Who is on by the calendar, bar by bar."""
        row = next((each for each in self.calendar.calendar.rows if each.kind is Kind.ON), None)
        return [" ".join(bar.people) for bar in row.bars] if row is not None else []

    async def press(self, widget: QWidget, key: Qt.Key) -> None:
        """Press a key where the keyboard is; without a desktop a dialog that closes does not give it back."""
        widget.window().activateWindow()
        await until(widget.window().isActiveWindow)
        widget.setFocus()
        QTest.keyClick(widget, key)


async def add_schedule(it: Workspace) -> None:
    """Somebody for each week, always."""
    await until(lambda: "no schedule yet" in it.now.state.text())
    await until(it.schedules.buttons["oncall.new-schedule"].isEnabled)
    it.schedules.buttons["oncall.new-schedule"].click()
    adding = shown(ScheduleDialog)
    adding.submit()
    assert adding.error == "A schedule has a name."
    adding.name.setText("Operations")
    form = adding.forms[0]
    form.seats.setPlainText(f"{LEAD}\nnobody-of-that-name")
    form.windows.setPlainText("office hours")
    adding.submit()
    assert "is no window" in adding.error
    assert form.windows.property("wrong")
    form.windows.setPlainText("")
    adding.submit()
    await until(lambda: "Nobody is known under number 2" in adding.error)  # the server's words …
    assert form.seats.property("wrong")  # … at the field
    form.seats.setPlainText(f"{LEAD}\n{OTHER}")
    form.every.setValue(28)  # nobody else is on in the weeks that are shown
    form.anchor.setText(f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d %H:%M}")
    adding.submit()
    await until(lambda: closed() and it.on_call() == [LEAD])
    await until(lambda: it.now.tiles.tiles and it.now.tiles.tiles[0].lines[1])
    names = it.domain.names()
    first, following = it.now.tiles.tiles[0].lines
    assert first.startswith(f"{names[LEAD]} until ")
    assert following == f"Next {names[OTHER]}"
    await until(lambda: it.load.table.records.rowCount() == 1)


async def override_and_back(it: Workspace) -> None:
    """One without effect is refused and says who is on; one that has an effect is drawn, and cancelled."""
    await it.press(it.calendar.view, KEY.Key_Down)
    await it.press(it.calendar.view, KEY.Key_O)
    entering = shown(OverrideDialog)
    assert entering.person.person == LEAD
    entering.people.setText(OTHER)
    entering.person.setText(OTHER)
    entering.words.setPlainText("At the dentist")
    tomorrow = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    _set(entering.span.start, tomorrow)
    _set(entering.span.end, tomorrow + timedelta(hours=3))
    entering.submit()
    await until(lambda: "is not on call then: operations lead is" in entering.error.casefold())
    assert entering.person.property("wrong")
    entering.person.setText(LEAD)
    entering.submit()
    await until(lambda: closed() and it.on_call() == [LEAD, OTHER, LEAD])
    assert "Overrides" in it.rows()
    bar = next(bar for row in it.calendar.calendar.rows for bar in row.bars if bar.kind is Kind.OVERRIDE)
    row = next(n for n, each in enumerate(it.calendar.calendar.rows) if bar in each.bars)
    it.calendar.view.choose(row, bar)
    assert "incident responder for operations lead" in it.calendar.view.accessibleDescription().casefold()
    await it.press(it.calendar.view, KEY.Key_C)
    cancelling = shown(CancelOverrideDialog)
    cancelling.submit()
    await until(lambda: closed() and it.on_call() == [LEAD])


def _set(field: Any, at: datetime) -> None:
    field.setDateTime(field.dateTime().fromSecsSinceEpoch(int(at.timestamp()), field.dateTime().timeZone()))


async def swap(it: Workspace, other: Workspace) -> None:
    """One asks, the other takes it from another console."""
    await it.press(it.calendar.view, KEY.Key_W)
    asking = shown(SwapDialog)
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=4)
    _set(asking.span.start, start)
    _set(asking.span.end, start + timedelta(hours=2))
    asking.person.setText(LEAD)
    asking.to.setText("somebody-unheard-of")
    asking.submit()
    await until(lambda: "Nobody is known under this id" in asking.error)
    assert asking.to.property("wrong")
    asking.to.setText(OTHER)
    asking.submit()
    await until(lambda: closed() and it.swaps.cards)
    assert "withdraw the request" not in (it.swaps.cards[0].buttons["withdraw"].toolTip())
    await until(it.swaps.cards[0].buttons["withdraw"].isVisible)
    assert any(bar.kind is Kind.SWAP for row in it.calendar.calendar.rows for bar in row.bars)
    await until(lambda: other.swaps.cards)
    card = other.swaps.cards[0]
    assert card.buttons["take"].isEnabled()
    await other.press(card, KEY.Key_K)
    taking = shown(SwapDecisionDialog)
    taking.words.setPlainText("Gladly")
    taking.submit()
    await until(lambda: closed() and not other.swaps.cards)
    await until(lambda: it.on_call() == [LEAD, OTHER, LEAD])  # heard by the live stream
    other.swaps.show_only("Decided")
    assert other.swaps.swaps[0].state is SwapState.TAKEN


async def page_and_answer(it: Workspace) -> None:
    """A policy, a page by it, an answer from wherever one is, and an end."""
    it.policies.buttons["oncall.new-policy"].click()
    adding = shown(PolicyDialog)
    adding.name.setText("Operations")
    target = adding.forms[0].targets.targets[0]
    assert target.kind is TargetKind.ON_CALL
    adding.add_step()
    adding.forms[1].team.setChecked(False)
    adding.submit()
    assert adding.error == "Step 2: a step pages somebody, or tells the team."
    adding.forms[1].targets.targets.append(Target(kind=TargetKind.PERSON, id=OTHER))
    adding.submit()
    await until(lambda: closed() and it.policies.chosen is not None)
    assert [step[0] for step in it.policies.ladder.steps] == [0, 10]
    assert it.policies.ladder.steps[0][1] == "On call in Operations"
    await it.press(it.policies.area, KEY.Key_P)
    paging = shown(PageDialog)
    paging.title.setText("Downloads fail")
    paging.submit()
    await until(lambda: closed() and it.pages.listed)
    await until(lambda: any("You are paged: P2 Downloads fail" in words for words in it.told))
    status = CAPABILITY.status
    assert status is not None
    assert [count.text for count in status(it.console)] == ["You are paged  1"]
    await until(lambda: "no verified address" in it.pages.detail.text())  # its receipt
    assert it.console.actions.execute("oncall.acknowledge") is None  # whatever is on the screen
    await until(lambda: it.pages.listed[0].state is PageState.ACKNOWLEDGED)
    assert [count.text for count in status(it.console)] == [""]
    assert it.console.actions.execute("oncall.acknowledge") == "no page waits for an answer"
    await it.press(it.pages.table, KEY.Key_R)
    ending = shown(ResolvePageDialog)
    ending.submit()
    assert "Say in a few words" in ending.error
    ending.words.setPlainText("The mirror was full")
    ending.submit()
    await until(lambda: closed() and not it.pages.listed)
    await it.press(it.pages.tabs["Tests"], KEY.Key_T)
    it.pages.show_only("Tests")
    await until(lambda: it.pages.listed)


async def subscribe(it: Workspace, api: Api) -> None:
    """The address is shown once, answers a calendar program, and is ended."""
    it.feeds.buttons["oncall.new-feed"].click()
    making = shown(FeedDialog)
    making.submit()
    assert "Say what it is for" in making.error
    making.purpose.setText("The phone")
    making.submit()
    await until(
        lambda: [w for w in QApplication.topLevelWidgets() if isinstance(w, FeedAddressDialog) and w.isVisible()]
    )
    address = shown(FeedAddressDialog)
    address.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith(api.base_url)
    answer = await asyncio.to_thread(httpx.get, copied, timeout=30)
    assert answer.text.startswith("BEGIN:VCALENDAR")
    address.reject()
    await until(lambda: closed() and it.feeds.table.records.rowCount() == 1)
    assert copied.rpartition("/")[2] not in " ".join(it.feeds.table.records.texts(0))
    await it.press(it.feeds.table, KEY.Key_X)
    ending = shown(RevokeFeedDialog)
    ending.submit()
    await until(lambda: closed() and not it.feeds.feeds)
    assert (await asyncio.to_thread(httpx.get, copied, timeout=30)).status_code == 404
    it.console.actions.execute("oncall.zone")
    living = shown(ZoneDialog)
    living.zone.setCurrentText("Atlantis/Capital")
    living.submit()
    await until(lambda: "here is no time zone" in living.error)
    assert living.zone.property("wrong")
    living.zone.setCurrentText("Europe/Berlin")
    living.submit()
    await until(lambda: closed() and "Europe/Berlin" in it.feeds.zone.text())


async def revise_and_archive(it: Workspace) -> None:
    """Another layer from tomorrow on, then the whole of it goes."""
    await until(lambda: it.schedules.chosen is not None)
    await it.press(it.schedules.table, KEY.Key_L)
    editing = shown(ScheduleDialog)
    editing.add_layer()
    form = editing.forms[1]
    form.seats.setPlainText(OTHER)
    form.windows.setPlainText("Sat, Sun 09:00 to 17:00")
    form.rank.setValue(2)
    editing.words.setPlainText("Weekends by day")
    editing.later.setChecked(True)
    editing.submit()
    await until(lambda: closed() and "Another revision begins" in it.schedules.detail.text())
    it.schedules.buttons["oncall.change-schedule"].click()
    changing = shown(ScheduleChangeDialog)
    changing.submit()
    assert changing.error == "Nothing was changed yet."
    changing.archived.setChecked(True)
    changing.submit()
    await until(lambda: closed() and not it.schedules.desk.schedules)
    await until(lambda: "no schedule yet" in it.calendar.state.text())


def test_rosters_are_made_changed_swapped_paged_by_and_ended(aio: Any, api: Api, tmp_path: Path) -> None:
    async def run() -> None:
        async with signed_in(api, LEAD, tmp_path) as console, signed_in(api, OTHER, tmp_path) as second:
            it, other = Workspace(console), Workspace(second)
            steps: tuple[Callable[[], Awaitable[None]], ...] = (
                lambda: add_schedule(it),
                lambda: override_and_back(it),
                lambda: swap(it, other),
                lambda: page_and_answer(it),
                lambda: subscribe(it, api),
                lambda: revise_and_archive(it),
            )
            try:
                with relaying(api):
                    for step in steps:
                        await step()
            finally:
                await it.close()
                await other.close()

    aio(run())
