"""The list and what is known of the chosen entry, beside each other or one below the other."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QWidget

from views.kit.theme import current

LIST = 0.64
"""Share of the list, the details have the rest."""
NARROW = 680
"""Below this width, at 100 % font, the details are under the list."""


class ListAndDetails(QWidget):
    """Puts the details below the list when there is no room beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.tells = False
        """Whether an entry is chosen; without one all the height is the list's."""
        self._arranged: tuple[Qt.Orientation | None, float] = (None, LIST)
        """Direction and share of the list, as they were arranged last."""
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.arrange()

    def arrange(self) -> None:
        """List and details beside each other, or one below the other, low while there is nothing to tell."""
        wide = self.width() >= current().px(NARROW)
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        share = LIST if wide or self.tells else 1.0
        if (wanted, share) != self._arranged:
            self._arranged = wanted, share
            self.splitter.setOrientation(wanted)
            length = self.width() if wide else self.height()
            self.splitter.setSizes([round(length * share), round(length * (1 - share))])
