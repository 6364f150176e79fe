"""Keys while another workspace comes up: they were meant for the one that was left, so they do nothing.

A key with Ctrl means the same wherever the keyboard is: the last one is carried out once the workspace is there, and
what is typed after it finds what it has opened.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QWidget

PAUSE_MS = 300
"""Somebody who types without looking goes on for a while: a key that follows so soon upon a dropped one is dropped."""
_KEYS = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride})
_MODIFIERS = frozenset({Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_AltGr, Qt.Key.Key_Meta})


class KeyGate(QObject):
    """Shut while what is in the window changes, until an operator can see where the keyboard is now."""

    dropped = Signal()
    """It is open again, and keys were dropped meanwhile."""
    chord = Signal(QKeySequence)
    """It is open again, and this was the last key with Ctrl meanwhile."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ready = self._typed = False
        self.shut = False
        self._chord: QKeySequence | None = None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._open)

    def close(self) -> None:
        """Drop keys from now on."""
        self._ready, self._chord = False, None  # it was meant for the workspace before this one
        application = QApplication.instance()
        if not self.shut and application is not None:
            self.shut = True
            # Of the whole application: a key comes to the platform's window first, and from there to shortcuts.
            application.installEventFilter(self)

    def open_when_painted(self) -> None:
        """Everything is in its place: let keys in once it is on screen too."""
        self._ready = True
        self._window.update()
        if not self._window.isVisible():
            self._open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _KEYS and isinstance(event, QKeyEvent) and not _opens_workspace(event):
            if kind == QEvent.Type.KeyPress and _is_chord(event):
                self._chord = QKeySequence(event.keyCombination())
            elif kind == QEvent.Type.KeyPress and event.key() not in _MODIFIERS:
                self._typed = self._typed or not event.isAutoRepeat()
                self._pause.start()
            event.accept()  # an override that is accepted does not become a shortcut
            return True
        if kind == QEvent.Type.Paint and watched is self._window and self._ready and not self._pause.isActive():
            QTimer.singleShot(0, self, self._open)  # once the whole window is painted
        return False

    def _open(self) -> None:
        application = QApplication.instance()
        if not self.shut or not self._ready or self._pause.isActive() or application is None:
            return
        self.shut = False
        application.removeEventFilter(self)
        if self._typed:
            self._typed = False
            self.dropped.emit()
        if self._chord is not None:
            chord, self._chord = self._chord, None
            self.chord.emit(chord)


def _is_chord(event: QKeyEvent) -> bool:
    control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
    return control and event.key() not in _MODIFIERS and not event.isAutoRepeat()


def _opens_workspace(event: QKeyEvent) -> bool:
    """Ctrl+1…9 means the same wherever the keyboard is: the last one counts."""
    control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
    return control and Qt.Key.Key_1 <= event.key() <= Qt.Key.Key_9
