"""Notes that were begun and not sent: they survive a crash, a conflict and a change of case."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from app.core import files
from app.core.json_text import parse_json

KEPT_MOST, LENGTH_MOST = 200, 10_000
FILE = "triage-notes.json"


class NoteDrafts:
    """Texts by entry, the newest last; of this profile only. Raises nothing: a full disk costs the draft."""

    def __init__(self, profile: Path) -> None:
        self.path = profile / FILE
        self.problem = ""
        """Why the last one could not be written."""
        self._texts: dict[str, str] = {}
        with suppress(OSError, ValueError, AttributeError):
            kept: Any = parse_json(self.path.read_text("utf-8"))
            self._texts = {str(key): text for key, text in kept.items() if isinstance(text, str)}

    def get(self, key: str) -> str:
        """What was begun for an entry; empty for nothing."""
        return self._texts.get(key, "")

    def put(self, key: str, text: str) -> None:
        """Remember it; empty text forgets it. Written to disk by ``keep``."""
        self._texts.pop(key, None)
        if text.strip():
            self._texts[key] = text[:LENGTH_MOST]
        while len(self._texts) > KEPT_MOST:
            del self._texts[next(iter(self._texts))]

    def keep(self) -> None:
        """Write them so that a crash leaves the old file or the new one."""
        try:
            files.write(self.path, json.dumps(self._texts, ensure_ascii=False))
            self.problem = ""
        except OSError as error:
            self.problem = error.strerror or "the file cannot be written"
