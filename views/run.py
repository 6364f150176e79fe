"""Starts Qt with asyncio inside it, paints the last known picture, then connects.

The life of the window is the life of ``run``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from app.console import Console


def run(
    *,
    server: str | None = None,
    data_dir: Path,
    role: str | None = None,
    sample_shop: bool = False,
    screenshots: Path | None = None,
) -> int:
    """Open the console; returns the exit code when its window is closed or the process is told to stop."""
    if screenshots is not None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    application.setApplicationName("opsconsole")
    application.setQuitOnLastWindowClosed(False)
    import qasync

    from app.console import Console

    console = Console(server=server, data_dir=data_dir, role=role, sample_shop=sample_shop)
    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
        return runner.run(_live(application, console, screenshots))


async def _live(application: QApplication, console: Console, screenshots: Path | None) -> int:
    from views.desk import Desk

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no loop signal handlers; there closing the console window ends the process.
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    desk = Desk(application, console)
    desk.closed.connect(stop.set)
    try:
        if screenshots is not None:
            from views.screenshots import draw

            return await draw(desk, screenshots)
        desk.show()
        await asyncio.sleep(0)
        desk.restored()
        starting = asyncio.create_task(console.start(), name="start the console")
        try:
            await stop.wait()
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        return 0
    finally:
        desk.close()
        await console.close()
