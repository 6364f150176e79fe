"""Draws every workspace into picture files, dark and light, in two sizes, and the wall's pages, with data."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from views.kit.offscreen import quiet

if TYPE_CHECKING:
    from views.shell.application import ConsoleApplication

WINDOW, SMALL, WALL = (1920, 1080), (1440, 900), (3840, 2160)
PATIENCE = 180.0
"""Seconds for the first data; creating the sample shop on a slow machine is in it."""
SETTLED = 2.0
"""Seconds that charts get to draw what has arrived."""


async def draw(app: ConsoleApplication, folder: Path) -> int:
    """Draw everything and print the file names; returns the exit code, 1 when no data came in time."""
    with quiet():
        return await _draw(app, folder)


async def _draw(app: ConsoleApplication, folder: Path) -> int:
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    window, console = app.window, app.console
    app.show(*WINDOW)
    await app.furnish()
    # Not the one that was open last: what is waited for is asked for where it can be seen.
    window.open_workspace(window.workspaces.items[0].id)
    starting = asyncio.create_task(console.start(), name="start the console")
    try:
        async with asyncio.timeout(PATIENCE):
            while not console.queries.all_answered:  # the last picture of an earlier run is not enough
                if starting.done():
                    starting.result()
                await asyncio.sleep(0.1)
    except TimeoutError:
        sys.stderr.write(f"no data within {PATIENCE:.0f} s: {console.link.detail or 'the server did not answer'}\n")
        return 1
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
    for size, theme in ((WINDOW, "dark"), (WINDOW, "light"), (SMALL, "dark")):
        app.apply_theme(theme)
        window.resize(*size)
        for workspace in window.workspaces.items:
            window.open_workspace(workspace.id)
            await asyncio.sleep(SETTLED)
            small = "" if size == WINDOW else f"-{size[0]}"
            _write(window, folder / f"{workspace.id}-{theme}{small}.png")
    app.apply_theme("dark")
    wall = app.open_wall()
    wall.showNormal()
    wall.resize(*WALL)
    await asyncio.sleep(SETTLED)
    for page in wall.wanted_pages:
        wall.show_page(page)
        _write(wall, folder / f"wall-{page}-dark.png")
    return 0


def _write(widget: object, path: Path) -> None:
    if not widget.grab().save(str(path)):  # type: ignore[attr-defined]
        raise OSError(f"{path} could not be written")
    sys.stdout.write(f"{path}\n")
