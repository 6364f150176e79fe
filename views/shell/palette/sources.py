"""What the palette finds: actions of the registry, panels, settings, and what capabilities look up themselves."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING

from app.core.actions import fuzzy
from views.capabilities import CAPABILITIES
from views.kit.palette_entry import PaletteEntry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from views.shell.window.main_window import MainWindow

MOST = 30
"""Rows of one group; whoever looks for more types another letter."""
SETTINGS = ("Theme", "Font size", "Local clock beside UTC", "Server")
NEAREST, ALIKE = 5, 0.5
"""How many of the nearest titles are offered where nothing matches, and how alike they are at least, from 0 to 1."""
Groups = list[tuple[str, list[PaletteEntry]]]


def find(window: MainWindow, text: str) -> Groups:
    """Groups for the palette: actions, recent ones first, then objects; where nothing matches, what is nearest."""
    actions = _actions(window, text)
    panels = [
        PaletteEntry(spec.title, "panel", run=partial(window.docks.open, spec.id))
        for spec in window.panels.specs.values()
    ]
    settings = [PaletteEntry(name, "setting", run=partial(window.page_asked.emit, "settings")) for name in SETTINGS]
    found = [each.palette(window.panels, text) for each in CAPABILITIES if each.palette is not None]
    groups = [
        ("Actions" if text else "Recent and all actions", actions[:MOST]),
        ("Panels", matching(text, panels)),
        ("Settings", matching(text, settings) if text else []),
        *((title, list(entries[:MOST])) for title, entries in found),
    ]
    if any(entries for _, entries in groups):
        return groups
    return [(f"No matches for “{text}”. Nearest:", nearest(text, [*_actions(window, ""), *panels, *settings]))]


def _actions(window: MainWindow, text: str) -> list[PaletteEntry]:
    actions = window.console.actions
    return [
        PaletteEntry(a.title, a.group, a.shortcut, actions.reason(a), partial(actions.execute, a.id))
        for a, _places in actions.search(text)
        if a.id != "window.palette"
    ]


def matching(text: str, entries: Iterable[PaletteEntry]) -> list[PaletteEntry]:
    """Those whose title holds the letters of ``text`` in order, best first; all of them without text."""
    if not text:
        return list(entries)
    found = [(match[0], entry) for entry in entries if (match := fuzzy(text, entry.title)) is not None]
    return [entry for _, entry in sorted(found, key=lambda hit: -hit[0])]


def nearest(text: str, entries: Iterable[PaletteEntry]) -> list[PaletteEntry]:
    """Those one of whose words, or whose whole title, is most like ``text``: what it may have been meant for."""
    wanted = text.casefold()

    def likeness(title: str) -> float:
        words = (title.casefold(), *title.casefold().split())
        return max(SequenceMatcher(None, wanted, word).ratio() for word in words)

    rated = [(likeness(entry.title), entry) for entry in entries]
    alike = sorted((hit for hit in rated if hit[0] >= ALIKE), key=lambda hit: -hit[0])
    return [entry for _, entry in alike[:NEAREST]]
