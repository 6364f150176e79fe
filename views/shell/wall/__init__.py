"""The wall display (F11): read from metres away, never signs off, changes nothing."""

from views.shell.wall.view import WallView

__all__ = ["WallView"]
