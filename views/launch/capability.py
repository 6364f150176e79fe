"""What launches bring to the window: the workspace with clock, checklist, poll and record, and the wall page."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from views.kit.capability import HEAD, Capability, ColumnSpec, Home, PanelSpec, WallPageSpec, WorkspaceSpec
from views.launch.actions import ACTIONS, CHECKLIST, COUNT, FIGURES, PLANS, POLL, POLLS, RECORD, REVIEW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.console import Console
    from views.kit.capability import WallPage, Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

LAUNCH = "launch.desk"
FOUND_MOST = 8


def _make(module: str, name: str, window: Window) -> Panel:
    panel: Panel = getattr(import_module(f"views.launch.{module}"), name)(window)
    return panel


def _connect(window: Window) -> None:
    for panel_id in (COUNT, CHECKLIST, PLANS, REVIEW, POLL, POLLS, FIGURES, RECORD):
        window.when_made(panel_id, partial(_bind, window))


def _bind(window: Window, panel: Panel) -> None:
    from views.launch.keys import bind

    bind(window, panel.widget)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """Launches by title, and items of the one that is looked at by what they say."""
    from app.core.actions import fuzzy
    from views.kit.palette_entry import PaletteEntry
    from views.launch.desk import LaunchDesk
    from views.launch.wording import launch_name

    desk = window.shared(LaunchDesk)
    found = []
    for launch in desk.launches.known if text.strip() else ():
        name = launch_name(launch)
        if (match := fuzzy(text, name)) is not None:
            run = partial(_look_at, window, launch.launch_id)
            found.append((-match[0], PaletteEntry(name, str(launch.state), run=run)))
    for item in desk.items if text.strip() else ():
        if (match := fuzzy(text, item.description)) is not None:
            run = partial(_go_to, window, item.key)
            found.append((-match[0], PaletteEntry(item.description, f"item {item.number}", run=run)))
    found.sort(key=lambda hit: hit[0])
    return "Launch", [entry for _, entry in found[:FOUND_MOST]]


def _look_at(window: Window, launch_id: str) -> None:
    from views.launch.desk import LaunchDesk

    window.shared(LaunchDesk).launches.choose(launch_id)
    window.open_panel(CHECKLIST)


def _go_to(window: Window, key: str) -> None:
    window.open_panel(CHECKLIST)
    window.panel(CHECKLIST).go_to(key)


def _wall(console: Console) -> WallPage:
    from views.launch.wall_page import LaunchWallPage

    return LaunchWallPage(console)


def _panel(panel_id: str, title: str, module: str, name: str, home: Home) -> PanelSpec:
    return PanelSpec(panel_id, title, partial(_make, module, name), (home,))


_home = partial(Home, LAUNCH)

CAPABILITY = Capability(
    name="launch",
    workspaces=(WorkspaceSpec(LAUNCH, "Launch", "rocket", (ColumnSpec(1092), ColumnSpec(732))),),
    panels=(
        _panel(COUNT, "Count and verdict", "count_panel", "CountPanel", _home(HEAD, 0, 150)),
        _panel(CHECKLIST, "Checklist", "checklist_panel", "ChecklistPanel", _home(0, 0, 840)),
        _panel(PLANS, "Contingency plans", "plans_panel", "PlansPanel", _home(0, 0, 840, 1)),
        _panel(REVIEW, "Afterwards", "review_panel", "ReviewPanel", _home(0, 0, 840, 2)),
        _panel(POLL, "Go / no-go poll", "poll_panel", "PollPanel", _home(1, 0, 420)),
        _panel(POLLS, "Earlier polls", "polls_panel", "PollsPanel", _home(1, 0, 420, 1)),
        _panel(FIGURES, "Bound figures", "figures_panel", "FiguresPanel", _home(1, 1, 262)),
        _panel(RECORD, "Record", "record_panel", "RecordPanel", _home(1, 2, 142)),
    ),
    actions=ACTIONS,
    connect=_connect,
    badge_of=LAUNCH,
    palette=_palette,
    wall_pages=(WallPageSpec("launch", "Launch", _wall),),
)
