"""Pictures are drawn where there is no display, without a word about that."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QtMsgType, qFormatLogMessage, qInstallMessageHandler

UNSAID = "This plugin does not support propagateSizeHints()"
"""Said of every window with a least size; in a picture nobody makes it smaller."""


@contextmanager
def quiet() -> Iterator[None]:
    """Leave out what the offscreen platform cannot do and no picture needs; everything else is said as before."""

    def say(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        if message == UNSAID:
            return
        if callable(before):
            before(kind, context, message)
        else:
            sys.stderr.write(f"{qFormatLogMessage(kind, context, message)}\n")

    before = qInstallMessageHandler(say)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
