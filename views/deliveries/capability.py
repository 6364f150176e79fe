"""What deliveries bring to the window: the Systems workspace with connections, letters, and who hears of what."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from views.deliveries.actions import ACTIONS, CONNECTION, CONNECTIONS, LETTERS, ROUTES
from views.kit.capability import Capability, ColumnSpec, Home, PanelSpec, WorkspaceSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from views.kit.capability import Window
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

SYSTEMS = "deliveries.systems"
FOUND_MOST = 8


def _connections(window: Window) -> Panel:
    from views.deliveries.connections_panel import ConnectionsPanel

    return ConnectionsPanel(window)


def _connection(window: Window) -> Panel:
    from views.deliveries.connection_panel import ConnectionPanel

    return ConnectionPanel(window)


def _letters(window: Window) -> Panel:
    from views.deliveries.letters_panel import LettersPanel

    return LettersPanel(window)


def _routes(window: Window) -> Panel:
    from views.deliveries.routes_panel import RoutesPanel

    return RoutesPanel(window)


def _connect(window: Window) -> None:
    for panel_id in (CONNECTIONS, CONNECTION, LETTERS, ROUTES):
        window.when_made(panel_id, partial(_bind, window))


def _bind(window: Window, panel: Panel) -> None:
    from views.kit.bound_keys import bind

    bind(window, ACTIONS, panel.widget)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """Connections by name."""
    from app.core.actions import fuzzy
    from app.deliveries.domain import Deliveries
    from views.kit.palette_entry import PaletteEntry

    sample = window.console.of(Deliveries).connections().sample
    found = []
    for connection in sample.value if sample is not None and text.strip() else ():
        match = fuzzy(text, connection.name)
        if match is not None:
            run = partial(_open, window, connection.id)
            found.append((-match[0], PaletteEntry(connection.name, str(connection.state), run=run)))
    found.sort(key=lambda hit: hit[0])
    return "Connections", [entry for _, entry in found[:FOUND_MOST]]


def _open(window: Window, connection_id: str) -> None:
    from views.deliveries.chosen import ChosenConnection

    window.shared(ChosenConnection).choose(connection_id)
    window.open_panel(CONNECTION)


_home = partial(Home, SYSTEMS)

CAPABILITY = Capability(
    name="deliveries",
    workspaces=(WorkspaceSpec(SYSTEMS, "Systems", "plug", (ColumnSpec(1300), ColumnSpec(524))),),
    panels=(
        PanelSpec(CONNECTIONS, "Connections", _connections, (_home(0, 0, 724),)),
        PanelSpec(CONNECTION, "Connection", _connection, (_home(1, 0, 690),)),
        PanelSpec(LETTERS, "Letters", _letters, (_home(0, 1, 272),)),
        PanelSpec(ROUTES, "Who hears of what", _routes, (_home(1, 1, 306),)),
    ),
    actions=ACTIONS,
    connect=_connect,
    badge_of=SYSTEMS,
    palette=_palette,
)
