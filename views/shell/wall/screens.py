"""Which screens get a wall display, and what it shows there."""

from __future__ import annotations

from collections.abc import Collection, Mapping

ANY = ""
"""The screen that the window is on."""


def wall_plans(chosen: Mapping[str, str], screens: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Screens with the ids of their pages; where none was chosen that is connected, any screen."""
    plans = [(name, tuple(pages.split())) for name, pages in chosen.items() if name in screens and pages.split()]
    return plans or [(ANY, tuple(chosen.get(ANY, "").split()))]
