"""The window as operators use it, by keyboard: workspaces, undo, palette, rows behind figures, a lost link."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QMenu, QWidget

from app.console import Console
from app.core.connection_target import ConnectionTarget
from benchmarks.samples import keep_snapshot
from models.core.permissions import Permission
from tests.app.answers import AS_OF, ME, dashboard
from tests.app.core.faulty_server import MemoryKeyring
from tests.views.office import Office, alert, app_of, charts, office, order, shown, turns, until
from views.access.capability import ACCESS
from views.dashboard.capability import WAR_ROOM
from views.kit.dialogs.name import NameDialog
from views.kit.focus_order import controls
from views.kit.theme import current
from views.kit.widgets.table import RecordTable
from views.risk.capability import TRIAGE
from views.shell.application import ConsoleApplication
from views.shell.dialogs.keys import KeysDialog
from views.shell.dialogs.past import PastDialog
from views.shell.dialogs.settings import SettingsDialog
from views.shell.pages.sign_in import SignInPage
from views.shell.palette.palette import Palette
from views.shell.palette.sources import find
from views.shell.window.rail import RailItem

KEY, CTRL, SHIFT = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Steps = Callable[[Office, ConsoleApplication], Awaitable[None]]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> Iterator[None]:
    yield
    current().apply("dark", 1.0)


def journey(aio: Any, profile: Path, steps: Steps, **fields: Any) -> None:
    """Run steps with an office and its whole window."""

    async def run() -> None:
        async with office(profile, **fields) as made, app_of(made) as app:
            await steps(made, app)

    aio(run())


def focus() -> QWidget:
    """What has the keyboard."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the keyboard is."""
    QTest.keyClick(focus(), key, modifier)


def rail(app: ConsoleApplication) -> list[str]:
    """Names of the workspaces, the open one with a star."""
    items = [i for i in controls(app.window.rail) if isinstance(i, RailItem) and i.isCheckable()]
    return [("*" if item.isChecked() else "") + item.text() for item in items]


def test_a_layout_is_changed_taken_back_saved_and_there_the_next_time(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        docks, window = app.window.docks, app.window
        docks.close("sources")
        await until(lambda: "Closed “Sources”" in window.message_bar.action.text())
        app.window.panels.panel("dashboard.figures").tiles[0].setFocus()
        press(KEY.Key_Z, CTRL)
        assert docks.is_open("sources")
        docks.close("sources")
        await until(lambda: len(docks.history))
        press(KEY.Key_L, CTRL | SHIFT)
        await turns()
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, NameDialog)
        assert dialog.name.hasFocus()
        press(KEY.Key_Return)  # without a name
        assert dialog.error == "Give the workspace a name."
        assert dialog.name.property("wrong")
        QTest.keyClicks(focus(), "Evening")
        press(KEY.Key_Return)
        await turns()
        assert rail(app) == [
            "War room",
            "Triage",
            "Incidents",
            "On call",
            "Launch",
            "Events",
            "Systems",
            "Access",
            "Privacy",
            "*Evening",
        ]
        window.activateWindow()
        await turns()
        app.window.panels.panel("dashboard.figures").tiles[0].setFocus()
        press(KEY.Key_1, CTRL)
        await turns()
        assert rail(app) == [
            "*War room",
            "Triage",
            "Incidents",
            "On call",
            "Launch",
            "Events",
            "Systems",
            "Access",
            "Privacy",
            "Evening",
        ]
        window.open_workspace(window.workspaces.items[9].id)
        assert not docks.is_open("sources")

    journey(aio, tmp_path, steps)

    async def next_day(_: Office, app: ConsoleApplication) -> None:
        assert rail(app) == [
            "War room",
            "Triage",
            "Incidents",
            "On call",
            "Launch",
            "Events",
            "Systems",
            "Access",
            "Privacy",
            "*Evening",
        ]
        assert not app.window.docks.is_open("sources")
        kept = json.loads((tmp_path / "layouts.json").read_text())["workspaces"][9]["layout"]
        in_front = {known for known in kept["docks"] if app.window.docks.is_open(known) and known != "runbooks"}
        assert set(kept["places"]) == in_front, "Runbooks is a tab behind Alerts"
        assert all(0 <= share <= 1 for place in kept["places"].values() for share in place)

    journey(aio, tmp_path, next_day)


@pytest.mark.parametrize("damage", ["{", '{"product": "opsconsole layouts", "schema": 99}', "[]", "\0"])
def test_a_layout_file_that_cannot_be_used_costs_the_layout_only(aio: Any, tmp_path: Path, damage: str) -> None:
    (tmp_path / "layouts.json").write_text(damage)

    async def steps(made: Office, app: ConsoleApplication) -> None:
        assert rail(app) == [
            "*War room",
            "Triage",
            "Incidents",
            "On call",
            "Launch",
            "Events",
            "Systems",
            "Access",
            "Privacy",
        ]
        assert any("could not be used" in m.text for m in made.console.messages.history)
        assert app.window.docks.is_open("alerts")

    journey(aio, tmp_path, steps)
    assert list(tmp_path.glob("layouts.json.unusable-*"))


def test_the_rows_behind_a_figure_and_behind_a_point_of_a_chart(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        app.window.panels.panel("dashboard.figures").tiles[5].setFocus()
        press(KEY.Key_Return)
        rows = app.window.panels.panel("drilldown")
        await until(lambda: rows.drill is not None and rows.drill.summary is not None)
        await turns()
        assert app.window.docks.is_open("drilldown")
        assert "500 orders" in rows.summary.text()
        assert isinstance(focus(), RecordTable)
        assert rows.widget.isAncestorOf(focus())
        for _ in range(20):
            press(KEY.Key_End, CTRL)  # the end of what is loaded; more follows
            await turns()
        assert rows.drill is not None
        assert len(rows.drill.rows) == 500
        chart = app.window.panels.panel("dashboard.revenue").chart
        assert chart is not None
        chart.setFocus()
        press(KEY.Key_Left)
        press(KEY.Key_Return)
        await until(lambda: rows.drill is not None and "orders?from=" in rows.drill.link)
        link = rows.drill.link
        # The crosshair and the list speak of the same interval, and the figures stay in sight.
        await until(lambda: rows.drill is not None and rows.drill.summary is not None)
        assert chart._data is not None
        assert chart._cursor is not None
        assert chart._data.interval(chart._cursor) in rows.summary.text()
        assert app.window.panels.panel("dashboard.figures").widget.isVisible()
        table = rows._table
        assert table.viewport().height() >= 12 * table.verticalHeader().defaultSectionSize()
        press(KEY.Key_Escape)
        await turns()
        assert not app.window.docks.is_open("drilldown")
        await until(lambda: any(asked.path.startswith(link) for asked in made.server.asked))

    links = {"orders.total": ["/api/operations/orders?from=2026-11-17T12:00:00Z&to=2026-11-24T12:00:00Z"]}
    answer = dashboard()
    answer["links"] = answer.get("links", {}) | links
    journey(aio, tmp_path, steps, dashboard=answer, orders=[order(n) for n in range(500)])


def test_the_palette_finds_runs_and_says_why_not(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        app.window.panels.panel("dashboard.figures").tiles[0].setFocus()
        before = focus()

        async def open_palette(text: str) -> Palette:
            press(KEY.Key_K, CTRL)
            await turns()
            palette = app.window.findChild(Palette)
            assert palette is not None
            assert isinstance(focus(), QLineEdit)
            QTest.keyClicks(focus(), text)
            await turns()
            return palette

        await open_palette("last 30")
        press(KEY.Key_Return)
        await turns()
        assert made.console.time.range_days == 30
        assert app.window.findChild(Palette) is None
        await open_palette("sign in")
        press(KEY.Key_Return)
        await turns()
        assert made.console.link.state == "up"  # it is disabled: signed in already
        press(KEY.Key_Escape)
        await turns()
        assert app.window.findChild(Palette) is None
        assert focus() is before
        await open_palette("failing over limit 1")
        press(KEY.Key_Return)
        await turns()
        alerts = app.window.panels.panel("alerts").widget
        assert alerts.isAncestorOf(focus()) or alerts is focus()

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_the_palette_finds_whatever_has_a_name_and_offers_the_nearest(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, app: ConsoleApplication) -> None:
        def titles(text: str) -> list[str]:
            return [entry.title for _, entries in find(app.window, text) for entry in entries]

        everything = [entry.title for _, entries in find(app.window, "") for entry in entries]
        assert not [title for title in everything if re.fullmatch(r"Workspace \d", title)]
        war_room = next(entry for _, entries in find(app.window, "war room") for entry in entries)
        assert (war_room.title, war_room.detail, war_room.key) == ("War room", "Workspaces", "Ctrl+1")
        app.window.save_workspace_as("Night shift")
        assert titles("night shift")[0] == "Night shift"
        app.window.rename_workspace("Early shift")
        assert titles("early shift")[0] == "Early shift"
        assert "Night shift" not in titles("night shift")
        app.window.remove_workspace()
        assert "Early shift" not in titles("early shift")
        assert "Font size" in titles("font")
        assert any(title.startswith("Export ") for title in titles("export"))
        assert "Look for “FS-1234” in the risk queue" in titles("FS-1234")
        [(words, near)] = [group for group in find(app.window, "wra roomm") if group[1]]
        assert words.startswith("No matches")
        assert near[0].title == "War room"

    journey(aio, tmp_path, steps, me={**ME, "permissions": [*ME["permissions"], Permission.VIEW_RISK_QUEUE]})


def test_a_page_gives_the_figures_back(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        window = app.window
        for leave in (lambda: press(KEY.Key_Escape), lambda: QTest.keyClick(window, KEY.Key_1, CTRL)):
            page = SignInPage("Tests", made.server.url)
            window.show_page(page)
            await turns()
            assert window.stack.currentWidget() is page
            assert window.rail.isEnabled()
            leave()
            await turns()
            assert window.stack.currentWidget() is window.ground

    journey(aio, tmp_path, steps)


def test_a_key_that_means_nothing_here_says_where_it_works(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        app.window.panels.panel("dashboard.figures").tiles[0].setFocus()
        press(KEY.Key_A)
        await turns()
        said = made.console.messages.history[-1].text
        assert said == "Acknowledge alert… (A): works under the keyboard in Alerts: go there by F6 or a click."
        assert not made.writes

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_the_live_range_moves_whatever_is_on_the_screen(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        app.window.open_workspace(TRIAGE)
        made.clock.pass_seconds(600)
        app.window.refresh()
        assert app.window.strip.window_text.text().endswith(f"{made.console.clock.now():%H:%M} UTC")

    journey(aio, tmp_path, steps)


def test_a_lost_link_is_said_across_the_window_and_forgotten_when_it_is_back(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        answer, made.server.answer = made.server.answer, lambda _: None
        app.window.panels.panel("dashboard.figures").tiles[0].setFocus()
        press(KEY.Key_F5)
        await until(lambda: made.console.link.state == "down", 20)
        await turns()
        assert app.window.banner.isVisible()
        assert "Figures are from 14:02:37 UTC." in app.window.banner.toolTip()
        made.clock.pass_seconds(86_400)
        app.window.refresh()
        assert "Figures are from 2026-11-24 14:02:37 UTC." in app.window.banner.toolTip()
        assert "What you decide is kept until the link is back." in app.window.banner.toolTip()
        assert app.window.strip.live.text() == "Live, paused"
        for tile in app.window.panels.panel("dashboard.figures").tiles:
            assert "disconnected" in tile.accessibleDescription()
        assert all(chart.note().kind == "stale" for chart in charts(app).values())
        assert app.window.panels.panel("sources").note().kind == "stale"
        made.server.answer = answer
        await until(lambda: made.console.link.state == "up", 20)
        await until(lambda: not app.window.banner.isVisible())
        await until(
            lambda: "disconnected" not in app.window.panels.panel("dashboard.figures").tiles[0].accessibleDescription()
        )

    journey(aio, tmp_path, steps)


def test_no_two_actions_have_one_key(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: ConsoleApplication) -> None:
        with_keys = [action for action in made.console.actions.all() if action.shortcut]
        anywhere = [action.shortcut for action in with_keys if not action.bound]
        assert sorted(anywhere) == sorted(set(anywhere))
        # What a panel listens for means something only there.
        there = [(action.group, action.shortcut) for action in with_keys if action.bound]
        assert [twice for twice, count in Counter(there).items() if count > 1] == []
        assert not set(anywhere) & {key for _, key in there}
        assert len(with_keys) > 20

    journey(aio, tmp_path, steps)


def test_charts_mark_the_alerts_about_their_figures(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        shown = {known: panel.chart for known, panel in charts(app).items()}
        marked = {i: [m.name for m in c._data.marks] for i, c in shown.items() if c is not None and c._data is not None}
        failing = ["P1 Downloads failing over limit 2", "P2 Downloads failing over limit 1"]
        assert marked.pop("dashboard.downloads") == failing
        assert marked == {"dashboard.revenue": [], "dashboard.orders": [], "dashboard.community": []}

    earlier = (AS_OF - timedelta(hours=5)).isoformat()
    no_figure = alert(3, source="backup", key="daily", **dict.fromkeys(("figure", "ruleId", "comparison", "limit")))
    journey(aio, tmp_path, steps, alerts=[alert(1), alert(2, severity="P1", raisedAt=earlier), no_figure])


def test_another_theme_reaches_every_dock(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        for theme, dark in (("light", False), ("dark", True)):
            app.apply_theme(theme)
            await turns(30)
            for known in app.window.panels.specs:
                if not app.window.docks.is_open(known):
                    continue
                panel = app.window.panels.panel(known)
                picture = panel.widget.grab().toImage().scaled(40, 40)
                grounds = sorted(picture.pixelColor(x, y).lightness() for x in range(40) for y in range(40))
                assert (grounds[800] < 128) is dark, (known, theme)

    journey(aio, tmp_path, steps, alerts=[alert(1)])


def test_docks_keep_their_sizes_when_another_workspace_was_open(aio: Any, qapp: QApplication, tmp_path: Path) -> None:
    async def run() -> None:
        server = "http://127.0.0.1:1"
        keep_snapshot(tmp_path, server)
        console = Console(tmp_path, ConnectionTarget(url=server), keyring=MemoryKeyring())
        app = ConsoleApplication(qapp, console)
        app.show(1440, 1080)  # the figures take another row in the width that Triage leaves them
        await app.furnish()
        await turns()

        def places() -> Any:
            return app.window.docks.layout_now().places

        before = places()
        for workspace in (TRIAGE, WAR_ROOM, ACCESS, WAR_ROOM):
            app.window.open_workspace(workspace)
            await turns()
        assert places() == before
        app.close()
        app.window.deleteLater()
        await console.close()

    aio(run())


def test_a_key_with_control_typed_through_a_switch_is_carried_out_after_it(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        app.window.open_workspace(ACCESS)
        assert app.window.keys.shut
        QTest.keyClick(app.window, KEY.Key_P, CTRL)
        assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, PastDialog) and w.isVisible()]
        await until(lambda: not app.window.keys.shut)
        await turns()
        dialog = shown(PastDialog)
        assert not any("were ignored" in message.text for message in app.console.messages.history)
        dialog.reject()

    journey(aio, tmp_path, steps)


def test_keys_of_what_is_on_the_screen_come_first(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, app: ConsoleApplication) -> None:
        def first() -> str:
            app._keys()
            dialog = app.window.findChild(KeysDialog)
            assert dialog is not None
            group = dialog.tree.topLevelItem(0)
            dialog.close()
            return group.text(0)

        assert first() == "Alerts"
        app.window.open_workspace(TRIAGE)
        await turns()
        assert first() == "Triage"

    journey(aio, tmp_path, steps)


def test_that_keys_were_ignored_is_said_for_a_moment(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        bar = app.window.message_bar
        bar._passing.setInterval(1)
        app.window.open_workspace(ACCESS)
        QTest.keyClick(app.window, KEY.Key_A)
        await until(lambda: any("were ignored" in message.text for message in app.console.messages.history))
        await until(lambda: not bar.message.text())

    journey(aio, tmp_path, steps)


def test_the_tab_in_front_is_marked(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, app: ConsoleApplication) -> None:
        window = app.window
        window.open_workspace(TRIAGE)

        def marked() -> list[str]:
            area = window.docks._docks["risk.lists"].dockAreaWidget()
            bar = area.titleBar().tabBar()
            tabs = [bar.tab(index) for index in range(bar.count())]
            labels = [tab.findChild(QLabel) for tab in tabs if area.titleBar().property("several")]
            return [label.text() for label in labels if label is not None and label.font().weight() == 600]

        await until(lambda: marked() == ["Case"])
        window.docks.open("risk.lists")
        await until(lambda: marked() == ["Lists"])

    journey(aio, tmp_path, steps)


def test_tabs_keep_readable_titles_and_the_rest_are_in_a_list(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, app: ConsoleApplication) -> None:
        docks = app.window.docks
        app.window.open_workspace("incidents.room")
        await turns(5)
        area = docks._docks["incidents.incident"].dockAreaWidget()
        title = next(each for each in docks._titles.values() if each.front == "incidents.incident")
        title._area.width = lambda: 260  # its panel would not become so narrow
        title.refresh()
        bar = area.titleBar().tabBar()
        seen = [bar.tab(n).dockWidget().windowTitle() for n in range(bar.count()) if not bar.tab(n).isHidden()]
        assert seen[0] == "Incident"
        assert sum(current().width(words, 10, 600) for words in seen) < 260
        assert [*seen, *(words for _, words in title._unseen)] == [
            "Incident",
            "Review",
            "Response times",
            "Severities and rules",
        ]
        assert title._more.text() == f"{len(title._unseen)} more"
        docks.open(title._unseen[-1][0])  # what the list does
        await turns(3)
        title.refresh()
        assert not bar.tab(3).isHidden(), "the one in front never goes"

    journey(aio, tmp_path, steps)


def test_settings_name_the_server_that_was_given_at_the_start_and_forget_it(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        assert app.console.settings.server_url == "", "it was given on the command line"
        app.window.page_asked.emit("settings")
        dialog = shown(SettingsDialog)
        assert made.server.url in [label.text() for label in dialog.findChildren(QLabel)]
        assert dialog.forget.isEnabled()
        dialog.reject()

    journey(aio, tmp_path, steps)


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_a_floating_dock_is_filled_at_the_next_start(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, app: ConsoleApplication) -> None:
        app.window.docks.float("sources")
        await until(lambda: len(app.window.docks.history) > 0)
        app.window.save_workspace_as("My desk")
        app.window.close()
        again = ConsoleApplication(app.theme._application, made.console)
        try:
            again.show(1280, 800)
            await again.furnish()
            await until(again.window.docks._docks["sources"].isVisible)
            await turns()
            assert again.window.docks.panel("sources").widget.updatesEnabled()
        finally:
            again.close()
            again.window.deleteLater()

    journey(aio, tmp_path, steps)


@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_another_font_size_and_back_leaves_everything_where_it_was(aio: Any, tmp_path: Path) -> None:
    async def steps(_made: Office, app: ConsoleApplication) -> None:
        window = app.window
        app._settings()
        dialog = app.window.findChild(SettingsDialog)
        assert dialog is not None

        def sizes() -> list[Any]:
            return [*(area.geometry() for area in window.docks.areas()), dialog.size()]

        before = sizes()
        app.theme.apply("dark", 2.0)
        await until(lambda: dialog.width() == 840)
        await turns(10)
        bar, more = window.docks.view.horizontalScrollBar(), window.strip.more
        assert bar.maximum() == 0, "nothing of a dock is beside the screen"
        assert more.isVisible()
        opened: list[QMenu] = []
        more.click()
        opened += window.strip.findChildren(QMenu)
        words = [action.text() for action in opened[0].actions()]
        assert {"Search or run an action", "Past…"} <= set(words)
        assert any(text.endswith("UTC") for text in words)
        opened[0].close()
        kept = window.docks.layout_now()
        app.theme.apply("dark", 1.0)
        await until(lambda: sizes() == before)
        assert not more.isVisible()
        window.docks.restore(kept)  # what was saved meanwhile is no other arrangement
        await until(lambda: sizes() == before)
        dialog.close()

    journey(aio, tmp_path, steps)
