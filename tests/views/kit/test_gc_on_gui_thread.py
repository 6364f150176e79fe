"""Qt objects in cycles die in the thread of the widgets, whoever allocates."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

from PySide6.QtCore import QObject, QTimer

from views.kit.gc_on_gui_thread import Garbage


def test_what_is_left_behind_dies_in_the_thread_of_the_widgets(qtbot: Any) -> None:
    died_in: list[int] = []

    class Left(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.me = self
            self.timer = QTimer(self, interval=1)
            self.timer.start()
            weakref.finalize(self, lambda: died_in.append(threading.get_ident()))

    def allocate() -> None:
        for _ in range(50):
            assert [[n] for n in range(1000)]

    for _ in range(20):
        Left()
        worker = threading.Thread(target=allocate)
        worker.start()
        worker.join()
        qtbot.wait(2)
    gc.collect()
    assert died_in
    assert set(died_in) == {threading.get_ident()}


def test_it_gives_collecting_back(qtbot: Any) -> None:
    garbage = Garbage()
    assert not gc.isenabled()
    qtbot.wait(1)
    garbage.close()
    assert gc.isenabled()
    gc.disable()  # as the session's own has it


def test_it_collects_when_much_was_allocated() -> None:
    garbage = Garbage()
    kept = [[n] for n in range(5000)]
    assert gc.get_count()[0] > 2000
    garbage.collect_due()
    assert gc.get_count()[0] < 2000
    assert kept
    garbage.close()
    gc.disable()  # as the session's own has it


def test_what_lives_when_the_window_has_settled_is_not_looked_at_again(qtbot: Any) -> None:
    garbage = Garbage(settled_ms=1)
    qtbot.waitUntil(lambda: gc.get_freeze_count() > 10_000)
    assert len(gc.get_objects()) < 10_000
    garbage.close()
    assert gc.get_freeze_count() == 0
    gc.disable()  # as the session's own has it
