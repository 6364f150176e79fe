"""The key of a snapshot: made once, kept in the system's keyring, never on the disk."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.core.session import Keyring

NONCE_BYTES, KEY_BYTES = 12, 32


class Seal:
    """AES-256-GCM; what is sealed under one name opens under no other."""

    def __init__(self, secret: bytes) -> None:
        """Imports the library, which takes a moment. Raises ValueError for what is no key."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(secret)

    def close(self, name: str, text: str) -> bytes:
        """Seal a text under a name."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), name.encode())

    def open(self, name: str, sealed: bytes) -> str:
        """Read it back. Raises ValueError when it was sealed with another key, under another name, or was altered."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], name.encode()).decode()
        except InvalidTag as error:
            raise ValueError("it was sealed with another key") from error


async def seal_of(keyring: Keyring, target: str) -> Seal:
    """The seal of the snapshot of a server or data folder, with a new key where there is none that can be used.

    Raises OSError when there is no keyring.
    """
    import asyncio

    name = f"{target} snapshot"
    found = _decoded(await keyring.get(name))
    if found is None:
        await keyring.put(name, base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        # Read back: another console may have made one at the same time, and some keyrings only pretend to keep.
        found = _decoded(await keyring.get(name))
    if found is None:
        raise OSError("the system's keyring does not keep what it is given")
    return await asyncio.to_thread(Seal, found)


def _decoded(text: str | None) -> bytes | None:
    try:
        secret = base64.b64decode(text or "", validate=True)
    except binascii.Error:
        return None
    return secret if len(secret) == KEY_BYTES else None
