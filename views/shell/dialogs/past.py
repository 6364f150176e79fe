"""Choose a past instant to look at."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QWidget

from views.kit.dialogs.base import WindowDialog
from views.kit.widgets.instant import InstantField


class PastDialog(WindowDialog):
    """A minute in UTC that is over."""

    chosen = Signal(object)
    """The instant, a datetime in UTC."""

    def __init__(self, now: datetime, parent: QWidget, *, at: datetime | None = None) -> None:
        super().__init__("Look at a past instant", parent, accept="Show")
        self._now = now
        label = QLabel("Figures as they were at (&UTC)")
        self.instant = InstantField(at or now, "Instant, UTC")
        label.setBuddy(self.instant)
        self.column.addWidget(label)
        self.column.addWidget(self.instant)

    def submit(self) -> None:
        """Hand the instant on when it is over."""
        at = self.instant.instant
        if at >= self._now:
            self.fail("This instant is not over yet. Choose an earlier one, or Live.", self.instant)
            return
        self.chosen.emit(at)
        self.accept()
