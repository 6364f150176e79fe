"""What can be done with an incident: keys, titles, what each opens, and why one cannot be done now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from app.core.errors import OperationsError
from app.incidents import decisions
from app.incidents.domain import WORK
from models.incidents import IncidentStatus
from views.incidents.desk import PANEL, Desk
from views.incidents.wording import STORY, is_open

if TYPE_CHECKING:
    from models.incidents import IncidentRecord
    from models.incidents.timeline import TimelineEntry
    from views.kit.capability import Window

KEYS = {
    Qt.Key.Key_O: "open",
    Qt.Key.Key_S: "move",
    Qt.Key.Key_U: "update",
    Qt.Key.Key_N: "note",
    Qt.Key.Key_H: "hand-over",
    Qt.Key.Key_P: "page",
    Qt.Key.Key_E: "edit",
    Qt.Key.Key_A: "attach",
    Qt.Key.Key_T: "times",
    Qt.Key.Key_M: "merge",
    Qt.Key.Key_W: "join",
    Qt.Key.Key_D: "leave",
    Qt.Key.Key_L: "links",
    Qt.Key.Key_X: "pin",
    Qt.Key.Key_C: "correct",
    Qt.Key.Key_V: "review",
    Qt.Key.Key_R: "runbook",
}
"""What they mean while the keyboard is in log, lanes or list."""
GROUPED = (
    ("open", "Open an incident…"),
    ("move", "Move on…"),
    ("update", "Post a status update…"),
    ("note", "Note what happened…"),
    ("hand-over", "Hand over a role…"),
    ("join", "Somebody takes part…"),
    ("leave", "Somebody takes part no longer…"),
    ("page", "Page somebody…"),
    ("edit", "Change severity and what it is…"),
    ("links", "Links to chat, ticket and PagerDuty…"),
    ("attach", "Attach alerts…"),
    ("times", "Change key times…"),
    ("merge", "Merge into another one…"),
    ("pin", "Pin the chosen entry, or unpin it"),
    ("correct", "Correct the chosen entry…"),
    ("runbook", "Open its runbook"),
    ("review", "Its review"),
    ("export-md", "Export the timeline as Markdown"),
    ("export-pdf", "Export the timeline as PDF"),
    ("export-json", "Export the timeline as JSON"),
)
OF_ENTRY = {"pin", "correct"}
READING = {"runbook", "review", "export-md", "export-pdf", "export-json"}
KEPT = {"note", "pin", "correct"}
"""Kept for later while the server cannot be heard."""
AFTER_THE_END = {"note", "times", "edit", "links", "pin", "correct", "move", *READING}


def _entry(window: Window) -> TimelineEntry | None:
    panel = window.made(PANEL)
    return panel.log.chosen if panel is not None else None


def blocker(window: Window, verb: str) -> str | None:
    """Why something cannot be done now, in words."""
    console = window.console
    if verb == "open":
        return console.write_blocker(WORK, irreversible=True)
    incident = window.shared(Desk).record
    if incident is None:
        return "no incident is chosen"
    if verb in OF_ENTRY and _entry(window) is None:
        return "choose an entry of the log first"
    if incident.merged_into is not None and verb not in READING:
        return "it was merged into another one"
    if not is_open(incident) and verb not in AFTER_THE_END:
        return "it is closed"
    if verb == "leave" and not incident.participants:
        return "nobody takes part besides its roles"
    if verb == "move" and incident.status is IncidentStatus.REVIEWED:
        return "it is reviewed"
    if verb == "review" and is_open(incident):
        return "a review begins when it is resolved"
    if verb == "runbook":
        known = incident.runbook_id or incident.runbook_link
        return None if known or window.made("runbooks") is not None or _of_alerts(window) else "it has no runbook"
    if verb in READING:
        return None
    return console.write_blocker(WORK, irreversible=verb not in KEPT)


def _of_alerts(window: Window) -> bool:
    from app.runbooks import Runbooks

    return bool(window.console.of(Runbooks).library.summaries)


def run(window: Window, verb: str) -> None:
    """Do it, or open what asks for the rest."""
    from views.incidents import dialogs, people_dialogs

    incident, parent, console = window.shared(Desk).record, window.as_parent, window.console
    if verb == "open":
        dialogs.OpenDialog(window).open()
        return
    if incident is None:
        return
    match verb:
        case "move":
            dialogs.MoveDialog(console, incident, parent).open()
        case "update":
            from views.incidents.update_dialog import UpdateDialog

            UpdateDialog(console, incident, parent).open()
        case "note":
            dialogs.NoteDialog(console, incident, parent, at=window.shared(Desk).cursor).open()
        case "hand-over":
            people_dialogs.HandOverDialog(console, incident, parent).open()
        case "join":
            people_dialogs.JoinDialog(console, incident, parent).open()
        case "leave":
            people_dialogs.LeaveDialog(console, incident, parent).open()
        case "links":
            from views.incidents.links_dialog import LinksDialog

            LinksDialog(console, incident, parent).open()
        case "page":
            people_dialogs.PageDialog(console, incident, parent).open()
        case "edit":
            dialogs.EditDialog(console, incident, parent).open()
        case "attach":
            people_dialogs.AttachDialog(console, incident, parent).open()
        case "times":
            dialogs.TimesDialog(console, incident, parent).open()
        case "merge":
            dialogs.MergeDialog(console, incident, parent).open()
        case "pin" | "correct":
            _of_entry(window, verb, incident)
        case "runbook":
            show_runbook(window, incident)
        case "review":
            window.open_panel("incidents.review")
        case _:
            from views.incidents.export import save_timeline

            suffix = verb.removeprefix("export-")
            panel = window.made(PANEL)
            shown = panel.log.shown if panel is not None else STORY
            console.tasks.start(save_timeline(console, incident, suffix, shown), name="export a timeline")


def _of_entry(window: Window, verb: str, incident: IncidentRecord) -> None:
    from views.incidents.dialogs import CorrectDialog

    entry = _entry(window)
    if entry is None:
        return
    if verb == "correct":
        CorrectDialog(window, incident, entry).open()
    else:
        window.console.tasks.start(_pin(window, incident, entry), name="pin an entry")


async def _pin(window: Window, incident: IncidentRecord, entry: TimelineEntry) -> None:
    try:
        outcome = await decisions.pin(window.console.mutations, incident, entry, pinned=not entry.pinned)
    except OperationsError as error:
        window.console.messages.post(f"Not pinned: {error}", "error")
    else:
        take_entry(window, outcome.answer)


def take_entry(window: Window, answer: dict[str, Any]) -> None:
    """Show an entry as the server answered it; its page may not be the newest."""
    from models.incidents.timeline import TimelineEntry

    panel = window.made(PANEL)
    if answer and panel is not None and panel.log.timeline is not None:
        panel.log.timeline.replace(TimelineEntry.model_validate(answer))


def show_runbook(window: Window, incident: IncidentRecord) -> None:
    """Its runbook beside it: the one it names, else the closest to its alerts, else where its link leads."""
    from app.runbooks import Runbooks
    from views.kit.browser import browse

    library = window.console.of(Runbooks).library
    panel = window.panel("runbooks")
    named = next((each for each in library.summaries if each.id == incident.runbook_id), None)
    found = named or closest(window, incident)
    if found is not None:
        window.open_panel("runbooks")
        panel.choose(found, read=True)
    elif incident.runbook_link:
        browse(incident.runbook_link)
    else:
        window.open_panel("runbooks")
        window.console.messages.post(f"No runbook fits what burns in {incident.reference}: choose one.")


def closest(window: Window, incident: IncidentRecord) -> Any:
    """The runbook for what burns in it; ``None``: there is none."""
    from app.alerts import Alerts
    from app.incidents.domain import Incidents
    from app.runbooks import Runbooks

    library, console = window.console.of(Runbooks).library, window.console
    attached = console.of(Incidents).alerts(incident.incident_id).sample
    ids = {each.id for each in (attached.value if attached is not None else ())}
    known = console.of(Alerts).list().sample
    for alert in known.value if known is not None else ():
        if alert.id in ids and (found := library.for_alert(alert)):
            return found[0]
    return None
