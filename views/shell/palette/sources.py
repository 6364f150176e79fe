"""What the palette finds: actions of the registry, panels, and what capabilities look up themselves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from views.capabilities import CAPABILITIES
from views.kit.palette_entry import PaletteEntry, hits

if TYPE_CHECKING:
    from views.shell.window.main_window import MainWindow

MOST = 30
"""Rows of one group; whoever looks for more types another letter."""


def find(window: MainWindow, text: str) -> list[tuple[str, list[PaletteEntry]]]:
    """Groups for the palette: actions first, recent ones before others, then objects."""
    console = window.console
    actions = [
        PaletteEntry(a.title, a.group, a.shortcut, console.actions.reason(a), partial(console.actions.execute, a.id))
        for a, _places in console.actions.search(text)
        if a.id != "window.palette"
    ]
    panels = [
        PaletteEntry(spec.title, "panel", run=partial(window.docks.open, spec.id))
        for spec in window.panels.specs.values()
        if not text or hits(text, spec.title)
    ]
    found = [each.palette(window.panels, text) for each in CAPABILITIES if each.palette is not None]
    return [
        ("Actions" if text else "Recent and all actions", actions[:MOST]),
        ("Panels", panels),
        *((title, list(entries[:MOST])) for title, entries in found),
    ]
