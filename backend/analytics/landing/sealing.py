"""Events that are held are sealed as a whole: what is wrong with one may be that it says too much."""

from __future__ import annotations

import os
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag

from backend.core.settings import Settings
from backend.deliveries import SecretStore

NONCE: Final = 12
_PURPOSE: Final = b"analytics quarantine 1 "


class Sealer:
    """Seals and opens them with the key that the secrets of connections are sealed with."""

    def __init__(self, settings: Settings) -> None:
        """Raises SecretError for a key that cannot be read."""
        key = SecretStore.of(settings).key
        self._cipher = None if key is None else key.secret_cipher()

    @property
    def ready(self) -> bool:
        """Whether there is a key. Without one nothing is held: nobody would be allowed to keep it."""
        return self._cipher is not None

    def seal(self, event_id: UUID, text: bytes) -> bytes:
        """For the database; only when ready."""
        assert self._cipher is not None  # noqa: S101 - asked before
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, text, _PURPOSE + event_id.bytes)

    def open(self, event_id: UUID, sealed: bytes) -> bytes | None:
        """The text; ``None`` where it was sealed with another key, or there is none."""
        if self._cipher is None:
            return None
        try:
            return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _PURPOSE + event_id.bytes)
        except InvalidTag:
            return None
