"""Checkpoints as signed notes: the text forms of C2SP ``tlog-checkpoint`` and ``signed-note``, signed with Ed25519.

A note is its body, an empty line, and signature lines. Our body has five lines: origin, tree size, root hash, and the
extension lines ``time`` and ``previous``, which names the checkpoint before it by the SHA-256 of its body.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from backend.core.settings import Settings
from models.audit.proofs import Checkpoint, NoteError, check_note, read_note
from models.audit.proofs import Verifier as PublicVerifier

__all__ = ["Checkpoint", "NoteError", "Verifier", "read_note", "sign", "signing_key", "verify_note"]


def signing_key(settings: Settings) -> Ed25519PrivateKey | None:
    """The key that seals; ``None`` when none is set. Raises ValueError for one that cannot be used."""
    if settings.audit_key is not None:
        where, text = "OPSCONSOLE_AUDIT_KEY", settings.audit_key.get_secret_value().encode()
    elif settings.audit_key_file is not None:
        where = str(settings.audit_key_file)
        try:
            text = settings.audit_key_file.read_bytes()
        except OSError as error:
            raise ValueError(f"the audit key cannot be read: {error}") from None
    else:
        return None
    try:
        key = load_pem_private_key(text, None)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{where} holds no PEM private key without a password: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{where} holds another kind of key; make one with `openssl genpkey -algorithm ed25519`")  # noqa: TRY004 - what is wrong is the value
    return key


class Verifier(PublicVerifier):
    """A public key under its name, as ``name+hash+base64`` (a vkey)."""

    __slots__ = ()

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> Self:
        """The public half of a key."""
        return cls(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note."""
    signature = Verifier.of(checkpoint.origin, key).hash + key.sign(checkpoint.body.encode())
    return f"{checkpoint.body}\n— {checkpoint.origin} {base64.b64encode(signature).decode()}\n"


def verify_note(note: str, verifiers: Iterable[PublicVerifier]) -> Checkpoint:
    """What a note says, signed by one of ``verifiers``. Raises NoteError."""
    return check_note(note, verifiers, _fits)


def _fits(public: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except InvalidSignature:
        return False
    return True
