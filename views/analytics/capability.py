"""What analytics brings to the window: the Events workspace with the plan, what does not fit it, and what is held."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from views.analytics.actions import (
    ACTIONS,
    COMPARE,
    DEFINITION,
    GOVERNANCE,
    PLAN,
    QUARANTINE,
    RADIUS,
    TAIL,
    VIOLATIONS,
)
from views.kit.capability import Capability, ColumnSpec, Home, PanelSpec, WorkspaceSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from views.kit.capability import Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

EVENTS = "analytics.events"
FOUND_MOST = 8


def _plan(window: Window) -> Panel:
    from views.analytics.plan_panel import PlanPanel

    return PlanPanel(window)


def _governance(window: Window) -> Panel:
    from views.analytics.governance_panel import GovernancePanel

    return GovernancePanel(window)


def _violations(window: Window) -> Panel:
    from views.analytics.violations_panel import ViolationsPanel

    return ViolationsPanel(window)


def _compare(window: Window) -> Panel:
    from views.analytics.compare_panel import ComparePanel

    return ComparePanel(window)


def _definition(window: Window) -> Panel:
    from views.analytics.definition_panel import DefinitionPanel

    return DefinitionPanel(window)


def _radius(window: Window) -> Panel:
    from views.analytics.radius_panel import RadiusPanel

    return RadiusPanel(window)


def _tail(window: Window) -> Panel:
    from views.analytics.tail_panel import TailPanel

    return TailPanel(window)


def _quarantine(window: Window) -> Panel:
    from views.analytics.quarantine_panel import QuarantinePanel

    return QuarantinePanel(window)


def _connect(window: Window) -> None:
    for panel in PANELS:
        window.when_made(panel.id, partial(_bind, window))


def _bind(window: Window, panel: Panel) -> None:
    from views.kit.bound_keys import bind

    bind(window, ACTIONS, panel.widget)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """Events by name."""
    from app.analytics.domain import Events
    from app.core.actions import fuzzy
    from views.kit.palette_entry import PaletteEntry

    sample = window.console.of(Events).planned().sample
    found = []
    for event in sample.value if sample is not None and text.strip() else ():
        match = fuzzy(text, event.event_name)
        if match is not None:
            run = partial(_open, window, event.event_name)
            found.append((-match[0], PaletteEntry(event.event_name, f"{event.version} {event.state}", run=run)))
    found.sort(key=lambda hit: hit[0])
    return "Events", [entry for _, entry in found[:FOUND_MOST]]


def _open(window: Window, event_name: str) -> None:
    from views.analytics.chosen import ChosenEvent

    window.shared(ChosenEvent).choose(event_name)
    window.open_panel(DEFINITION)


_home = partial(Home, EVENTS)

PANELS = (
    PanelSpec(PLAN, "Tracking plan", _plan, (_home(0, 0, 640),)),
    PanelSpec(GOVERNANCE, "What is collected", _governance, (_home(0, 0, 640, 1),)),
    PanelSpec(TAIL, "Live tail", _tail, (_home(0, 1, 356),)),
    PanelSpec(VIOLATIONS, "Violations", _violations, (_home(1, 0, 640),)),
    PanelSpec(COMPARE, "Compare", _compare, (_home(2, 0, 640),)),
    PanelSpec(DEFINITION, "Definition", _definition, (_home(2, 0, 640, 1),)),
    PanelSpec(RADIUS, "Blast radius", _radius, (_home(2, 0, 640, 2),)),
    PanelSpec(QUARANTINE, "Quarantine", _quarantine, (_home(2, 1, 356),)),
)

CAPABILITY = Capability(
    name="analytics",
    workspaces=(
        WorkspaceSpec(EVENTS, "Events", "events", (ColumnSpec(572), ColumnSpec(588, above_last=True), ColumnSpec(656))),
    ),
    panels=PANELS,
    actions=ACTIONS,
    connect=_connect,
    badge_of=EVENTS,
    palette=_palette,
)
