"""Python's cyclic garbage is collected by the thread of the widgets, and by no other.

Left alone, Python collects in whatever thread happens to allocate. A widget or timer that dies in a worker's thread
cannot stop its timers there: Qt then calls an object that is gone, and the process ends without a word.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 200


class Garbage(QObject):
    """Takes collecting over for as long as it lives; make it in the thread of the widgets."""

    def __init__(self, parent: QObject | None = None, *, settled_ms: int | None = None) -> None:
        """``settled_ms`` after now whatever lives is taken to stay: packages, widgets, the first answers.

        A full collection no longer looks at those 300 000 objects then, and the window never stands still for the
        tenth of a second that it took.
        """
        super().__init__(parent)
        if settled_ms is not None:
            QTimer.singleShot(settled_ms, self, gc.freeze)
        gc.disable()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    def collect_due(self) -> None:
        """Collect the oldest generation that Python would collect by now."""
        counted = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (count, most) in enumerate(counted) if 0 < most < count]
        if due:
            gc.collect(due[-1])

    def close(self) -> None:
        """Collect what is left and let Python go on by itself."""
        self._timer.stop()
        gc.unfreeze()
        gc.collect()
        gc.enable()
