"""What reporting needs of outside systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class DropboxError(Exception):
    """A file could not be left there, or nobody could look; the words say why, and what to do."""


class Dropbox(Protocol):
    """Where finance picks files up."""

    async def leave(self, files: Mapping[str, bytes]) -> None:
        """Leave files, each whole or not at all; what is there already stays. Raises DropboxError."""

    async def acknowledgements(self, names: Sequence[str]) -> Mapping[str, str]:
        """What was left in answer, by the name of the file it answers. Raises DropboxError."""


@dataclass(frozen=True, slots=True)
class ReportingPorts:
    """Off where nothing is set."""

    dropbox: Dropbox | None = None
