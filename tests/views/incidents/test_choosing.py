"""Which incident is shown, and what stands beside it: nothing changes by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.backend.incidents.fixtures import LEAD, Response
from tests.backend.runbooks.fixtures import DRAFT, RUNBOOKS
from tests.conftest import Api
from tests.views.incidents.test_workspace import PATIENCE, responding, room, run
from tests.views.office import turns, until
from views.incidents.beside import RunbookBeside
from views.incidents.desk import Desk
from views.incidents.dialogs import exact
from views.kit.widgets.instant import InstantField


def test_what_is_noted_at_an_entry_stays_within_its_minute(qapp: QApplication) -> None:
    at = datetime(2026, 11, 30, 13, 11, 14, 874, tzinfo=UTC)
    field = InstantField(at, "When it happened")
    assert exact(field, at) == at
    field.stepBy(1)
    assert exact(field, at) == field.instant != at


def test_the_list_chooses_nothing_by_taking_the_keyboard(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    shown, other = response.open(), response.open(severity="SEV3", description="Checkout slow")

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            await room(app)
            desk = app.window.panels.shared(Desk)
            desk.choose(shown["incidentId"])
            listed = app.window.panels.panel("incidents.list")
            listed.severity.setCurrentIndex(listed.severity.findData("SEV3"))
            await until(
                lambda: [each.incident_id for each in listed.table.records.rows] == [other["incidentId"]], PATIENCE
            )
            listed.search.setFocus()
            await turns()
            listed.table.setFocus(Qt.FocusReason.TabFocusReason)
            await turns()
            assert desk.incident_id == shown["incidentId"], "it is not in the list, and stays"
            listed.table.selectRow(0)
            assert desk.incident_id == other["incidentId"]

    run(aio, api, steps)


def test_the_runbook_of_another_incident_is_put_away(aio: Any, api: Api, tmp_path: Path) -> None:
    response = Response(api)
    runbook = response.done("POST", RUNBOOKS, DRAFT, by=LEAD)
    without, with_one = response.open(), response.open(runbookId=runbook["id"])

    async def steps() -> None:
        async with responding(api, tmp_path) as app:
            await room(app)
            desk = app.window.panels.shared(Desk)
            app.window.panels.shared(RunbookBeside)
            panel = app.window.panels.panel("runbooks")
            desk.choose(with_one["incidentId"])
            await until(lambda: panel.chosen is not None and panel.chosen.id == runbook["id"], PATIENCE)
            assert panel.reader.isVisible()
            desk.choose(without["incidentId"])
            await until(lambda: panel.chosen is None, PATIENCE)
            assert panel.table.isVisible()
            await until(lambda: desk.record is not None and desk.record.number == without["number"], PATIENCE)
            app.console.actions.execute("incidents.runbook")
            assert "No runbook fits what burns in INC-0001" in app.console.messages.history[-1].text
            desk.choose(with_one["incidentId"])
            await until(lambda: panel.chosen is not None, PATIENCE)

    run(aio, api, steps)
