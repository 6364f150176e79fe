"""Acknowledge and shelve: both want words, because the next shift reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QPlainTextEdit, QRadioButton, QWidget

from app.errors import OperationsError
from views.dialogs.base import WindowDialog
from views.theme import current

if TYPE_CHECKING:
    from app.tasks import Tasks
    from models.alerts import Alert

LONGEST_WORDS = 2000
SHELVES = (
    ("30 min", timedelta(minutes=30)),
    ("1 h", timedelta(hours=1)),
    ("4 h", timedelta(hours=4)),
    ("8 h", timedelta(hours=8)),
    ("1 day", timedelta(days=1)),
    ("3 days", timedelta(days=3)),
)


class _Deciding(WindowDialog):
    """Sends a decision and stays open, with the words that were typed, until the server has taken it."""

    def __init__(self, title: str, alert: Alert, accept: str, hint: str, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(title, parent, accept=accept)
        self.alert = alert
        self._tasks = tasks
        self._sending = False
        name = QLabel(f"{alert.severity} · {alert.title}")
        name.setWordWrap(True)
        self.column.addWidget(name)
        self.words = QPlainTextEdit()
        self.words.setAccessibleName(hint)
        self.words.setPlaceholderText(hint)
        self.words.setTabChangesFocus(True)
        self.words.setFixedHeight(current().px(96))

    def ask_for_words(self) -> None:
        """Put the field last, with the keyboard in it: in no layout yet, it could not keep it."""
        self.column.addWidget(self.words)
        self.words.setFocus()

    def checked_words(self) -> str | None:
        """What was typed; says what is wrong with it and answers ``None``."""
        text = self.words.toPlainText().strip()
        if not text:
            self.fail("Say in a few words why: the next shift reads it.", self.words)
        elif len(text) > LONGEST_WORDS:
            self.fail(f"At most {LONGEST_WORDS} characters; these are {len(text)}.", self.words)
        else:
            return text
        return None

    def send(self, deciding: Callable[[], Awaitable[object]]) -> None:
        """Send it once; close on success, say why not otherwise."""
        if self._sending:
            return
        self._sending = True
        self.fail("")
        self.buttons.setEnabled(False)
        self._tasks.start(self._send(deciding), name="decide on an alert")

    async def _send(self, deciding: Callable[[], Awaitable[object]]) -> None:
        try:
            await deciding()
        except OperationsError as error:
            self.fail(f"{error} Nothing was changed; your words are still here.")
        else:
            self.accept()
            return
        finally:
            self._sending = False
            self.buttons.setEnabled(True)


class AcknowledgeDialog(_Deciding):
    """Asks for a comment."""

    def __init__(self, alert: Alert, send: Callable[[str], Awaitable[object]], tasks: Tasks, parent: QWidget) -> None:
        super().__init__("Acknowledge alert", alert, "Acknowledge", "What you are doing about it", tasks, parent)
        self._decide = send
        self.ask_for_words()

    def submit(self) -> None:
        """Send the comment."""
        text = self.checked_words()
        if text is not None:
            self.send(lambda: self._decide(text))


class ShelveDialog(_Deciding):
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
