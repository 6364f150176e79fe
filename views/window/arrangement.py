"""Where docks stand: the built-in War room, and places kept as shares of the room there is."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect

DOCK_GAP = 8
TITLE_HEIGHT = 28

# Left and right column, each a list of (dock, height) as the design draws them at 1920 × 1080.
LEFT_WIDTH, RIGHT_WIDTH = 1428, 396
LEFT = (
    ("dashboard.figures", 260),
    ("dashboard.revenue", 208),
    ("dashboard.orders", 168),
    ("dashboard.downloads", 176),
    ("dashboard.community", 160),
)
RIGHT = (("alerts", 652), ("sources", 336))

Places = Mapping[str, tuple[float, float, float, float]]
"""Left, top, width and height of docks as shares of the room, from 0 to 1."""


def built_in(room_width: int) -> Places:
    """The places of the built-in War room in a room of that width, gaps left out: alerts need theirs in any."""
    places: dict[str, tuple[float, float, float, float]] = {}
    whole = LEFT_WIDTH + RIGHT_WIDTH
    right_width = min(whole, max(RIGHT_WIDTH, round(RIGHT_WIDTH * whole / max(1, room_width))))
    left_width = whole - right_width
    for column, left, width in ((LEFT, 0, left_width), (RIGHT, left_width, right_width)):
        height, top = sum(tall for _, tall in column), 0
        for dock, tall in column:
            places[dock] = (left / whole, top / height, width / whole, tall / height)
            top += tall
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
