"""What the window's dialogs share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from views.kit.focus_order import controls
from views.kit.theme import current
from views.kit.widgets.problem import ProblemLine

if TYPE_CHECKING:
    from app.core.tasks import Tasks

T = TypeVar("T")

ROLE = QDialogButtonBox.ButtonRole
ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})


class DestructiveButton(QPushButton):
    """Does what is hard to take back: never the default, and Enter does not press it even where it has the keyboard."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:  # on some desktops it presses every button
            event.ignore()
        else:
            super().keyPressEvent(event)


class WindowDialog(QDialog):
    """A dialog over its window, with room for an error in words; it deletes itself when closed."""

    def __init__(
        self, title: str, parent: QWidget, *, accept: str = "", reject: str = "Cancel", destructive: bool = False
    ) -> None:
        """``destructive``: to accept is hard to take back, so that Enter rejects."""
        super().__init__(parent)
        self._carrying_out: asyncio.Task[Any] | None = None
        self._accepting: QPushButton | None = None
        self.over = parent.window()
        """The window it lies over."""
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(current().px(420))
        current().changed.connect(self._restyled)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 24, 24, 16)
        outer.setSpacing(16)
        self.column = QVBoxLayout()
        self.column.setSpacing(8)
        outer.addLayout(self.column, 1)
        self._problem = ProblemLine()
        outer.addWidget(self._problem)
        self.buttons = QDialogButtonBox()
        rejecting = self._default = QPushButton(reject)
        if accept:
            self._accepting = accepting = DestructiveButton(accept) if destructive else QPushButton(accept)
            accepting.clicked.connect(self.submit)
            self.buttons.addButton(accepting, ROLE.DestructiveRole if destructive else ROLE.AcceptRole)
            if not destructive:
                self._default = accepting
        self.buttons.addButton(rejecting, ROLE.RejectRole)
        self.buttons.rejected.connect(self.reject)
        outer.addWidget(self.buttons)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):  # in a field of several lines Enter begins one
            QShortcut(QKeySequence(keys), self).activated.connect(self._accept_by_key)
        self._default.setDefault(True)  # else Qt takes whatever button comes after the field with the keyboard

    def _accept_by_key(self) -> None:
        """Do what the accepting button does, wherever the keyboard is."""
        if self._accepting is not None and self._accepting.isEnabled() and not self._accepting.isHidden():
            self.submit()

    def _restyled(self) -> None:
        QTimer.singleShot(0, self, self._rescale)  # after all that stands in it has heard of the theme too

    def _rescale(self) -> None:
        self.setMinimumWidth(current().px(420))
        self.adjustSize()

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
        self.destroyed.connect(lambda *_: task.cancel())  # the whole window was closed
        return task

    def carry_out(self, tasks: Tasks, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Start what the dialog was opened for. It stays until that has ended: else nobody would hear of a refusal."""
        task = tasks.start(work, name=name)
        self._carrying_out = task
        self.destroyed.connect(lambda *_: task.cancel())  # the whole window was closed
        return task

    @property
    def is_busy(self) -> bool:
        """Whether what it was opened for is under way."""
        return self._carrying_out is not None and not self._carrying_out.done()

    def reject(self) -> None:
        if not self.is_busy:
            super().reject()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._grow()
        # Qt gives the keyboard to whatever was made first: the buttons. Here people begin to type.
        at = self.focusWidget()
        if at is None or self.buttons.isAncestorOf(at):
            fields = (w for w in controls(self) if not self.buttons.isAncestorOf(w))
            next(fields, self._default).setFocus(Qt.FocusReason.ActiveWindowFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter on a destructive button is not Enter elsewhere: that would close the dialog as if it had been done."""
        at = self.focusWidget()
        if event.key() in ENTER and isinstance(at, DestructiveButton):
            self.fail(f"Enter does not do this. To confirm “{at.text()}”, press Space or click it.")
        else:
            super().keyPressEvent(event)

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
