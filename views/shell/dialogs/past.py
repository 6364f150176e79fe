"""Choose a past instant to look at."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QDateTime, QTimeZone, Signal
from PySide6.QtWidgets import QDateTimeEdit, QLabel, QWidget

from views.kit.dialogs.base import WindowDialog


class PastDialog(WindowDialog):
    """A minute in UTC that is over."""

    chosen = Signal(object)
    """The instant, a datetime in UTC."""

    def __init__(self, now: datetime, parent: QWidget, *, at: datetime | None = None) -> None:
        super().__init__("Look at a past instant", parent, accept="Show")
        self._now = now
        start = at or now
        label = QLabel("Figures as they were at (&UTC)")
        self.instant = QDateTimeEdit(QDateTime.fromSecsSinceEpoch(int(start.timestamp()), QTimeZone.utc()))
        self.instant.setTimeZone(QTimeZone.utc())
        self.instant.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.instant.setCalendarPopup(True)
        self.instant.setAccessibleName("Instant, UTC")
        label.setBuddy(self.instant)
        self.column.addWidget(label)
        self.column.addWidget(self.instant)

    def submit(self) -> None:
        """Hand the instant on when it is over."""
        at = datetime.fromtimestamp(self.instant.dateTime().toSecsSinceEpoch(), UTC).replace(second=0, microsecond=0)
        if at >= self._now:
            self.fail("This instant is not over yet. Choose an earlier one, or Live.", self.instant)
            return
        self.chosen.emit(at)
        self.accept()
