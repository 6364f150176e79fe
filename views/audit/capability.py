"""What the audit log brings to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from views.kit.capability import Capability, Home, PanelSpec

if TYPE_CHECKING:
    from views.kit.capability import Window
    from views.kit.panel import Panel


def _panel(window: Window) -> Panel:
    from views.audit.panel import AuditPanel

    return AuditPanel(window.console)


CAPABILITY = Capability(name="audit", panels=(PanelSpec("audit", "Audit", _panel, (Home("access", 1, 2, 372),)),))
