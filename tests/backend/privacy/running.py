"""Runs nodes in a process of its own that ends itself at a boundary, as if killed: ``RUN_AT`` is its number, from 1."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from backend.core.capability import PersonalSystems
from backend.core.database import Database
from backend.core.settings import Settings
from backend.privacy.endings import STEPS
from backend.privacy.graph.runner import Runner
from backend.runtime.outside import outside


class Boundaries:
    """Counts them, and ends the process at one."""

    def __init__(self, at: int, noted: Path) -> None:
        self._left, self._noted = at, noted

    def __call__(self, where: str) -> None:
        """One is reached."""
        self._left -= 1
        with self._noted.open("a") as file:
            file.write(f"{where}\n")
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    settings = Settings()
    url = settings.database_url or ""
    database = Database(url, size=3)
    await database.open()
    reached = Boundaries(int(os.environ["RUN_AT"]), Path(os.environ["RUN_NOTED"]))
    runner = Runner(
        database, url, settings, outside(settings).of(PersonalSystems), at_once=1, reached=reached, steps=STEPS
    )
    while await runner.turn():
        pass
    await database.close()


if __name__ == "__main__":
    asyncio.run(main())
