"""The erasure ledger: outside the database, so that a restore cannot bring back who was erased.

Each entry is a file that is written once, before the first system erases anything. It names nobody: identifiers stand
there as hashes keyed with what only the key file knows. It is a suppression list, kept as long as the oldest backup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from backend.core import files
from backend.core.settings import Settings

_ENDING: Final = ".erasure"


class LedgerError(Exception):
    """The ledger cannot be written or read; the words say what to do."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """That somebody was erased."""

    id: UUID
    """Of the run that erased."""
    at: datetime
    """What came after is somebody new."""
    person_id: UUID
    macs: Mapping[str, tuple[str, ...]]
    """Keyed hashes of the identifiers in hexadecimal digits, by kind."""

    def text(self) -> str:
        """As it is written."""
        content = {
            "id": str(self.id),
            "at": self.at.isoformat(),
            "person": str(self.person_id),
            "macs": {kind: sorted(macs) for kind, macs in sorted(self.macs.items())},
        }
        return json.dumps(content, indent=1) + "\n"

    @staticmethod
    def read(text: str) -> LedgerEntry:
        """From what was written. Raises ValueError, KeyError, TypeError."""
        content = json.loads(text)
        macs = {str(kind): tuple(map(str, given)) for kind, given in content["macs"].items()}
        return LedgerEntry(UUID(content["id"]), datetime.fromisoformat(content["at"]), UUID(content["person"]), macs)


def folder_of(settings: Settings) -> Path | None:
    """Where the ledger lies: beside the audit checkpoints; ``None`` where those are in no folder."""
    folder = settings.audit_checkpoint_folder
    return None if folder is None else folder.with_name(f"{folder.name}-erasures")


class Ledger:
    """The files of one folder. Methods block, and raise LedgerError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, entry: LedgerEntry) -> None:
        """Write an entry durably; the same again changes nothing, another one of that id is refused."""
        file = self._path / f"{entry.id}{_ENDING}"
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            if not file.exists():
                files.create(file, entry.text())
            kept = file.read_text(encoding="utf-8")
        except FileExistsError:
            kept = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerError(f"the erasure ledger in {self._path} cannot be written: {error}") from error
        if kept != entry.text():
            raise LedgerError(f"{file.name} of the erasure ledger says something else: the database was replaced")

    def entries(self) -> Iterator[LedgerEntry]:
        """All of them, the oldest first. One that cannot be read is an error: somebody might come back unseen."""
        try:
            names = sorted(self._path.glob(f"*{_ENDING}"))
            for file in names:
                yield LedgerEntry.read(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LedgerError(f"the erasure ledger in {self._path} cannot be read: {error}") from error
