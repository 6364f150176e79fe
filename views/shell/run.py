"""Starts Qt with asyncio inside it, paints the last known picture, then connects.

The life of the window is the life of ``run``.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from views.kit import own_import  # noqa: F401 - before anything else of Qt

# isort: split
from PySide6.QtWidgets import QApplication

from app.console import Console
from app.core.connection_target import ConnectionTarget, resolve_target, sample_target
from app.core.profile import profile_copy, profile_folder
from app.core.settings import SettingsFile
from views.kit.gc_on_gui_thread import Garbage
from views.shell.application import ConsoleApplication

SETTLED_MS = 5000
"""By then the window is furnished and its charts are drawn."""


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
    found = QApplication.instance()
    qt_application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    qt_application.setApplicationName("opsconsole")
    qt_application.setQuitOnLastWindowClosed(False)
    with (
        nullcontext(profile_folder()) if screenshots is None else profile_copy() as profile,
        closing(Garbage(qt_application, settled_ms=SETTLED_MS)),
    ):
        target = resolve_target(
            SettingsFile(profile).load(), server=server, data_dir=data_dir, role=role, sample_shop=sample_shop
        )
        while True:
            console = Console(profile, target)
            app = ConsoleApplication(qt_application, console)
            if screenshots is None:
                app.show()
                app.paint_first(qt_application)
            import qasync  # not before something is on the screen

            with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(qt_application)) as runner:
                outcome = runner.run(_live(app, console, screenshots))
            if isinstance(outcome, int):
                return outcome
            # The operator chose where to work: remember it, and open the console there.
            if outcome.url:
                target = ConnectionTarget(url=outcome.url)
                console.change_settings(server_url=outcome.url, sample_shop=False)
            else:
                target = sample_target(data_dir)
                console.change_settings(server_url="", sample_shop=True)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where the operator wants to work: an address, or the sample shop when it is empty."""

    url: str


async def _live(app: ConsoleApplication, console: Console, screenshots: Path | None) -> int | Chosen:
    stop = asyncio.Event()
    chosen: list[Chosen] = []
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no loop signal handlers; there closing the console window ends the process.
        with suppress(NotImplementedError, RuntimeError):
            loop.add_signal_handler(number, stop.set)

    def entered(address: object) -> None:
        chosen.append(Chosen(str(address or "")))
        stop.set()

    app.closed.connect(stop.set)
    if app.was_closed:  # while its first picture was painted
        stop.set()
    app.entered.connect(entered)
    try:
        if screenshots is not None:
            from views.shell.screenshots import draw

            return await draw(app, screenshots)
        await app.furnish()
        app.start()
        await stop.wait()
        return chosen[0] if chosen else 0
    finally:
        app.close()
        await console.close()
