"""Keys of an installation: what backups are sealed with, and what signs the audit log."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

KEY_BYTES = 32
INDEX_LINE, WRAPPING_LINE = "index", "kek"
"""What the lines of the key file of personal data begin with."""


def new_signing_key() -> str:
    """A new Ed25519 private key as PEM text."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def new_privacy_keys() -> str:
    """The text of a new key file of personal data: what people are found by, and what wraps their keys."""
    return "".join(f"{line} {Key.make()}\n" for line in (INDEX_LINE, WRAPPING_LINE))


def retired_keys_file(key_file: Path) -> Path:
    """The file beside the key of the audit log that has the public halves of earlier ones, a line each."""
    return key_file.with_name(f"{key_file.name}.retired")


class Key:
    """A key of an installation: of its backups, or of the secrets of its connections."""

    def __init__(self, raw: bytes) -> None:
        """``raw`` has 32 bytes."""
        self._raw = raw
        self.id = hashlib.sha256(b"opsconsole backup key\0" + raw).digest()[:8]

    @staticmethod
    def read(text: str, where: str) -> Key:
        """The key in base64, from ``where``. Raises ValueError with words that name it."""
        try:
            raw = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != KEY_BYTES:
            raise ValueError(f"{where} holds no key: 32 bytes in base64, such as `openssl rand -base64 32` prints")
        return Key(raw)

    @staticmethod
    def make() -> str:
        """A new key in base64."""
        return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()

    def text(self) -> str:
        """In base64."""
        return base64.b64encode(self._raw).decode()

    def secret_cipher(self) -> AESGCM:
        """The cipher of secrets that are kept in the database."""
        return AESGCM(HKDF(SHA256(), KEY_BYTES, None, b"opsconsole secrets 1").derive(self._raw))

    def cipher(self, salt: bytes) -> AESGCM:
        """The cipher of the file with this salt."""
        return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"opsconsole backup 1").derive(self._raw))
