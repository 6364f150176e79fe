"""What was said so far, in a list above the message bar."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QListWidget, QVBoxLayout, QWidget

from app.core.messages import Message


class History(QFrame):
    """The messages so far, newest first, above the bar; Esc closes it."""

    def __init__(self, lines: Iterable[Message], bar: QWidget) -> None:
        super().__init__(bar, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Message history")
        self._list = QListWidget(self)
        self._list.setAccessibleName("Messages, newest first")
        self._list.setWordWrap(True)
        self._list.addItems(
            [f"{line.at:%H:%M:%S} UTC   {line.text}" for line in reversed(list(lines))] or ["Nothing yet."]
        )
        self._list.setCurrentRow(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self._list)
        self.resize(min(720, bar.width()), min(360, 40 + 28 * max(1, self._list.count())))
        self.move(bar.mapToGlobal(bar.rect().topLeft()) - self.rect().bottomLeft())
        self.setFocusProxy(self._list)
