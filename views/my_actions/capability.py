"""What my actions bring to the window: the list of what is on its way and what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views.kit.capability import Capability, Home, PanelSpec

if TYPE_CHECKING:
    from views.kit.capability import Window
    from views.kit.panel import Panel

PANEL = "mine"


def _panel(window: Window) -> Panel:
    from views.my_actions.panel import MinePanel

    return MinePanel(window.console)


CAPABILITY = Capability(
    name="my_actions",
    panels=(PanelSpec(PANEL, "My actions", _panel, (Home("access", 1, 2, 372, 1),)),),
    pending_panel=PANEL,
)
