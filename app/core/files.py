"""Files of the profile: each is written whole or not at all, and read by nobody else on this computer."""

from __future__ import annotations

import contextlib
import os
from itertools import count
from pathlib import Path

_number = count()


def write(path: Path, text: str) -> None:
    """Put ``text`` into the place of a file, through to the disk: a crash leaves the old one or the new one.

    Raises OSError with the reason; then the old one is as it was.
    """
    make_folder(path.parent)
    # Of this process and of this call: several consoles, and threads of one, write into one profile.
    part = path.with_name(f"{path.name}.{os.getpid()}-{next(_number)}.part")
    try:
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - Path cannot open a descriptor
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def keep_private(path: Path) -> None:
    """Have a file that is written in place be this user's alone, with what SQLite keeps beside it. Raises OSError."""
    path.touch(mode=0o600)
    for each in (path, *(path.with_name(f"{path.name}-{rest}") for rest in ("wal", "shm", "journal"))):
        with contextlib.suppress(OSError):  # it may be somebody else's file, or not there
            each.chmod(0o600)


def make_folder(path: Path) -> None:
    """A folder for this user alone, and those around it, unless they are there. Raises OSError."""
    if not path.is_dir():
        make_folder(path.parent)  # mkdir itself would make them for everybody
        path.mkdir(mode=0o700, exist_ok=True)


def _sync_folder(path: Path) -> None:
    """The new name, too, outlives a power cut; Windows sees to that itself."""
    if hasattr(os, "O_DIRECTORY"):
        # Some network folders cannot: the file is there all the same.
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
