"""Checkpoints as signed notes: the text forms of C2SP ``tlog-checkpoint`` and ``signed-note``, signed with Ed25519.

A note is its body, an empty line, and signature lines. Our body has five lines: origin, tree size, root hash, and the
extension lines ``time`` and ``previous``, which names the checkpoint before it by the SHA-256 of its body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from backend.settings import Settings

_ED25519 = b"\x01"


class NoteError(ValueError):
    """A note that is not what it says it is; the words say why."""


def new_key() -> str:
    """A new private key as PEM text."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


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


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name, as ``name+hash+base64`` (a vkey)."""

    name: str
    public: bytes

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> Self:
        """The public half of a key."""
        return cls(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """Read a vkey; raises ValueError."""
        name, _, rest = vkey.strip().partition("+")
        digest, _, encoded = rest.partition("+")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            data = b""
        found = cls(name, data[1:])
        if not name or " " in name or data[:1] != _ED25519 or len(data) != 33 or digest != found.hash.hex():
            raise ValueError(f"{vkey!r} is no vkey of an Ed25519 key; it has the form name+hash+base64")
        return found

    @property
    def hash(self) -> bytes:
        """The four bytes that lead each signature."""
        return _key_hash(self.name, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint says: of this tree, at this time, the first ``size`` entries have this root."""

    origin: str
    size: int
    root: bytes
    time: str
    previous: bytes | None
    """SHA-256 of the body of the checkpoint before; ``None`` in the first."""

    @property
    def body(self) -> str:
        """The text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), f"time {self.time}"]
        if self.previous is not None:
            lines.append(f"previous {base64.b64encode(self.previous).decode()}")
        return "\n".join(lines) + "\n"

    @property
    def digest(self) -> bytes:
        """What the next checkpoint names this one by."""
        return hashlib.sha256(self.body.encode()).digest()

    def sign(self, key: Ed25519PrivateKey) -> str:
        """The signed note."""
        signature = Verifier.of(self.origin, key).hash + key.sign(self.body.encode())
        return f"{self.body}\n— {self.origin} {base64.b64encode(signature).decode()}\n"


def read_note(note: str) -> Checkpoint:
    """What a note says, whoever signed it. Raises NoteError."""
    lines = note.partition("\n\n")[0].split("\n")
    try:
        origin, size, root, *more = lines
        extensions = dict(line.split(" ", 1) for line in more)
        checkpoint = Checkpoint(
            origin,
            int(size),
            base64.b64decode(root, validate=True),
            extensions["time"],
            base64.b64decode(extensions["previous"], validate=True) if "previous" in extensions else None,
        )
    except (ValueError, KeyError):
        raise NoteError("it is not of the form of a checkpoint") from None
    # Only one way to write it: otherwise two texts could say the same and have different hashes.
    if checkpoint.body != note.partition("\n\n")[0] + "\n" or checkpoint.size < 1 or len(checkpoint.root) != 32:
        raise NoteError("it is not of the form of a checkpoint")
    return checkpoint


def verify_note(note: str, verifiers: Iterable[Verifier]) -> Checkpoint:
    """What a note says, signed by one of ``verifiers``. Raises NoteError."""
    checkpoint = read_note(note)
    known = {(verifier.name, verifier.hash): verifier for verifier in verifiers}
    for line in note.partition("\n\n")[2].splitlines():
        mark, _, rest = line.partition(" ")
        name, _, encoded = rest.partition(" ")
        try:
            data = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            continue
        verifier = known.get((name, data[:4]))
        if mark != "—" or verifier is None or name != checkpoint.origin:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(data[4:], checkpoint.body.encode())
        except InvalidSignature:
            raise NoteError(f"the signature of {name} does not fit its text") from None
        return checkpoint
    raise NoteError("no signature of a key that was given stands under it")
