"""What proves that the audit log is as it was written, for whoever checks it: no I/O, and only the standard library.

Hashes and proofs as in RFC 6962, section 2; checkpoints as signed notes, the text forms of C2SP ``tlog-checkpoint`` and
``signed-note``; the one byte form of an entry. Ed25519 itself is left to the caller.

Specification: "every action is recorded, and the record can be proven".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

HASH_BYTES = 32
ED25519 = b"\x01"
"""What leads a public key in a vkey."""

# --- the one byte form of an entry -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Digits:
    """A number that a float or a sane integer would not keep digit by digit."""

    text: str


encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""JSON without whitespace, keys in the order of their code points."""
decode_exactly = json.JSONDecoder(parse_float=Digits, parse_int=Digits).decode
"""JSON with every number kept digit by digit."""


def encode_exactly(value: Any) -> str:
    """As ``encode``, for what ``decode_exactly`` read."""
    match value:
        case Digits(text):
            return text
        case dict():
            return "{" + ",".join(f"{encode(key)}:{encode_exactly(value[key])}" for key in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(encode_exactly, value)) + "]"
        case _:
            return encode(value)


def is_canonical(text: str) -> bool:
    """Whether a text is in the one form: else two readers could understand it differently, for example a key twice."""
    try:
        return encode_exactly(decode_exactly(text)) == text
    except (ValueError, RecursionError):
        return False


# --- the tree --------------------------------------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a leaf, 32 bytes."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


class ProofError(ValueError):
    """A proof that cannot be one; the words say why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One hash of an audit path, and what it and the hash so far become together."""

    sibling: bytes
    on_the_left: bool
    result: bytes


def climb(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> list[Step]:
    """From a leaf to the root, step by step; the root is the last result, or the leaf itself in a tree of one.

    RFC 6962, section 2.1.1, checked as in RFC 9162, section 2.1.3.2. Raises ProofError for a path that does not fit.
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is not in a tree of {size}")
    steps: list[Step] = []
    at, last, so_far = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the path is too long")
        left = bool(at & 1) or at == last
        so_far = node_hash(sibling, so_far) if left else node_hash(so_far, sibling)
        steps.append(Step(sibling, left, so_far))
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the path is too short")
    return steps


def grown(earlier: int, size: int, root: bytes, path: Sequence[bytes]) -> bytes:
    """The root of the tree of ``size`` that begins with the tree of ``earlier`` leaves that has ``root``.

    RFC 6962, section 2.1.2, checked as in RFC 9162, section 2.1.4.2. Raises ProofError when it does not begin so.
    """
    if not 0 < earlier <= size:
        raise ProofError(f"a tree of {size} cannot have grown from one of {earlier}")
    if earlier == size:
        if path:
            raise ProofError("the path is too long")
        return root
    rest = list(path) if earlier & (earlier - 1) else [root, *path]
    if not rest:
        raise ProofError("the path is too short")
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            raise ProofError("the path is too long")
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the path is too short")
    if before != root:
        raise ProofError("the earlier tree is not the beginning of the later one")
    return after


# --- checkpoints -----------------------------------------------------------------------------------------------------


class NoteError(ValueError):
    """A note that is not what it says it is; the words say why."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name, as ``name+hash+base64`` (a vkey)."""

    name: str
    public: bytes

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
        if not name or " " in name or data[:1] != ED25519 or len(data) != 33 or digest != found.hash.hex():
            raise ValueError(f"{vkey!r} is no vkey of an Ed25519 key; it has the form name+hash+base64")
        return found

    @property
    def hash(self) -> bytes:
        """The four bytes that lead each signature."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"


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
    if checkpoint.body != note.partition("\n\n")[0] + "\n" or checkpoint.size < 1 or len(checkpoint.root) != HASH_BYTES:
        raise NoteError("it is not of the form of a checkpoint")
    return checkpoint


Fits = Callable[[bytes, bytes, bytes], bool]
"""From an Ed25519 public key, a signature and the signed bytes, whether they fit."""


def check_note(note: str, verifiers: Iterable[Verifier], fits: Fits) -> Checkpoint:
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
        if not fits(verifier.public, data[4:], checkpoint.body.encode()):
            raise NoteError(f"the signature of {name} does not fit its text")
        return checkpoint
    raise NoteError("no signature of a key that was given stands under it")
