"""The bottom bar: last message, and the operator's last action with Undo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core.messages import Message
from views.kit.theme import current
from views.kit.widgets.pill import Look, Pill

HEIGHT = 28
UNDO_SECONDS = 8
PASSING_MS = 4000


class MessageBar(QWidget):
    """The bar."""

    history_asked = Signal()
    pending_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Messages")
        self._undo: Callable[[], object] | None = None
        self._left = 0
        self._text = ""
        self.time = Pill(look=Look.QUIET)
        self.message = Pill(name="Last message; opens the history")
        self.pending = Pill("Nothing pending", Look.QUIET, name="What is pending; opens my actions")
        self.action = Pill()
        self.countdown = Pill(look=Look.QUIET)
        self.undo = Pill("Undo", Look.OUTLINE, name="Undo", key="Ctrl+Z")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 1, 8, 0)
        row.setSpacing(4)
        row.addWidget(self.time)
        row.addWidget(self.message)
        row.addStretch(1)
        row.addWidget(self.pending)
        for item in (self.action, self.countdown, self.undo):
            row.addWidget(item)
            item.hide()
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._passing = QTimer(self, singleShot=True, interval=PASSING_MS)
        self._passing.timeout.connect(self._forget_line)
        self.message.clicked.connect(self.history_asked)
        self.pending.clicked.connect(self.pending_asked)
        self.undo.clicked.connect(self.take_back)

    def sizeHint(self) -> QSize:
        return QSize(640, max(HEIGHT, QFontMetrics(current().font(10)).height() + 10))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def show_line(self, line: Message) -> None:
        """Show a message; with an undo it is also the last action, to be taken back within eight seconds."""
        self.time.set(f"{line.at:%H:%M:%S} UTC")
        self.message.setToolTip(line.text)
        self._text = line.text
        self.message.setAccessibleDescription(line.text)
        self._passing.start() if line.passing else self._passing.stop()
        if line.undo is not None:
            self._undo, self._left = line.undo, UNDO_SECONDS
            self.action.set(line.text)
            self._show_undo(shown=True)
            self._second.start()
        self._fit()

    def show_pending(self, count: int, conflicts: int) -> None:
        """How much the server has not answered, and how much of it waits for the operator."""
        words = "Nothing pending" if not count else f"{count} pending"
        if conflicts:
            words += f", {conflicts} to choose"
        self.pending.set(words, Look.INVERSE if conflicts else Look.OUTLINE if count else Look.QUIET)
        self.pending.setAccessibleDescription(words)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        others = (self.time, self.pending, self.action, self.countdown, self.undo)
        used_width = sum(w.sizeHint().width() + 6 for w in others if not w.isHidden())
        metrics = QFontMetrics(current().font(10))
        # The action says the same as the message while it can be undone.
        same = not self.action.isHidden() and self.action.text() == self._text
        room = max(40, self.width() - used_width - 48)
        self.message.set("" if same else metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, room))

    def take_back(self) -> bool:
        """Undo the last action; False when there is none to undo any more."""
        undo, self._undo = self._undo, None
        self._show_undo(shown=False)
        if undo is None:
            return False
        undo()
        return True

    def forget_undo(self) -> None:
        """It was taken back elsewhere."""
        self._undo = None
        self._show_undo(shown=False)

    def clear(self) -> None:
        """What was told is nobody's business any more."""
        self._forget_line()
        self.action.set("")
        self.forget_undo()

    def _forget_line(self) -> None:
        self._text = ""
        self.time.set("")
        self.message.setToolTip("")
        self.message.setAccessibleDescription("")
        self._fit()

    def _show_undo(self, *, shown: bool) -> None:
        self.countdown.set(f"{self._left} s")
        for item in (self.action, self.countdown, self.undo):
            item.setVisible(shown)
        if not shown:
            self._second.stop()
        self._fit()

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._undo = None
        self._show_undo(shown=self._left > 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        tokens = current().tokens
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.window))
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.line))
