"""Files that are written whole or not at all, through to the disk."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_number = count()


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put ``text`` into the place of a file: a crash leaves the old one or the new one.

    Unless ``mode`` says otherwise its owner alone may read it. Raises OSError; then the old one is as it was.
    """
    with _part_of(path, text, mode) as part:
        part.replace(path)
    sync_folder(path.parent)


def create(path: Path, text: str) -> None:
    """A new file, for others to read as well. Raises FileExistsError rather than replace one, and OSError."""
    with _part_of(path, text, 0o644) as part:
        if os.name == "nt":
            part.rename(path)
        else:
            os.link(part, path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """New names, too, outlive a power cut; Windows sees to that itself."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _part_of(path: Path, text: str, mode: int) -> Iterator[Path]:
    """A file beside ``path`` with all of it, for the length of the block. Threads of one process have one each."""
    part = path.with_name(f"{path.name}.{os.getpid()}-{next(_number)}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - Path cannot open a descriptor
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
