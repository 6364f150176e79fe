"""What the palette finds: actions of the registry, alerts, panels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.alerts.domain import Alerts
from views.shell.palette.palette import Entry, hits

if TYPE_CHECKING:
    from views.shell.window.main_window import MainWindow

MOST = 30
"""Rows of one group; whoever looks for more types another letter."""


def find(window: MainWindow, text: str) -> list[tuple[str, list[Entry]]]:
    """Groups for the palette: actions first, recent ones before others, then objects."""
    console = window.console
    actions = [
        Entry(a.title, a.group, a.shortcut, console.actions.reason(a), partial(console.actions.execute, a.id))
        for a, _places in console.actions.search(text)
        if a.id != "window.palette"
    ]
    panels = [
        Entry(panel.title, "panel", run=partial(window.docks.open, panel.id))
        for panel in window.docks.panels.values()
        if not text or hits(text, panel.title)
    ]
    sample = console.of(Alerts).list().sample
    alerts = [
        Entry(alert.title, f"alert {alert.severity}, {alert.state}", run=lambda: window.open_panel("alerts"))
        for alert in (sample.value if sample else ())
        if text and hits(text, alert.title)
    ]
    return [
        ("Actions" if text else "Recent and all actions", actions[:MOST]),
        ("Panels", panels),
        ("Alerts", alerts[:MOST]),
    ]
