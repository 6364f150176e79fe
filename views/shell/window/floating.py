"""Docks that are windows of their own: whole on a screen, and never too small to use."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

FLOATING_LEAST = QSize(374, 149)
"""A floating window is never smaller: its title, and something of what it shows."""


def make_whole(window: QWidget) -> None:
    """Bring a window onto the screen that shows most of it, all of it and its frame; it stays where it fits."""
    window.setMinimumSize(window.minimumSize().expandedTo(FLOATING_LEAST))
    frame, inside = window.frameGeometry(), window.geometry()
    room = _screen(frame)
    around = frame.size() - inside.size()
    size = inside.size().boundedTo(room.size() - around).expandedTo(FLOATING_LEAST)
    if size != inside.size():
        window.resize(size)
    outer = size + around
    left = max(room.left(), min(frame.left(), room.left() + room.width() - outer.width()))
    top = max(room.top(), min(frame.top(), room.top() + room.height() - outer.height()))
    if (left, top) != (frame.left(), frame.top()):
        window.move(left, top)


def _screen(frame: QRect) -> QRect:
    """The room of the screen that shows most of a window; of the main one when none shows any."""

    def shown(room: QRect) -> int:
        seen = room.intersected(frame)
        return seen.width() * seen.height()

    rooms = [QGuiApplication.primaryScreen().availableGeometry()]
    rooms += [screen.availableGeometry() for screen in QGuiApplication.screens()]
    return max(rooms, key=shown)


def screens_now() -> tuple[str, ...]:
    """The screens as they are kept with a layout."""
    return tuple(
        f"{screen.name()} {g.width()}x{g.height()}{g.x():+}{g.y():+}"
        for screen in QGuiApplication.screens()
        for g in (screen.geometry(),)
    )
