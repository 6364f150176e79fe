"""Sealing and finding without knowing: AES-256-GCM under a key of its owner, and keyed hashes of identifiers.

A key of its own belongs to each person, request, certificate and hold. It is kept wrapped by a key of the installation,
so that destroying one row forgets everything that was sealed with it, and a change of the installation's key wraps rows
anew without touching what they sealed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.core.keys import INDEX_LINE, KEY_BYTES, WRAPPING_LINE
from models.risk.metrics import normal

VERSION: Final = b"\x01"
NONCE_BYTES: Final = 12
MAC_BYTES: Final = 16
HOW = (
    "a line `index KEY` and, the current one first, lines `kek KEY`; each KEY is 32 bytes in base64, such as "
    "`openssl rand -base64 32` prints"
)


class SealError(Exception):
    """Something sealed does not open: it was changed, belongs elsewhere, or its key is gone."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as it is kept."""

    kek: str
    wrapped: bytes


class DataKey:
    """The key of one owner, open. Lives no longer than a transaction."""

    __slots__ = ("_cipher", "_owner", "id")

    def __init__(self, owner: UUID, raw: bytes) -> None:
        self._owner = owner
        self._cipher = AESGCM(raw)
        self.id = hashlib.sha256(b"opsconsole dek id\0" + raw).digest()[:8]
        """Stands beside what is evidence: AES-GCM does not commit to its key."""

    def seal(self, text: str, place: str, row: UUID | str) -> bytes:
        """Seal a text for one place, ``table.column`` and row: it opens nowhere else."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), self._bound(place, row))

    def open(self, sealed: bytes, place: str, row: UUID | str) -> str:
        """The text that was sealed for a place. Raises SealError."""
        if sealed[:1] != VERSION:
            raise SealError(f"{place} was not sealed by this program")
        nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, content, self._bound(place, row)).decode()
        except (InvalidTag, ValueError):
            raise SealError(f"{place} was changed, or sealed for somebody or something else") from None

    def _bound(self, place: str, row: UUID | str) -> bytes:
        return VERSION + self._owner.bytes + place.encode() + b"\0" + str(row).encode()


class KeyRing:
    """The keys of an installation, opened once at the start: those that wrap, and the one of the blind index."""

    def __init__(self, index: bytes, wrapping: list[bytes]) -> None:
        """``wrapping`` has the current key first, then those that a rotation leaves behind."""
        self._index = index
        self._wrapping = {_id(raw): AESGCM(raw) for raw in wrapping}
        self.current = _id(wrapping[0])

    @staticmethod
    def read(text: str, where: str) -> KeyRing:
        """From the lines of a key file. Raises ValueError with words that name ``where``."""
        keys: dict[str, list[bytes]] = {INDEX_LINE: [], WRAPPING_LINE: []}
        for line in text.replace(";", "\n").splitlines():
            name, _, key = line.strip().partition(" ")
            if not name or name.startswith("#"):
                continue
            try:
                raw = base64.b64decode(key.strip(), validate=True)
            except (binascii.Error, ValueError):
                raw = b""
            if name not in keys or len(raw) != KEY_BYTES:
                raise ValueError(f"{where} has a line that is no key: {HOW}")
            keys[name].append(raw)
        if len(keys[INDEX_LINE]) != 1 or not keys[WRAPPING_LINE]:
            raise ValueError(f"{where} does not hold the keys of personal data: {HOW}")
        return KeyRing(keys[INDEX_LINE][0], keys[WRAPPING_LINE])

    @property
    def ids(self) -> frozenset[str]:
        """Of all keys that can unwrap."""
        return frozenset(self._wrapping)

    def mac(self, kind: str, value: str) -> bytes:
        """What an identifier is found by, in the form fraud rules compare it in; 16 bytes."""
        text = normal(kind, value).encode()
        return hashlib.blake2b(text, digest_size=MAC_BYTES, key=self._index, person=kind.encode()[:16]).digest()

    def make_key(self, owner: UUID) -> tuple[DataKey, WrappedKey]:
        """A new key of an owner, open and as it is kept."""
        raw = os.urandom(KEY_BYTES)
        return DataKey(owner, raw), self._wrap(owner, raw)

    def unwrap(self, owner: UUID, kept: WrappedKey) -> DataKey:
        """The key of an owner. Raises SealError."""
        return DataKey(owner, self._unwrap(owner, kept))

    def rewrap(self, owner: UUID, kept: WrappedKey) -> WrappedKey:
        """The same key under the current key of the installation. Raises SealError."""
        return self._wrap(owner, self._unwrap(owner, kept))

    def _wrap(self, owner: UUID, raw: bytes) -> WrappedKey:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._wrapping[self.current].encrypt(nonce, raw, _wrapping_bound(self.current, owner))
        return WrappedKey(self.current, nonce + sealed)

    def _unwrap(self, owner: UUID, kept: WrappedKey) -> bytes:
        cipher = self._wrapping.get(kept.kek)
        if cipher is None:
            raise SealError(f"the key {kept.kek} that wraps this is not in the key file: put its line back")
        try:
            return cipher.decrypt(
                kept.wrapped[:NONCE_BYTES], kept.wrapped[NONCE_BYTES:], _wrapping_bound(kept.kek, owner)
            )
        except (InvalidTag, ValueError):
            raise SealError("a key was changed where it is kept, or belongs to somebody else") from None


def _id(raw: bytes) -> str:
    return hashlib.sha256(b"opsconsole kek id\0" + raw).hexdigest()[:16]


def _wrapping_bound(kek: str, owner: UUID) -> bytes:
    return b"opsconsole dek 1\0" + kek.encode() + b"\0" + owner.bytes
