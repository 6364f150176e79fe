"""What the window's dialogs share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from views.theme import current
from views.widgets.problem import ProblemLine
from views.window.reading import controls

if TYPE_CHECKING:
    from app.tasks import Tasks

T = TypeVar("T")


class WindowDialog(QDialog):
    """A dialog over its window, with room for an error in words; it deletes itself when closed."""

    def __init__(self, title: str, parent: QWidget, *, accept: str = "", reject: str = "Cancel") -> None:
        super().__init__(parent)
        self.over = parent.window()
        """The window it lies over."""
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(current().px(420))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 16)
        outer.setSpacing(16)
        self.column = QVBoxLayout()
        self.column.setSpacing(8)
        outer.addLayout(self.column, 1)
        self._problem = ProblemLine()
        outer.addWidget(self._problem)
        self.buttons = QDialogButtonBox()
        if accept:
            self.buttons.addButton(accept, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(reject, QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self.submit)
        self.buttons.rejected.connect(self.reject)
        outer.addWidget(self.buttons)

    def open(self) -> None:
        """Open over its window; where a dialog waits for an answer there, that one stays and this one is given up."""
        beside = (d for d in self.over.findChildren(WindowDialog) if d is not self and d.over is self.over)
        other = next((d for d in beside if d.isVisible()), None)
        if other is None:
            super().open()
            return
        other.activateWindow()
        self.reject()
        self.deleteLater()

    def look(self, tasks: Tasks, looking: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start what fills the dialog; whoever closes it waits for nothing any more."""
        task = tasks.start(looking, name=name)
        self.finished.connect(lambda *_: task.cancel())
        return task

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow()
        # Qt gives the keyboard to whatever was made first: the buttons. Here people begin to type.
        at = self.focusWidget()
        if at is None or self.buttons.isAncestorOf(at):
            fields = (w for w in controls(self) if not self.buttons.isAncestorOf(w))
            if (first := next(fields, None)) is not None:
                first.setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def event(self, event: QEvent) -> bool:
        """Grow with what is said: Qt lets words that wrap be cut off when they become more after the first show."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            QTimer.singleShot(0, self, self._grow)
        return done

    def _grow(self) -> None:
        if (layout := self.layout()) is not None:
            needed = layout.totalHeightForWidth(self.width()) if layout.hasHeightForWidth() else 0
            high = min(max(needed, layout.totalSizeHint().height()), self.screen().availableGeometry().height())
            if high > self.height():
                self.resize(self.width(), high)

    def submit(self) -> None:
        """Answer and close; dialogs that check something override it."""
        self.accept()

    def fail(self, words: str, field: QWidget | None = None) -> None:
        """Say what is wrong with the answer, and in which field; empty words clear it."""
        self._problem.say(words, field)

    @property
    def error(self) -> str:
        """The words that are shown as an error."""
        return self._problem.words
