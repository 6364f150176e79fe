"""What incidents bring to the window: their workspace, a timeline for the War room, and what can be done with them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from app.incidents.domain import KEEP, VIEW, WORK, Incidents
from views.kit.capability import (
    ActionSpec,
    Capability,
    ColumnSpec,
    Home,
    PanelSpec,
    StatusCount,
    WallPageSpec,
    WorkspaceSpec,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from models.alerts import Alert
    from models.incidents import IncidentRecord
    from views.kit.capability import WallPage, WallPart, Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

ROOM, WAR_ROOM = "incidents.room", "war-room"
INCIDENT, LIST, CREW, REVIEW = "incidents.incident", "incidents.list", "incidents.crew", "incidents.review"
TIMELINE, FIGURES, ALERTS = "incidents.timeline", "incidents.figures", "alerts"
SETTINGS = "incidents.settings"
GROUP = "Incidents"
FOUND_MOST = 8


def _incident(window: Window) -> Panel:
    from views.incidents.panel import IncidentPanel

    return IncidentPanel(window)


def _list(window: Window) -> Panel:
    from views.incidents.list_panel import IncidentsPanel

    return IncidentsPanel(window)


def _crew(window: Window) -> Panel:
    from views.incidents.crew_panel import CrewPanel

    return CrewPanel(window)


def _review(window: Window) -> Panel:
    from views.incidents.review_panel import ReviewPanel

    return ReviewPanel(window)


def _timeline(window: Window) -> Panel:
    from views.incidents.timeline_panel import TimelinePanel

    return TimelinePanel(window)


def _figures(window: Window) -> Panel:
    from views.incidents.figures_panel import FiguresPanel

    return FiguresPanel(window)


def _settings(window: Window) -> Panel:
    from views.incidents.settings_panel import SettingsPanel

    return SettingsPanel(window)


def _run(verb: str, window: Window) -> None:
    from views.incidents.work import run

    run(window, verb)


def _blocker(verb: str, window: Window) -> str | None:
    from views.incidents.work import blocker

    return blocker(window, verb)


def _set(verb: str, window: Window) -> None:
    from views.incidents.settings_actions import run

    run(verb, window)


def _set_blocker(verb: str, window: Window) -> str | None:
    from views.incidents.settings_actions import blocker

    return blocker(verb, window)


def _show(window: Window, incident_id: str = "") -> None:
    from views.incidents.desk import Desk

    window.shared(Desk).show_room(incident_id)


def _of_alert(window: Window) -> None:
    alert = window.panel(ALERTS).chosen
    if alert is not None:
        _open_for(window, alert)


def _open_for(window: Window, alert: Alert) -> None:
    from views.incidents.of_alert import open_for

    open_for(window, alert)


def _of_alert_blocker(window: Window) -> str | None:
    panel = window.made(ALERTS)
    if panel is None or panel.chosen is None:
        return "no alert is open"
    return None if window.console.session.may(VIEW) else window.console.write_blocker(VIEW)


def _connect(window: Window) -> None:
    """Open incidents are kept from the start; a new SEV1 is announced whatever is on the screen."""
    from app.incidents.keeping import OpenIncidents
    from views.incidents.announcing import Announcer
    from views.incidents.beside import RunbookBeside

    kept = window.console.of(OpenIncidents)
    kept.keep()
    window.shared(Announcer)
    window.shared(RunbookBeside)

    def lead(panel: Any) -> None:
        panel.lead_to_incidents(kept.of_alert, partial(_open_for, window))
        kept.changed.connect(panel.refresh)

    window.when_made(ALERTS, lead)


def _status(console: Console) -> Sequence[StatusCount]:
    """The worst incident that is open, by name: SEV1 and SEV2 are filled."""
    sample = console.of(Incidents).open().sample
    opened = sample.value if sample is not None else ()
    if not opened:
        return (StatusCount("incidents", "", "Open incidents: none", INCIDENT),)
    worst = min(opened, key=lambda each: (each.severity, -each.number))
    more = f" +{len(opened) - 1}" if len(opened) > 1 else ""
    name = f"Open incidents: {len(opened)}, the worst {worst.severity} {worst.reference} {worst.title}"
    words = f"{worst.severity} {worst.reference}{more}"
    hue = {"SEV1": "p1", "SEV2": "p2"}.get(worst.severity, "")
    return (StatusCount("incidents", words, name, INCIDENT, "filled" if hue else "outline", hue),)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    from views.kit.palette_entry import PaletteEntry, hits

    domain = window.console.of(Incidents)
    known: dict[str, IncidentRecord] = {}
    for query in (domain.found(()), domain.open()):
        known |= {each.incident_id: each for each in (query.sample.value if query.sample is not None else ())}
    found = [
        PaletteEntry(
            f"{each.reference} {each.title}",
            f"{each.severity}, {each.status}",
            run=partial(_show, window, each.incident_id),
        )
        for each in sorted(known.values(), key=lambda each: -each.number)
        if text and hits(text, f"{each.reference} {each.title}")
    ]
    return GROUP, found[:FOUND_MOST]


def _wall_bar(console: Console) -> WallPart:
    from views.incidents.wall_bar import IncidentBar

    return IncidentBar(console)


def _wall_page(console: Console) -> WallPage:
    from views.incidents.wall_page import incidents_page

    return incidents_page(console)


def _action(verb: str, title: str, key: str = "") -> ActionSpec:
    reading = verb in {"review", "runbook"} or verb.startswith("export")
    return ActionSpec(
        f"incidents.{verb}",
        title,
        GROUP,
        partial(_run, verb),
        key,
        VIEW if reading else WORK,
        partial(_blocker, verb),
        bound=bool(key),
    )


def _setting(verb: str, title: str) -> ActionSpec:
    run, reason = partial(_set, verb), partial(_set_blocker, verb)
    return ActionSpec(f"incidents.{verb}", title, GROUP, run, "", KEEP, reason)


_home = partial(Home, ROOM)

CAPABILITY = Capability(
    name="incidents",
    workspaces=(WorkspaceSpec(ROOM, "Incidents", "incident", (ColumnSpec(1392), ColumnSpec(432, keeps_width=True))),),
    panels=(
        PanelSpec(INCIDENT, "Incident", _incident, (_home(0, 0, 1000),)),
        PanelSpec(REVIEW, "Review", _review, (_home(0, 0, 1000, 1),)),
        PanelSpec(FIGURES, "Response times", _figures, (_home(0, 0, 1000, 2),)),
        PanelSpec(SETTINGS, "Severities and rules", _settings, (_home(0, 0, 1000, 3),)),
        PanelSpec(LIST, "Incidents", _list, (_home(1, 1, 270),)),
        PanelSpec(CREW, "Crew, alerts and pages", _crew, (_home(1, 2, 310),)),
        PanelSpec(TIMELINE, "Incident timeline", _timeline, (Home(WAR_ROOM, 1, 1, 336, 1),)),
    ),
    actions=(
        ActionSpec(
            "incidents.of-alert", "Open the alert's incident", "Alerts", _of_alert, "I", VIEW, _of_alert_blocker, True
        ),
        ActionSpec("incidents.show", "Show the incident", GROUP, _show, "", VIEW),
        _action("open", "Open an incident…", "O"),
        _action("move", "Move the incident on…", "S"),
        _action("update", "Post a status update…", "U"),
        _action("note", "Note what happened…", "N"),
        _action("hand-over", "Hand over a role…", "H"),
        _action("join", "Somebody takes part…", "W"),
        _action("leave", "Somebody takes part no longer…", "D"),
        _action("page", "Page somebody for the incident…", "P"),
        _action("edit", "Change severity and what the incident is…", "E"),
        _action("links", "Links of the incident to chat, ticket and PagerDuty…", "L"),
        _action("attach", "Attach alerts to the incident…", "A"),
        _action("times", "Change key times of the incident…", "T"),
        _action("merge", "Merge the incident into another one…", "M"),
        _action("pin", "Pin the chosen entry, or unpin it", "X"),
        _action("correct", "Correct the chosen entry…", "C"),
        _action("runbook", "Open the incident's runbook", "R"),
        _action("review", "Review of the incident", "V"),
        _setting("matrix", "Change the severity matrix…"),
        _setting("new-rule", "New rule that opens incidents…"),
        _setting("change-rule", "Change the chosen rule that opens incidents…"),
        _action("export-md", "Export the incident's timeline as Markdown"),
        _action("export-pdf", "Export the incident's timeline as PDF"),
        _action("export-json", "Export the incident's timeline as JSON"),
    ),
    connect=_connect,
    badge_of=ROOM,
    status=_status,
    palette=_palette,
    wall_bar=_wall_bar,
    wall_pages=(WallPageSpec("incidents", "Incidents", _wall_page),),
)
