"""Files that are kept sealed: in a folder, or in a bucket of S3 and what speaks like it.

Each takes its place whole or not at all, and opens only under its own name, with the key of the installation.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag

from backend.core.keys import Key
from backend.core.settings import Settings
from backend.deliveries import SecretStore

if TYPE_CHECKING:
    from obstore.store import ObjectStore

NONCE: Final = 12


class FileError(Exception):
    """A file cannot be kept or read; the words say why, and what to do."""


@dataclass(frozen=True, slots=True)
class FileStore:
    """Puts and gets."""

    place: str
    key: Key

    @staticmethod
    def of(settings: Settings) -> FileStore:
        """As settings name it. Raises FileError where they name no place or no key."""
        key = SecretStore.of(settings).key
        if settings.files_to is None:
            raise FileError("there is no place for files: set OPSCONSOLE_FILES_TO to a folder or to s3://bucket/prefix")
        if key is None:
            raise FileError("there is no key to seal files with: set OPSCONSOLE_CONNECTION_KEY_FILE")
        return FileStore(settings.files_to, key)

    async def put(self, name: str, content: bytes) -> None:
        """Keep a file, in the place of one of its name. Raises FileError."""
        import obstore
        from obstore.exceptions import BaseError

        nonce = os.urandom(NONCE)
        sealed = nonce + self.key.secret_cipher().encrypt(nonce, content, name.encode())
        try:
            await obstore.put_async(self._store(), name, sealed)
        except (BaseError, OSError) as error:
            raise FileError(f"{name} cannot be kept in {self.place}: {error}") from None

    async def get(self, name: str) -> bytes:
        """A file as it was kept. Raises FileError."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            sealed = bytes(await (await obstore.get_async(self._store(), name)).bytes_async())
        except (BaseError, OSError) as error:
            raise FileError(f"{name} cannot be read from {self.place}: {error}") from None
        try:
            return self.key.secret_cipher().decrypt(sealed[:NONCE], sealed[NONCE:], name.encode())
        except InvalidTag:
            raise FileError(f"{name} was changed in {self.place}, or sealed with another key") from None

    def _store(self) -> ObjectStore:
        from obstore.store import LocalStore, S3Store

        if self.place.startswith("s3://"):
            return S3Store.from_url(self.place)
        Path(self.place).mkdir(parents=True, exist_ok=True)
        return LocalStore(self.place)


def setting_problem(settings: Settings) -> str | None:
    """Why files cannot be kept where settings say; ``None`` when they can, or none are to be."""
    place = settings.files_to
    if place is not None and not place.startswith("s3://") and Path(place).exists() and not Path(place).is_dir():
        return f"OPSCONSOLE_FILES_TO: {place} is no folder: name another"
    return None
