"""Where docks stand: the built-in workspaces, and places kept as shares of the room there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect

from views.capabilities import CAPABILITIES
from views.kit.capability import HEAD

if TYPE_CHECKING:
    from views.kit.capability import Capability, Home

DOCK_GAP = 8
TITLE_HEIGHT = 28

Places = Mapping[str, tuple[float, float, float, float]]
"""Left, top, width and height of docks as shares of the room, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Column:
    """Docks below each other, each with its height; several in one place are tabs, the first in front."""

    width: int
    docks: tuple[tuple[tuple[str, ...], int], ...]
    keeps_width: bool = False
    """The other columns give way to it in a narrow window."""
    above_last: bool = False
    """What stands lowest in the column to its left goes on below it."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A workspace every console has, as the design draws it at 1920 × 1080."""

    name: str
    icon: str
    columns: tuple[Column, ...]
    head: tuple[tuple[tuple[str, ...], int], ...] = ()
    """What stands above all columns, as the docks of a column."""

    @property
    def columns_and_head(self) -> tuple[tuple[tuple[tuple[str, ...], int], ...], ...]:
        """Docks of everything, column by column."""
        return (*(column.docks for column in self.columns), self.head)


def arrangements(capabilities: Iterable[Capability]) -> Mapping[str, BuiltIn]:
    """The workspaces that capabilities bring, by id, each panel where it says that it is at home."""
    capabilities = tuple(capabilities)
    homes = [(home, panel.id) for each in capabilities for panel in each.panels for home in panel.homes]
    return {
        spec.id: BuiltIn(
            spec.name,
            spec.icon,
            tuple(
                Column(
                    column.width,
                    _rows(
                        [(home, known) for home, known in homes if (home.workspace, home.column) == (spec.id, number)]
                    ),
                    column.keeps_width,
                    column.above_last,
                )
                for number, column in enumerate(spec.columns)
            ),
            _rows([(home, known) for home, known in homes if (home.workspace, home.column) == (spec.id, HEAD)]),
        )
        for each in capabilities
        for spec in each.workspaces
    }


def _rows(homes: Sequence[tuple[Home, str]]) -> tuple[tuple[tuple[str, ...], int], ...]:
    rows: dict[int, list[tuple[Home, str]]] = {}
    for home, known in homes:
        rows.setdefault(home.row, []).append((home, known))
    return tuple(
        (
            tuple(known for _, known in sorted(rows[row], key=lambda found: found[0].tab)),
            max(home.height for home, _ in rows[row]),
        )
        for row in sorted(rows)
    )


BUILT_IN = arrangements(CAPABILITIES)
"""In the order of the rail."""
MAIN = next(iter(BUILT_IN))
"""The one that a new console opens with, and that is there whatever a file says."""


def built_in(room_width: int, workspace: str = MAIN) -> Places:
    """The places of a built-in workspace in a room of that width, gaps left out; what is in front only."""
    columns = BUILT_IN[workspace].columns
    whole = sum(column.width for column in columns)
    widths = [
        min(whole, max(column.width, round(column.width * whole / max(1, room_width)))) if column.keeps_width else 0
        for column in columns
    ]
    rest, loose = whole - sum(widths), sum(column.width for column in columns if not column.keeps_width)
    places: dict[str, tuple[float, float, float, float]] = {}
    left, last, share = 0, "", 0.0
    for column, kept in zip(columns, widths, strict=True):
        width = kept or round(rest * column.width / loose)
        height, top = sum(tall for _, tall in column.docks), 0
        scale = (1 - share if column.above_last else 1) / height
        for docks, tall in column.docks:
            places[docks[0]] = (left / whole, top * scale, width / whole, tall * scale)
            top += tall
        if column.above_last:
            x, y, wide, high = places[last]
            places[last] = (x, y, wide + width / whole, high)
        else:
            (last, *_), tall = column.docks[-1]
            share = tall / height
        left += width
    return places


def rectangles(places: Places, room: QRect) -> dict[str, QRect]:
    """The places in pixels of ``room``, with the gaps between docks taken from their right and lower sides."""
    found = {}
    for dock, (left, top, width, height) in places.items():
        x, y = room.x() + round(left * room.width()), room.y() + round(top * room.height())
        right, bottom = (
            room.x() + round((left + width) * room.width()),
            room.y() + round((top + height) * room.height()),
        )
        right -= 0 if right >= room.x() + room.width() else DOCK_GAP
        bottom -= 0 if bottom >= room.y() + room.height() else DOCK_GAP
        found[dock] = QRect(x, y, max(0, right - x), max(0, bottom - y))
    return found


def shares(rectangle: QRect, room: QRect) -> tuple[float, float, float, float]:
    """The opposite of ``rectangles`` for one dock, gaps given back."""
    width, height = max(1, room.width()), max(1, room.height())
    right, bottom = rectangle.x() + rectangle.width(), rectangle.y() + rectangle.height()
    right += 0 if right >= room.x() + room.width() else DOCK_GAP
    bottom += 0 if bottom >= room.y() + room.height() else DOCK_GAP
    left, top = (rectangle.x() - room.x()) / width, (rectangle.y() - room.y()) / height
    return left, top, (right - room.x()) / width - left, (bottom - room.y()) / height - top
