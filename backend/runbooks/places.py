"""Where runbooks are published: a folder, or a bucket of S3.

Each file takes the place of the one before whole or not at all; the list comes after the pages it leads to, and what it
no longer leads to is removed last. So whoever reads meanwhile finds nothing that is half there, and every link leads
somewhere. Only what was published before is ever removed: a note beside the pages says what that is.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from backend.core import files

NOTE = "runbooks.json"
READABLE = 0o644
_OURS = re.compile(r"[a-z0-9-]+\.html")


class PublishError(Exception):
    """Runbooks could not be published; the words say why."""


class Place(Protocol):
    """Some files of one place. The methods block, and raise PublishError."""

    def read(self, name: str) -> str | None:
        """A file's text; ``None`` where there is none."""

    def put(self, name: str, text: str) -> None:
        """Put a file there, whole, in the place of one of its name."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def has(self, name: str) -> bool:
        """Whether a file is there."""


def publish(place: Place, pages: Mapping[str, str], fingerprint: str) -> bool:
    """Have exactly these pages there; False when they were there already. Raises PublishError."""
    note = _noted(place)
    before = {name for name in note.get("files") or () if isinstance(name, str) and _OURS.fullmatch(name)}
    if note.get("fingerprint") == fingerprint and all(place.has(name) for name in pages):
        return False
    for name, text in pages.items():
        place.put(name, text)
    # What is to be removed is still noted while it is there: an interruption forgets nothing.
    place.put(NOTE, _note("", before | pages.keys()))
    for name in sorted(before - pages.keys()):
        place.remove(name)
    place.put(NOTE, _note(fingerprint, pages.keys()))
    return True


def _noted(place: Place) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = json.loads(place.read(NOTE) or "{}")
        if isinstance(found, dict) and isinstance(found.get("files"), list):
            return found
    return {}


def _note(fingerprint: str, names: Iterable[str]) -> str:
    return json.dumps({"fingerprint": fingerprint, "files": sorted(names)}, indent=1) + "\n"


class Folder:
    """A folder, made when it is missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> str | None:
        """A file's text."""
        with self._explained("read"):
            try:
                return (self._path / name).read_text(encoding="utf-8", errors="replace")
            except FileNotFoundError:
                return None

    def put(self, name: str, text: str) -> None:
        """Write a file whole or not at all, for others to read."""
        with self._explained("written"):
            self._path.mkdir(parents=True, exist_ok=True)
            files.write(self._path / name, text, mode=READABLE)

    def remove(self, name: str) -> None:
        """Remove a file."""
        with self._explained("written"):
            (self._path / name).unlink(missing_ok=True)

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return (self._path / name).is_file()

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise PublishError(f"{self._path} cannot be {done}: {error.strerror or error}") from error
