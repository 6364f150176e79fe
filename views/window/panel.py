"""What a dock needs to know of the panel inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class Panel(Protocol):
    """A panel of the war room, as the window sees it."""

    id: str
    """Stable and unique, for example ``dashboard.revenue``; layouts are kept under it."""
    title: str
    """What its dock is called."""
    widget: QWidget
    """The content below the dock's title."""
    header: QWidget | None
    """What stands at the right of the dock's title, the data age for one; ``None`` for nothing."""

    def set_visible(self, visible: bool) -> None:
        """Told whenever an operator can or can no longer see it: only visible panels ask the server."""
