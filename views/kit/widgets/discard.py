"""Get rid of a widget safely."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def discard(widget: QWidget) -> None:
    """Hide now, delete in the next turn of the loop.

    Hidden first, because a widget that Python has let go but Qt still paints has lost all its attributes.
    """
    widget.hide()
    widget.deleteLater()
