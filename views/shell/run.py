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

# Before Qt, because PySide reads the source of every module that is imported after it: 30 ms for these.
from app.console import Console
from app.core.connection_target import ConnectionTarget, resolve_target, sample_place
from app.core.profile import profile_copy, profile_folder
from app.core.settings import SettingsFile
from views.shell.window import panels  # noqa: F401 - with every manifest, for the reason above

# isort: split
from PySide6.QtWidgets import QApplication

from views.kit.gc_on_gui_thread import Garbage
from views.shell.application import Desk

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
    application = found if isinstance(found, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("opsconsole")
    application.setQuitOnLastWindowClosed(False)
    with (
        nullcontext(profile_folder()) if screenshots is None else profile_copy() as profile,
        closing(Garbage(application, settled_ms=SETTLED_MS)),
    ):
        place = resolve_target(
            SettingsFile(profile).load(), server=server, data_dir=data_dir, role=role, sample_shop=sample_shop
        )
        while True:
            console = Console(profile, place)
            desk = Desk(application, console)
            if screenshots is None:
                desk.show()
                desk.paint_first(application)
            import qasync  # not before something is on the screen

            with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
                outcome = runner.run(_live(desk, console, screenshots))
            if isinstance(outcome, int):
                return outcome
            # The operator chose where to work: remember it, and open the console there.
            if outcome.url:
                place = ConnectionTarget(url=outcome.url)
                console.change_settings(server_url=outcome.url, sample_shop=False)
            else:
                place = sample_place(data_dir)
                console.change_settings(server_url="", sample_shop=True)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where the operator wants to work: an address, or the sample shop when it is empty."""

    url: str


async def _live(desk: Desk, console: Console, screenshots: Path | None) -> int | Chosen:
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

    desk.closed.connect(stop.set)
    if desk.was_closed:  # while its first picture was painted
        stop.set()
    desk.entered.connect(entered)
    try:
        if screenshots is not None:
            from views.shell.screenshots import draw

            return await draw(desk, screenshots)
        await desk.furnish()
        desk.start()
        await stop.wait()
        return chosen[0] if chosen else 0
    finally:
        desk.close()
        await console.close()
