"""Who hears of what: read, edited as one change, and a message that is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt

from models.alerts import Severity
from models.deliveries.routing import RouteMode, Team
from tests.views.deliveries.fixtures import CODE, Systems, conflict, template
from tests.views.deliveries.test_systems import press, told, workspace
from tests.views.office import Office, shown, turns, until
from views.deliveries.contacts_dialog import ContactsDialog
from views.deliveries.route_grid import Cell
from views.deliveries.routes_dialog import RoutesDialog
from views.deliveries.text_dialog import TextDialog
from views.kit.dialogs.conflict import ConflictDialog
from views.shell.application import ConsoleApplication

KEY = Qt.Key


def test_the_map_says_every_cell_and_what_nobody_hears(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, __: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.routes")
        await until(lambda: panel.routes is not None and panel.grid.columns)
        assert [each.name for each in panel.grid.columns] == [
            "PagerDuty Events v2",
            "Slack #ops-incidents",
            "Discord ops",
            "SendGrid",
        ]
        assert "Finance P2 reaches nobody." in panel.said.text()
        assert panel.note().text.startswith("version 31, 2 gaps")
        grid = panel.grid
        assert grid.accessibleDescription() == "Operations P1 by PagerDuty Events v2: at once"
        press(grid, KEY.Key_Down)
        for _step in range(3):
            press(grid, KEY.Key_Right)
        assert grid.accessibleDescription() == "Payments P4 by PagerDuty Events v2: not sent"
        before = dict(grid.modes)
        press(grid, KEY.Key_Space)
        assert grid.modes == before  # only the dialog edits
        assert grid.words(6, 8) == "Community P1 by Discord ops, which is paused: at once"
        assert grid._column_of(panel.routes.gaps[0]) == 2  # where they are told in vain
        narrow = grid.sizeHint().width()
        grid.fit(QSize(2 * narrow, panel.area.minimumHeight()))
        assert narrow < grid.sizeHint().width() <= 2 * narrow
        assert grid.sizeHint().height() <= panel.area.minimumHeight()  # all teams, whatever is said below

    workspace(aio, tmp_path, steps)


def test_it_is_edited_by_keyboard_as_one_change_with_one_reason(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.routes")
        await until(lambda: panel.routes is not None and panel.grid.columns)
        panel.edit.click()
        dialog = shown(RoutesDialog)
        dialog.submit()
        assert dialog.error == "Nothing was changed yet."
        press(dialog.grid, KEY.Key_Space)  # Operations P1 by PagerDuty: at once, daily
        assert dialog.changes == 1
        assert dialog.said.text() == "1 change"
        dialog.submit()
        assert "why" in dialog.error
        dialog.words.setPlainText("Quieter nights")
        dialog.submit()
        await until(lambda: told(made))
        method, path, body = systems.asked[-1]
        assert (method, path, body["reason"]) == ("PUT", "/routes", "Quieter nights")
        assert "if-match" in systems.keys[-1]
        assert len(body["routes"]) == len(dialog._was)
        changed = {"team": "operations", "severity": "P1", "connectionId": "pagerduty-events-v2", "mode": "daily"}
        assert changed in body["routes"]
        await until(lambda: panel.routes.version == 32)
        cell = Cell(Team.OPERATIONS, "pagerduty-events-v2", Severity.P1)
        assert panel.grid.modes[cell] is RouteMode.DAILY
        assert panel.said.text() == ""

    workspace(aio, tmp_path, steps)


def test_a_map_that_somebody_changed_meanwhile_is_compared(aio: Any, tmp_path: Path) -> None:
    async def steps(_: Office, systems: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.routes")
        await until(lambda: panel.routes is not None and panel.grid.columns)
        panel.edit.click()
        dialog = shown(RoutesDialog)
        press(dialog.grid, KEY.Key_Space)
        dialog.words.setPlainText("Quieter nights")
        systems.refusal = conflict()
        dialog.submit()
        await until(lambda: [w for w in app.window.findChildren(ConflictDialog) if w.isVisible()])
        shown(ConflictDialog).reject()
        await turns()

    workspace(aio, tmp_path, steps)


def test_a_message_is_tried_without_being_sent(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.routes")
        await until(panel.template.count)
        assert made.console.actions.execute("deliveries.try-message") is None
        await until(panel.text.toPlainText)
        assert panel.subject.text() == "P2 Downloads failing"
        assert panel.text.toPlainText() == "As pagerduty-events-v2 shows it"
        assert systems.asked[-1][1:] == (
            "/templates/preview",
            {"template": "alert.raised", "connectionId": "pagerduty-events-v2"},
        )
        panel.by.setCurrentIndex(1)
        panel.by.activated.emit(1)
        await until(lambda: "slack" in panel.text.toPlainText())

    workspace(aio, tmp_path, steps)


def test_a_text_is_changed_as_a_new_version_and_seen_before(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        panel = app.window.panels.panel("deliveries.routes")
        await until(panel.template.count)
        panel.show_page(1)
        panel.edit_text.click()
        dialog = shown(TextDialog)
        await until(lambda: dialog.versions and dialog.shown.toPlainText())
        assert (dialog.subject.text(), dialog.text.toPlainText()) == ("{severity} {title}", "{title} since {since}")
        dialog.submit()
        assert dialog.error == "Nothing was changed yet."
        dialog.text.setPlainText("Now: {title}")
        await until(lambda: systems.asked[-1][2].get("text") == "Now: {title}")  # how it looks, not saved
        assert systems.asked[-1][1] == "/templates/preview"
        dialog.submit()
        await until(lambda: told(made))
        saved = ("PATCH", "/templates/alert.raised", {"subject": "{severity} {title}", "text": "Now: {title}"})
        assert "if-match" in systems.keys[systems.asked.index(saved)]

    workspace(aio, tmp_path, steps)


def test_an_earlier_version_of_a_text_is_taken_up_again(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        systems.texts.insert(0, template("alert.raised", version=2, text="Worse: {title}"))
        assert made.console.actions.execute("deliveries.edit-text") is None
        dialog = shown(TextDialog)
        await until(lambda: len(dialog.versions) == 2)
        assert dialog.text.toPlainText() == "Worse: {title}"
        dialog.version.setCurrentIndex(1)
        dialog.version.activated.emit(1)
        dialog.submit()
        await until(lambda: told(made))
        assert systems.texts[0]["text"] == "{title} since {since}"
        del app

    workspace(aio, tmp_path, steps)


def test_an_address_of_ones_own_is_added_proved_and_removed(aio: Any, tmp_path: Path) -> None:
    async def steps(made: Office, systems: Systems, app: ConsoleApplication) -> None:
        assert made.console.actions.execute("deliveries.contacts") is None
        dialog = shown(ContactsDialog)
        await until(lambda: "None yet" in dialog.state.text())
        dialog.address.setText("nonsense")
        dialog.add()
        assert "Enter a mail address" in dialog.error
        dialog.address.setText("ada@example.com")
        dialog.add()
        await until(lambda: dialog.codes)
        [contact] = dialog.contacts
        dialog.codes[contact.id].setText("1")
        dialog.verify(contact)
        assert "The code has 6 digits" in dialog.error
        dialog.codes[contact.id].setText("000000")
        dialog.verify(contact)
        await until(lambda: "not the code" in dialog.error)
        dialog.codes[contact.id].setText(CODE)
        dialog.verify(contact)
        await until(lambda: not dialog.codes and not dialog.is_busy)
        assert [each.state for each in dialog.contacts] == ["verified"]
        dialog.remove(dialog.contacts[0])
        await until(lambda: not dialog.contacts)
        dialog.reject()
        del systems, app

    workspace(aio, tmp_path, steps)
