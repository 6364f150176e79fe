"""The panel of notes in the whole window, on a real API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from tests.conftest import Api
from tests.views.access.test_workspace import relaying, signed_in
from tests.views.office import shown, turns, until
from views.notes.capability import PANEL
from views.notes.write_dialog import WriteDialog
from views.shell.application import ConsoleApplication
from views.shell.palette.sources import find

LONGEST = 30.0
"""Seconds until a test gives up; it waits for no time."""


def test_a_note_is_written_from_the_palette_shown_and_finished(aio: Any, api: Api, tmp_path: Path) -> None:
    async def run() -> None:
        async with signed_in(api, "operations-lead", tmp_path) as console:
            with relaying(api):
                app = ConsoleApplication(QApplication.instance(), console)  # type: ignore[arg-type]
                app.show(1440, 900)
                await app.furnish()
                panels = app.window.panels
                actions = {entry.title: entry for entry in dict(find(app.window, "note"))["Actions"]}
                assert not actions["Write a note…"].disabled
                assert actions["Finish the chosen note"].disabled == "choose a note first"
                assert panels.made(PANEL) is None
                badge = console.badge("notes")

                assert console.actions.execute("notes.write") is None
                dialog = shown(WriteDialog)
                dialog.words.setPlainText("Mind the mirror.")
                dialog.submit()
                app.window.open_panel(PANEL)
                panel = panels.panel(PANEL)
                await until(lambda: [note.text for note in panel.table.records.rows] == ["Mind the mirror."], LONGEST)
                await until(lambda: badge.words == "1 note is open", LONGEST)

                panel.table.selectRow(0)
                assert console.actions.execute("notes.finish") is None
                await until(lambda: not panel.table.records.rows and not console.mutations.pending, LONGEST)
                await until(lambda: badge.words == "", LONGEST)
                app.close()
                app.window.deleteLater()
                await turns()

    aio(run())
