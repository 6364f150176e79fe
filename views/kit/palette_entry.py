"""Rows of the palette, and where typed letters are found in a title. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """A row of the palette: something to run or to open. Without ``run`` it heads a group."""

    title: str
    detail: str = ""
    key: str = ""
    disabled: str | None = None
    """Why it cannot be run now."""
    run: Callable[[], object] | None = None


def hits(text: str, title: str) -> set[int]:
    """Positions in the title that the text matched: a whole run where there is one, else letters in order."""
    needle, hay = text.casefold(), title.casefold()
    if not needle or len(hay) != len(title):
        return set()
    start = hay.find(needle)
    if start >= 0:
        return set(range(start, start + len(needle)))
    found, at = set(), 0
    for letter in needle.replace(" ", ""):
        at = hay.find(letter, at)
        if at < 0:
            return set()
        found.add(at)
        at += 1
    return found
