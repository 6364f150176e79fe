"""What the audit log brings to the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import ActionSpec, Capability, Home, PanelSpec

if TYPE_CHECKING:
    from views.kit.capability import Window
    from views.kit.panel import Panel

PANEL = "audit"


def _panel(window: Window) -> Panel:
    from views.audit.panel import AuditPanel

    return AuditPanel(window.console)


def _export(window: Window) -> None:
    window.open_panel(PANEL)
    window.panel(PANEL).ask_export()


def _save_csv(window: Window) -> None:
    window.panel(PANEL).save_csv()


def _export_blocker(window: Window) -> str | None:
    panel = window.made(PANEL)
    if panel is None:
        return "open the audit log first"
    found: str | None = panel.export_blocker()
    return found


def _csv_blocker(window: Window) -> str | None:
    panel = window.made(PANEL)
    return None if panel is not None and panel.log.count else "open the audit log first"


VIEW = Permission.VIEW_AUDIT
CAPABILITY = Capability(
    name="audit",
    panels=(PanelSpec(PANEL, "Audit", _panel, (Home("access", 1, 2, 470),)),),
    actions=(
        ActionSpec("audit.export", "Export the audit log with proof…", "Audit", _export, "", VIEW, _export_blocker),
        ActionSpec("audit.csv", "Export audit entries as CSV…", "Audit", _save_csv, "", VIEW, _csv_blocker),
    ),
)
