"""Acknowledge and shelve: both want words, because the next shift reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QWidget

from views.kit.dialogs.deciding import DecidingDialog

if TYPE_CHECKING:
    from app.core.tasks import Tasks
    from models.alerts import Alert

SHELVES = (
    ("30 min", timedelta(minutes=30)),
    ("1 h", timedelta(hours=1)),
    ("4 h", timedelta(hours=4)),
    ("8 h", timedelta(hours=8)),
    ("1 day", timedelta(days=1)),
    ("3 days", timedelta(days=3)),
)


class _AlertDialog(DecidingDialog):
    """Names the alert it is about."""

    def __init__(self, title: str, alert: Alert, accept: str, hint: str, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(title, tasks, parent, accept=accept, hint=hint)
        self.alert = alert
        name = QLabel(f"{alert.severity} · {alert.title}")
        name.setWordWrap(True)
        self.column.addWidget(name)


class AcknowledgeDialog(_AlertDialog):
    """Asks for a comment."""

    def __init__(
        self,
        alert: Alert,
        send: Callable[[str], Awaitable[object]],
        tasks: Tasks,
        parent: QWidget,
        *,
        count: int = 1,
    ) -> None:
        """``count``: how many like it are acknowledged with the same words."""
        title = "Acknowledge alert" if count == 1 else f"Acknowledge {count:,} alerts like this"
        super().__init__(title, alert, "Acknowledge", "What you are doing about it", tasks, parent)
        self._decide = send
        self.ask_for_words()

    def submit(self) -> None:
        """Send the comment."""
        text = self.checked_words()
        if text is not None:
            self.send(lambda: self._decide(text))


class ShelveDialog(_AlertDialog):
    """Asks for how long, and why."""

    def __init__(
        self,
        alert: Alert,
        now: Callable[[], datetime],
        send: Callable[[datetime, str], Awaitable[object]],
        tasks: Tasks,
        parent: QWidget,
    ) -> None:
        super().__init__("Shelve alert", alert, "Shelve", "Why it can wait", tasks, parent)
        self._decide, self._now = send, now
        self.column.addWidget(QLabel("Put it aside for"))
        grid = QGridLayout()
        self.times = QButtonGroup(self)
        for number, (label, _) in enumerate(SHELVES):
            button = QRadioButton(label)
            button.setAccessibleName(f"Shelve for {label}")
            self.times.addButton(button, number)
            grid.addWidget(button, number // 3, number % 3, Qt.AlignmentFlag.AlignLeft)
        self.times.button(1).setChecked(True)
        self.column.addLayout(grid)
        self.ask_for_words()

    def submit(self) -> None:
        """Send instant and reason."""
        text = self.checked_words()
        if text is not None:
            until = (self._now() + SHELVES[self.times.checkedId()][1]).replace(microsecond=0)
            self.send(lambda: self._decide(until, text))
