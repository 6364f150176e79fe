"""What notes bring to the window: their panel, and what can be done there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec, Capability, Home, PanelSpec

if TYPE_CHECKING:
    from views.kit.capability import Window
    from views.kit.panel import Panel

PANEL, ROOM = "notes.open", "war-room"
WRITE = Permission.MANAGE_ALERTS


def _panel(window: Window) -> Panel:
    from views.notes.panel import NotesPanel

    return NotesPanel(window.console)


def _write(window: Window) -> None:
    from views.notes.write_dialog import WriteDialog

    WriteDialog(window.console, window.as_parent).open()


def _write_blocker(window: Window) -> str | None:
    return window.console.write_blocker(WRITE)


def _finish(window: Window) -> None:
    window.panel(PANEL).finish()


def _finish_blocker(window: Window) -> str | None:
    panel = window.made(PANEL)
    if panel is None or panel.chosen is None:
        return "choose a note first"
    return window.console.write_blocker(WRITE)


CAPABILITY = Capability(
    name="notes",
    panels=(PanelSpec(PANEL, "Notes", _panel, (Home(ROOM, column=1, row=1, height=336, tab=1),)),),
    actions=(
        ActionSpec("notes.write", "Write a note…", "Notes", _write, "", WRITE, _write_blocker),
        ActionSpec("notes.finish", "Finish the chosen note", "Notes", _finish, "", WRITE, _finish_blocker),
    ),
    badge_of=ROOM,
)
