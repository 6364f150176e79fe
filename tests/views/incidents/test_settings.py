"""What those who lead change of incidents in the console: severity matrix, rules, links, who takes part no longer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from models.incidents import LinkKind
from models.incidents.matrix import Closer, RuleKind
from tests.backend.incidents.fixtures import BASE, LEAD, Response, path_of
from tests.conftest import Api
from tests.views.access.test_workspace import signed_in
from tests.views.incidents.test_workspace import PATIENCE, press, responding, room, run, texts, window_of
from tests.views.office import shown, turns, until
from views.incidents.links_dialog import LinksDialog
from views.incidents.matrix_dialog import MatrixDialog
from views.incidents.people_dialogs import LeaveDialog
from views.incidents.rule_dialog import RuleDialog
from views.incidents.settings_panel import SettingsPanel
from views.incidents.work import blocker
from views.kit import browser

KEY = Qt.Key


async def settings_panel(app: Any) -> SettingsPanel:
    """The panel, with the matrix in it."""
    app.window.open_workspace("incidents.room")
    app.window.open_panel("incidents.settings")
    panel: SettingsPanel = app.window.panels.panel("incidents.settings")
    await until(lambda: panel.matrix.records.rowCount() == 4, PATIENCE)
    return panel


def test_the_severity_matrix_is_changed_and_what_asks_for_less_waits(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)

    async def steps() -> None:  # with a second factor, as the matrix asks for
        async with signed_in(api, LEAD, tmp_path) as console, window_of(console) as app:
            panel = await settings_panel(app)
            assert panel.buttons["incidents.matrix"].isEnabled(), panel.buttons["incidents.matrix"].toolTip()
            panel.buttons["incidents.matrix"].click()
            dialog = shown(MatrixDialog)
            sev3 = dialog.forms[2]
            dialog.submit()
            assert dialog.error == "Nothing is different."
            sev3.minutes.setValue(45)
            dialog.words.setPlainText("Told sooner")
            dialog.submit()
            await until(lambda: panel.matrix.records.rows[2].update_minutes == 45, PATIENCE)
            assert response.done("GET", f"{BASE}/matrix")["levels"][2]["updateMinutes"] == 45
            (entry,) = response.audited("incidents.matrix.changed")
            assert entry["reason"] == "Told sooner"
            panel.buttons["incidents.matrix"].click()
            dialog = shown(MatrixDialog)
            dialog.forms[0].closer.setCurrentIndex(dialog.forms[0].closer.findData(Closer.RESPONDERS))
            dialog.words.setPlainText("Quicker")
            dialog.submit()
            await until(lambda: any("somebody else" in each.text for each in app.console.messages.history), PATIENCE)
            assert response.done("GET", f"{BASE}/matrix")["levels"][0]["closer"] != Closer.RESPONDERS

    run(aio, api, steps)


def test_a_rule_that_opens_incidents_is_made_and_changed(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)

    async def steps() -> None:
        async with responding(api, tmp_path, LEAD) as app:
            panel = await settings_panel(app)
            assert panel.buttons["incidents.change-rule"].toolTip() == "choose a rule first"
            panel.buttons["incidents.new-rule"].click()
            dialog = shown(RuleDialog)
            dialog.submit()
            assert dialog.error == "It needs a title."
            dialog.name.setText("Downloads fail at once")
            dialog.kind.setCurrentIndex(dialog.kind.findData(RuleKind.BURST))
            dialog.group.setText("no blanks here")
            dialog.submit()
            assert dialog.error.startswith("Group of alerts: ")
            dialog.group.setText("downloads")
            dialog.submit()
            await until(lambda: panel.rules.records.rowCount() == 1, PATIENCE)
            (rule,) = response.done("GET", f"{BASE}/rules")["items"]
            assert (rule["kind"], rule["alerts"], rule["minutes"], rule["group"]) == ("burst", 5, 10, "downloads")
            panel.rules.selectRow(0)
            panel.buttons["incidents.change-rule"].click()
            dialog = shown(RuleDialog)
            dialog.submit()
            assert dialog.error == "Nothing is different."
            dialog.enabled.setChecked(False)
            dialog.submit()
            await until(lambda: not panel.rules.records.rows[0].enabled, PATIENCE)
            (entry,) = response.audited("incidents.rule.changed")
            assert entry["after"]["enabled"] is False

    run(aio, api, steps)


def test_whoever_may_not_change_the_settings_reads_them_and_why(aio: Any, api: Api, tmp_path: Path) -> None:
    async def steps() -> None:
        async with responding(api, tmp_path, "viewer") as app:
            panel = await settings_panel(app)
            for known in ("incidents.matrix", "incidents.new-rule"):
                assert "needs" in panel.buttons[known].toolTip()

    run(aio, api, steps)


def test_links_are_added_opened_and_taken_away(
    aio: Any, api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    response = Response(api)
    made, opened = response.open(), list[str]()
    monkeypatch.setattr(browser, "browse", opened.append)
    monkeypatch.setattr("views.incidents.crew_panel.browse", opened.append)

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            panel = await room(app)
            await until(lambda: bool(texts(panel)), PATIENCE)
            press(panel, KEY.Key_L)
            dialog = shown(LinksDialog)
            (form,) = dialog.forms
            assert form.kind.currentData() == LinkKind.SLACK
            form.url.setText("slack.example/c1")
            dialog.submit()
            assert dialog.error == "An address starts with https:// or http://."
            form.url.setText("https://slack.example/c1")
            form.title.setText("#inc-0001")
            dialog.add_link()
            dialog.forms[-1].kind.setCurrentIndex(dialog.forms[-1].kind.findData(LinkKind.PAGERDUTY))
            dialog.forms[-1].url.setText("https://pd.example/1")
            dialog.submit()
            crew = app.window.panels.panel("incidents.crew")
            await until(lambda: crew.links.records.rowCount() == 2, PATIENCE)
            assert [each["kind"] for each in response.get(made)["links"]] == ["slack", "pagerduty"]
            crew.links.activated_row.emit(crew.links.records.rows[0])
            assert opened == ["https://slack.example/c1"]
            press(panel, KEY.Key_L)
            dialog = shown(LinksDialog)
            dialog.remove_link(dialog.forms[0])
            dialog.submit()
            await until(lambda: crew.links.records.rowCount() == 1, PATIENCE)

    run(aio, api, steps)


def test_who_takes_part_no_longer_is_taken_off_with_the_reason(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    made = response.open()

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            panel = await room(app)
            await until(lambda: panel.incident is not None, PATIENCE)
            assert blocker(app.window.panels, "leave") == "nobody takes part besides its roles"
            body = {"userId": "support-lead", "reason": "tickets"}
            response.done("POST", f"{path_of(made)}/participants", body)
            await until(lambda: panel.incident is not None and len(panel.incident.participants) == 1, PATIENCE)
            press(panel, KEY.Key_D)
            dialog = shown(LeaveDialog)
            dialog.submit()
            assert "in a few words" in dialog.error
            dialog.words.setPlainText("End of the shift")
            dialog.submit()
            await until(lambda: panel.incident is not None and not panel.incident.participants, PATIENCE)
            await until(lambda: any("End of the shift" in text for text in texts(panel)), PATIENCE)
            await turns()

    run(aio, api, steps)
