"""What a dock needs to know of the panel inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from PySide6.QtCore import SignalInstance
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Note:
    """What stands at the right of a dock's title: the data age in words, and how much it can be trusted."""

    text: str = ""
    kind: Literal["fresh", "late", "stale"] = "fresh"


class Panel(Protocol):
    """A panel, as the window sees it. Its dock draws title, note and menu; ``widget`` is what is below.

    Id and title stand in its PanelSpec.

    A panel is a child of its widget: what it listens to must not call it when the window is gone.
    """

    widget: QWidget
    """The content."""
    noted: SignalInstance
    """The content is another, and perhaps the note with it: the title shows it in the same picture."""

    def note(self) -> Note:
        """Asked whenever it is ``noted``, and once a second while the dock is visible, for ages."""

    def menu(self) -> list[QAction]:
        """What the dock's menu offers besides floating and closing it; asked when it opens."""

    def set_visible(self, visible: bool) -> None:
        """Told whenever an operator can or can no longer see it: only visible panels ask the server."""
