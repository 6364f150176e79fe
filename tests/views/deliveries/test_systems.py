"""The Systems workspace as operators see it: states, filters, tests, keys, what is readable without a server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.core.link import LinkState
from app.deliveries.domain import Deliveries
from models.deliveries.connections import Connection
from tests.views.deliveries.fixtures import Systems, ago, connection, me, systems_office, webhook
from tests.views.office import Office, app_of, shown, turns, until
from views.deliveries.capability import SYSTEMS
from views.deliveries.connection_dialogs import PauseDialog
from views.deliveries.connection_panel import proof_line
from views.deliveries.hour_bars import hues
from views.deliveries.wording import ATTENTION, Heading, fate_words, remedy
from views.kit.theme import THEMES, current
from views.shell.application import ConsoleApplication

KEY = Qt.Key
Steps = Callable[[Office, Systems, ConsoleApplication], Awaitable[None]]


@pytest.fixture(autouse=True)
def _dark_again(qapp: QApplication) -> None:
    current().apply("dark", 1.0)


def workspace(aio: Any, profile: Path, steps: Steps, **fields: Any) -> None:
    """Run steps in the open workspace, with everything heard."""

    async def run() -> None:
        size = fields.pop("size", (1920, 1080))
        async with systems_office(profile, **fields) as (made, systems), app_of(made, *size) as app:
            app.window.open_workspace(SYSTEMS)
            panels = app.window.panels
            await until(lambda: panels.made("deliveries.connections") is not None)
            if made.console.session.may("deliveries.view_connections"):  # type: ignore[arg-type]
                await until(lambda: made.console.of(Deliveries).connections().sample is not None)
            await turns(10)
            await steps(made, systems, app)

    aio(run())


def rows(app: ConsoleApplication) -> list[str]:
    """Names in the list, headings in brackets."""
    table = app.window.panels.panel("deliveries.connections").table
    return [f"[{row.name}]" if isinstance(row, Heading) else row.name for row in table.records.rows]


def told(made: Office) -> list[str]:
    """What the message bar said, but of the clock, which stands still here, and of the link, whose time is its own."""
    own = ("clock", "Connected to")
    return [each.text for each in made.console.messages.history if not any(words in each.text for words in own)]


def press(widget: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    widget.setFocus()
    QTest.keyClick(widget, key, modifier)


def test_what_needs_attention_stands_first_and_the_worst_is_chosen(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: Systems, app: ConsoleApplication) -> None:
        found = rows(app)
        assert found[:6] == [
            "[Needs attention]",
            "Shop webhook, refund",
            "Finance webhook",
            "Tax rates",
            "Event warehouse",
            "Discord ops",
        ]
        assert found[6] == "[Working]"
        assert found[-3:] == ["[Off]", "BigQuery", "SMTP"]
        panels = app.window.panels
        detail = panels.panel("deliveries.connection")
        await until(lambda: detail.bars.bars)
        assert detail.verdict.text() == "No refund reaches the shop"
        assert "1. Get the new secret" in detail.steps.accessibleDescription()
        assert detail.tiles.waiting.accessibleDescription() == "12 oldest 41 min"
        assert detail.tiles.next.accessibleDescription() == "00:12 half open"
        assert "41 dead" in detail.bars.accessibleDescription()
        assert detail.note().text.startswith("Shop webhook, refund · version 9")
        assert panels.panel("deliveries.connections").note().text == "17 systems · 0 s old"
        badge = made.console.badge("deliveries")
        await until(lambda: badge.words == "5 connections need attention")
        badge.close()

    workspace(aio, tmp_path, steps)


def test_every_state_has_a_shape_and_a_word_and_none_is_green(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        table = app.window.panels.panel("deliveries.connections").table
        picture = table.viewport().grab().toImage()
        green = current().tokens.good.upper()
        seen = {
            picture.pixelColor(x, y).name().upper()
            for x in range(0, picture.width(), 2)
            for y in range(0, picture.height(), 2)
        }
        tokens = current().tokens
        assert green not in seen
        assert {tokens.p2.upper(), tokens.p3.upper()} <= seen  # filled and outlined
        said = {row.name: table.cell(row, 2).words for row in table.records.rows if not isinstance(row, Heading)}
        assert set(said.values()) == {"failing", "misconfigured", "late", "paused", "ok", "off"}

    workspace(aio, tmp_path, steps)


def test_one_that_is_off_has_no_figures_and_says_what_it_needs(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        table = app.window.panels.panel("deliveries.connections").table
        off = next(row for row in table.records.rows if not isinstance(row, Heading) and row.name == "SMTP")
        assert [table.cell(off, number).words for number in range(3, 10)] == ["never", *"––––––"]
        assert table.cell(off, 10).words == "Not set up. SendGrid sends all mail."

    workspace(aio, tmp_path, steps)


def test_keys_move_over_headings_and_the_other_panels_follow(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        panels = app.window.panels
        table, detail = panels.panel("deliveries.connections").table, panels.panel("deliveries.connection")
        for _step in range(4):
            press(table, KEY.Key_J)
        assert table.at_cursor.name == "Discord ops"
        press(table, KEY.Key_Down)
        assert table.at_cursor.name == "Grafana"  # not the heading between them
        press(table, KEY.Key_K)
        await turns(5)
        assert detail.verdict.text() == "Discord ops is paused"
        assert detail.said.text() == "Paused by SL until 16:00 UTC: channel moves. What is meant for it waits."
        assert detail.buttons["pause"].text() == "Resume"
        letters = panels.panel("deliveries.letters")
        await until(lambda: "No dead letters" in letters.state.text())
        assert letters.own_note().text.startswith("no dead letters for Discord ops")
        assert letters.elsewhere.isVisible()
        assert letters.elsewhere.text() == "41 dead letters of other systems: show all systems"
        letters.elsewhere.click()
        await until(lambda: letters.letters)
        assert letters.own_note().text.startswith("41 dead in all, oldest")
        assert not letters.elsewhere.isVisible()

    workspace(aio, tmp_path, steps)


def test_filters_say_how_many_there_are(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.connections")
        texts = [pill.text() for pill in panel.pills.values()]
        assert texts == ["All 17", "Needs attention 5", "Shop 3", "Alerting 3", "Mail 2", "Webhooks 9"]
        panel.pills[ATTENTION].click()
        assert rows(app)[0] == "[Needs attention]"
        assert len(rows(app)) == 6
        assert panel.test.text() == "Test all five"
        panel.pills["Mail"].click()
        assert rows(app) == ["[Working]", "SendGrid", "[Off]", "SMTP"]
        assert panel.summary.accessibleDescription().startswith("1,912 waiting, 41 dead letters, 1 breaker open")

    workspace(aio, tmp_path, steps)


def test_a_test_is_sent_by_key_and_what_the_system_says_is_told(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        table = app.window.panels.panel("deliveries.connections").table
        systems.proof = {"proof": "failed", "seconds": 0.2, "words": "401 signature rejected"}
        press(table, KEY.Key_T)
        assert table.cell(table.at_cursor, 9).words == "testing…"
        await until(lambda: told(made))
        assert told(made)[-1] == "Test of Shop webhook, refund failed: 401 signature rejected."
        assert systems.asked[-1][:2] == ("POST", "/connections/shop-webhook-refund/test")
        systems.proof = {"proof": "proven", "seconds": 0.2, "words": "200"}
        panel = app.window.panels.panel("deliveries.connections")
        panel.pills[ATTENTION].click()
        panel.test.click()
        await until(lambda: told(made)[-1].startswith("Tested"))
        assert told(made)[-1] == "Tested 5 connections: all answered."

    workspace(aio, tmp_path, steps)


def test_pausing_asks_until_when_and_why_and_can_be_undone(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panels = app.window.panels
        table, detail = panels.panel("deliveries.connections").table, panels.panel("deliveries.connection")
        press(table, KEY.Key_P)
        dialog = shown(PauseDialog)
        dialog.submit()
        assert "why" in dialog.error
        dialog.words.setPlainText("the shop moves")
        dialog.submit()
        await until(lambda: systems.asked)
        method, path, body = systems.asked[-1]
        assert (method, path, body["reason"]) == ("POST", "/connections/shop-webhook-refund/pause", "the shop moves")
        assert body["until"].startswith("2026-11-24T15:02:37")
        await until(lambda: detail.buttons["pause"].text() == "Resume")
        await until(lambda: told(made))
        assert told(made) == ["Pause: Shop webhook, refund until 15:02 UTC"]
        message = next(message for message in made.console.messages.history if message.text == told(made)[0])
        assert message.undo is not None
        message.undo()
        await until(lambda: systems.asked[-1][1].endswith("/resume"))

    workspace(aio, tmp_path, steps)


def test_whoever_may_only_look_is_told_why_nothing_can_be_done(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panels = app.window.panels
        detail = panels.panel("deliveries.connection")
        assert not detail.buttons["secret"].isEnabled()
        assert detail.buttons["secret"].toolTip() == "needs “Manage connections”"
        press(panels.panel("deliveries.connections").table, KEY.Key_T)
        assert told(made)[-1].endswith("needs “Replay letters”.")
        assert systems.asked == []

    workspace(aio, tmp_path, steps, me=me("deliveries.view_connections"))


def test_whoever_may_not_look_sees_which_permission_is_missing(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, _: Systems, app: ConsoleApplication) -> None:
        for known in ("connections", "connection", "letters", "routes"):
            panel = app.window.panels.panel(f"deliveries.{known}")
            assert "“View connections”" in panel._refusal.text()
        assert not [asked for asked in made.server.asked if asked.path.startswith("/api/deliveries")]

    workspace(aio, tmp_path, steps, me=me("operations.view_dashboard"))


def test_with_nothing_set_up_the_page_says_so(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        panels = app.window.panels
        assert "nothing is sent anywhere" in panels.panel("deliveries.connections").state.text()
        assert panels.panel("deliveries.connection").empty.text() == "No outside system is set up."
        assert panels.panel("deliveries.connections").test.toolTip() == "nothing that is shown is set up"
        routes = panels.panel("deliveries.routes")
        await until(lambda: "Nothing is set up" in routes.said.text())

    empty = {"routes": [], "gaps": [], "version": 1, "updatedAt": ago(days=1), "updatedBy": "worker"}
    workspace(aio, tmp_path, steps, connections=[], letters=[], routes=empty)


def test_without_the_server_everything_is_readable_and_nothing_can_be_done(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with systems_office(tmp_path) as (made, _), app_of(made) as app:
            app.window.open_workspace(SYSTEMS)
            panels = app.window.panels
            await until(
                lambda: panels.made("deliveries.routes") is not None and panels.panel("deliveries.routes").routes
            )
            await until(lambda: panels.panel("deliveries.letters").letters)
            await until(lambda: panels.panel("deliveries.connection").bars.bars)
            detail = panels.panel("deliveries.connection")
            made.server.answer = lambda _asked: None
            await made.console.of(Deliveries).connections().refresh()
            await until(lambda: made.console.link.state is LinkState.DOWN)
            await turns(10)
            assert rows(app)[1] == "Shop webhook, refund"
            assert detail.buttons["test"].toolTip() == "needs the link, because it cannot be taken back"
            assert "stale" in panels.panel("deliveries.connections").note().text

    aio(run())


def test_nothing_is_clipped_in_a_small_window_and_with_a_large_font(aio: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with systems_office(tmp_path) as (made, _), app_of(made, 1440, 900, scale=1.5) as app:
            app.window.open_workspace(SYSTEMS)
            panels = app.window.panels
            await until(lambda: panels.made("deliveries.connection") is not None)
            await until(panels.panel("deliveries.connections").table.records.rowCount)
            await turns(10)
            table = panels.panel("deliveries.connections").table
            wide = sum(table.columnWidth(n) for n in range(11) if not table.isColumnHidden(n))
            assert wide <= table.viewport().width() or table.isColumnHidden(3)
            for known in ("deliveries.connections", "deliveries.connection", "deliveries.letters"):
                widget = panels.panel(known).widget
                assert widget.minimumSizeHint().width() <= widget.width(), known
            area = panels.panel("deliveries.connection").area
            inside = area.widget()
            assert inside.minimumSizeHint().width() <= area.viewport().width(), "it scrolls up and down only"

    aio(run())


def test_a_connection_is_found_in_the_palette(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        from views.shell.palette.sources import find

        groups = dict(find(app.window, "discord"))
        entry = groups["Connections"][0]
        assert (entry.title, entry.detail) == ("Discord ops", "paused")
        assert entry.run is not None
        entry.run()
        await turns(5)
        assert app.window.panels.panel("deliveries.connection").verdict.text() == "Discord ops is paused"

    workspace(aio, tmp_path, steps)


def test_the_remedy_is_the_first_button() -> None:

    def of(advised: str | None, **more: Any) -> str:
        advice = {"verdict": "v", "detail": "d", "steps": [], "remedy": advised}
        return remedy(Connection.model_validate(connection("A", webhook(), advice=advice, **more)))

    assert remedy(Connection.model_validate(connection("A", webhook()))) == ""
    assert of(None, state="late") == ""
    assert of("secret", state="misconfigured", lastError="404 not found") == "secret"  # as the server says
    assert of("change", state="misconfigured", lastError="401 signature rejected") == "change"
    assert (of("test", state="failing"), of("resume", state="paused")) == ("test", "pause")


@pytest.mark.parametrize(("state", "proof"), [("failing", "failed"), ("paused", "never")])
def test_what_was_never_proven_is_said_in_words(state: str, proof: str) -> None:
    now = Connection.model_validate(connection("A", webhook())).updated_at
    never = connection("A", webhook(), state=state, proof=proof, provenAt=None)
    assert proof_line(Connection.model_validate(never), now).endswith(", never proven")


@pytest.mark.parametrize("theme", THEMES)
def test_what_died_has_a_colour_of_its_own(theme: str) -> None:
    current().apply(theme)
    sent, _, dead = hues()
    apart = abs(sent.hueF() - dead.hueF())
    assert min(apart, 1 - apart) > 0.1


def test_nothing_is_said_to_have_arrived_while_something_is_stopped() -> None:
    well = Connection.model_validate(connection("A", webhook()))
    stopped = Connection.model_validate(connection("B", webhook(), state="misconfigured", waiting=3))
    assert fate_words([well]) == "Everything arrived."
    assert fate_words([well, stopped]) == "Nothing goes to B now: 3 waiting."
