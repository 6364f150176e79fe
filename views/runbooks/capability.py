"""What runbooks bring to the window: a panel beside the alerts, and what can be done with runbooks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from app.runbooks.domain import VIEW, WORK, WRITE, Runbooks
from views.kit.capability import ActionSpec, Capability, Home, PanelSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.alerts import Alert
    from models.core.permissions import Permission
    from models.runbooks import RunbookSummary
    from views.kit.capability import Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

PANEL, ALERTS, ROOM, INCIDENTS = "runbooks", "alerts", "war-room", "incidents.room"
GROUP = "Runbooks"
FOUND_MOST = 8


def _panel(window: Window) -> Panel:
    from views.runbooks.panel import RunbooksPanel

    return RunbooksPanel(window)


def _open(window: Window, runbook: RunbookSummary) -> None:
    window.open_panel(PANEL)
    window.panel(PANEL).choose(runbook, read=True)


def _open_for(window: Window, alert: Alert) -> None:
    """The runbook of an alert: the closest here, else where the alert itself leads."""
    from views.kit.browser import browse

    found = window.console.of(Runbooks).library.for_alert(alert)
    if found:
        _open(window, found[0])
    elif alert.runbook_url:
        browse(alert.runbook_url)
    else:
        window.open_panel(PANEL)
        window.console.messages.post(f"No runbook is for “{alert.title}” yet.", "warning")


def _of_alert(window: Window) -> None:
    alert = window.panel(ALERTS).chosen
    if alert is not None:
        _open_for(window, alert)


def _of_alert_blocker(window: Window) -> str | None:
    panel = window.made(ALERTS)
    return "no alert is open" if panel is None or panel.chosen is None else None


def _show(window: Window) -> None:
    window.open_panel(PANEL)
    window.panel(PANEL).show_list()


def _chosen_blocker(verb: str, window: Window) -> str | None:
    panel = window.made(PANEL)
    if panel is None:
        return "choose a runbook first"
    found: str | None = panel.blocker(verb)
    return found


def _reader(verb: str, window: Window) -> None:
    window.panel(PANEL).do(verb)


def _write_blocker(window: Window) -> str | None:
    return window.console.write_blocker(WRITE)


def _new(window: Window) -> None:
    from views.runbooks.edit_dialog import EditDialog

    EditDialog(window.console, None, window.as_parent, done=window.panel(PANEL).expect).open()


def _edit(window: Window) -> None:
    from views.runbooks.edit_dialog import EditDialog

    if (runbook := window.panel(PANEL).runbook) is not None:
        EditDialog(window.console, runbook, window.as_parent).open()


def _work(window: Window) -> None:
    from views.runbooks.dialogs import EndDialog, WorkDialog

    panel = window.panel(PANEL)
    if panel.run is not None:
        EndDialog(window.console, panel.run, window.as_parent).open()
    elif panel.runbook is not None:
        WorkDialog(window.console, panel.runbook, window.as_parent).open()


def _note(window: Window) -> None:
    from views.runbooks.dialogs import NoteDialog

    panel = window.panel(PANEL)
    if panel.run is not None:
        NoteDialog(window.console, panel.run, panel.reader.step, window.as_parent).open()


def _retire(window: Window) -> None:
    from views.runbooks.dialogs import RetireDialog

    if (runbook := window.panel(PANEL).runbook) is not None:
        RetireDialog(window.console, runbook, window.as_parent).open()


def _history(window: Window) -> None:
    from views.runbooks.dialogs import HistoryDialog

    if (runbook := window.panel(PANEL).runbook) is not None:
        HistoryDialog(window.console, runbook, window.as_parent).open()


def _import(window: Window) -> None:
    from views.runbooks.file_dialogs import choose_file

    choose_file(window)


def _export(window: Window) -> None:
    from views.runbooks.file_dialogs import export

    if (runbook := window.panel(PANEL).runbook) is not None:
        export(window, runbook)


def _connect(window: Window) -> None:
    """The library is kept from the start, whatever is on the screen; alerts lead to it."""
    library = window.console.of(Runbooks).library
    library.keep()

    def lead(panel: Any) -> None:
        panel.lead_to_runbooks(library.for_alert, partial(_open_for, window))
        window.console.of(Runbooks).list().changed.connect(panel.refresh)

    window.when_made(ALERTS, lead)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    from views.kit.palette_entry import PaletteEntry, hits

    found = [
        PaletteEntry(each.title, f"kept by {each.owner_name}", run=partial(_open, window, each))
        for each in window.console.of(Runbooks).library.summaries
        if text and hits(text, each.title)
    ]
    return GROUP, found[:FOUND_MOST]


def _chosen_action(
    verb: str, title: str, key: str, run: Callable[[Window], object], permission: Permission | None = None
) -> ActionSpec:
    blocker = partial(_chosen_blocker, verb)
    return ActionSpec(f"runbooks.{verb}", title, GROUP, run, key, permission, blocker, bound=bool(key))


CAPABILITY = Capability(
    name="runbooks",
    panels=(
        PanelSpec(
            PANEL,
            "Runbooks",
            _panel,
            (Home(ROOM, column=1, row=0, height=652, tab=1), Home(INCIDENTS, column=1, row=0, height=420)),
        ),
    ),
    actions=(
        ActionSpec(
            "runbooks.of-alert", "Open the alert's runbook", "Alerts", _of_alert, "R", VIEW, _of_alert_blocker, True
        ),
        ActionSpec("runbooks.show", "Show all runbooks", GROUP, _show, "", VIEW),
        _chosen_action("work", "Work through the runbook, or end that…", "W", _work, WORK),
        _chosen_action("tick", "Tick the step off, or take that back", "X", partial(_reader, "tick")),
        _chosen_action("note", "Tick the step off with a note…", "M", _note, WORK),
        _chosen_action("next", "Next step", "J", partial(_reader, "next")),
        _chosen_action("before", "Step before", "K", partial(_reader, "before")),
        _chosen_action("copy", "Copy the commands of the step", "C", partial(_reader, "copy")),
        _chosen_action("edit", "Edit the runbook…", "E", _edit, WRITE),
        _chosen_action("retire", "Retire the runbook, or reinstate it…", "", _retire, WRITE),
        _chosen_action("history", "History of the runbook…", "H", _history),
        ActionSpec("runbooks.new", "New runbook…", GROUP, _new, "N", WRITE, _write_blocker, bound=True),
        ActionSpec("runbooks.import", "Import a runbook from a file…", GROUP, _import, "", WRITE, _write_blocker),
        _chosen_action("export", "Export the runbook as a file", "", _export),
    ),
    connect=_connect,
    palette=_palette,
)
