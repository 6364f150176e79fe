"""Where checkpoints are kept outside the database: whoever can rewrite the one cannot rewrite the other.

A port with two adapters: a folder, and a bucket of S3 (``backend.audit.bucket``).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from backend.core import files

_NAME = re.compile(r"(\d{20})\.checkpoint")


class CheckpointStoreError(Exception):
    """A checkpoint could not be kept; the words say what to do."""


def name_of(size: int) -> str:
    """What the checkpoint of a size is called; names sort as sizes do."""
    return f"{size:020d}.checkpoint"


def size_of(name: str) -> int | None:
    """The size in a name; ``None`` for whatever else lies there."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def mismatch(name: str) -> CheckpointStoreError:
    """What is kept under this name is not what was to be kept."""
    return CheckpointStoreError(
        f"{name} is another checkpoint of the same size: the database was put back or replaced. Run "
        "`opsconsole audit verify`, then give this log a place of its own"
    )


class CheckpointStore(Protocol):
    """Keeps checkpoints by tree size; each is written once. The methods block, and raise OutsideError."""

    kind: str

    def has(self, size: int) -> bool:
        """Whether a checkpoint of this size is kept."""

    def newest(self) -> int:
        """The largest size kept; 0 when none is."""

    def put(self, size: int, note: str) -> None:
        """Keep a checkpoint durably. The same one again changes nothing; another one of that size is refused."""

    def notes(self) -> Iterator[tuple[int, str]]:
        """Every size and note kept, in order of size."""


class Folder:
    """One file for each tree size in a folder, which is made when it is missing."""

    kind = "folder"

    def __init__(self, path: Path) -> None:
        self._path = path

    def has(self, size: int) -> bool:
        """Whether the file is there."""
        return self._file(size).exists()

    def newest(self) -> int:
        """The largest size among the files."""
        return max(self._sizes(), default=0)

    def put(self, size: int, note: str) -> None:
        """Write a file whole or not at all, through to the disk."""
        file = self._file(size)
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                with contextlib.suppress(FileExistsError):
                    files.create(file, note)
            if file.read_text(encoding="utf-8") == note:
                return
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointStoreError(f"{self._path} cannot be written: {error}") from error
        raise mismatch(str(file))

    def notes(self) -> Iterator[tuple[int, str]]:
        """Read the files one by one."""
        for size in sorted(self._sizes()):
            try:
                yield size, self._file(size).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                yield size, ""
            except OSError as error:
                raise CheckpointStoreError(f"{self._path} cannot be read: {error}") from error

    def _file(self, size: int) -> Path:
        return self._path / name_of(size)

    def _sizes(self) -> list[int]:
        try:
            with os.scandir(self._path) as entries:
                return [size for entry in entries if (size := size_of(entry.name)) is not None]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CheckpointStoreError(f"{self._path} cannot be read: {error}") from error
