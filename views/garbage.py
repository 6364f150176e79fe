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

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
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
        gc.collect()
        gc.enable()
