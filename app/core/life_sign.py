"""A file that a process holds locked while it lives: the system lets go of it at once, however the process ends."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


class LifeSign:
    """Ours. Where files cannot be locked there is none, and others go by when they heard of us last."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def give(self) -> None:
        """Hold the file from now on."""
        if self._descriptor is None:
            with contextlib.suppress(OSError):
                self._descriptor = _locked(self.path, os.O_RDWR | os.O_CREAT)

    def take_back(self) -> None:
        """Let go of the file and remove it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def has_ended(path: Path) -> bool:
    """Whether who held this file does not live any more; it is removed then. Without a file nothing is known."""
    try:
        os.close(_locked(path, os.O_RDWR))
    except OSError:
        return False
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
    return True


def _locked(path: Path, how: int) -> int:
    """A descriptor with the only lock on a file. Raises OSError."""
    descriptor = os.open(path, how, 0o600)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
