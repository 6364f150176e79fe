"""What somebody is in the middle of writing, kept on this computer until it is sent or thrown away."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core import files
from app.core.json_text import parse_json

if TYPE_CHECKING:
    from app.core.tasks import Tasks

PAUSE = 0.4
"""Seconds after the last change; a crash loses no more than was typed meanwhile."""


def draft_path(profile: Path, target: str, name: str) -> Path:
    """One file per server or data folder and thing that is written."""
    digest = hashlib.sha256(f"{target}\n{name}".encode()).hexdigest()[:16]
    return profile / "unsent" / f"{digest}.json"


class DraftStore:
    """One thing somebody is writing. ``read`` at the start, ``keep`` at every change, ``drop`` when it is sent."""

    def __init__(self, path: Path, tasks: Tasks) -> None:
        self.path = path
        self._tasks = tasks
        self._wanted: dict[str, Any] | None = None
        self._dropped = False
        self._writing: asyncio.Task[None] | None = None
        self.problem = ""
        """Why it cannot be kept, in words."""

    def read(self) -> dict[str, Any] | None:
        """What an earlier run left; ``None`` for nothing, or for what cannot be read."""
        try:
            found = parse_json(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def keep(self, values: dict[str, Any]) -> None:
        """Write soon; only the newest of several is written."""
        self._wanted, self._dropped = values, False
        if self._writing is None or self._writing.done():
            self._writing = self._tasks.start(self._write_soon(), name="keep what is being written")

    def drop(self) -> None:
        """It was sent, or is not wanted any more."""
        self._wanted, self._dropped = None, True
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def _take(self) -> dict[str, Any] | None:
        values, self._wanted = self._wanted, None
        return values

    async def _write_soon(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            values = self._take()
            if values is None:
                return
            try:
                await asyncio.to_thread(files.write, self.path, json.dumps(values, ensure_ascii=False))
                self.problem = ""
                if self._dropped:
                    self.drop()  # while it was being written
            except OSError as error:
                self.problem = f"What you write cannot be kept on this computer: {error.strerror or error}."
