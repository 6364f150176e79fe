"""Verify an exported audit bundle of opsconsole. Needs Python 3.11 and the package ``cryptography``, nothing of ours.

    python verify_bundle.py BUNDLE.zip --vkey 'opsconsole/…+0123abcd+base64'

The vkey must come from elsewhere than the bundle: whoever could forge the one could forge the other. Exit code 0: every
entry is as it was sealed. 1: something is wrong; the first wrong position is named. 2: the bundle cannot be read.

What is checked: each checkpoint is signed by the key (C2SP signed-note, Ed25519) and names the one before it; the
entries, hashed as RFC 6962 leaves, give the root each checkpoint signed, together with the hashes of what lies before
and after them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "opsconsole-audit-bundle/1"


class WrongError(Exception):
    """Something is not as it was sealed."""


class Tree:
    """A Merkle tree as in RFC 6962 that only grows: a stack of perfect subtrees as pairs of leaf count and hash."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []

    def add(self, leaves: int, digest: bytes) -> None:
        """Add a perfect subtree of so many leaves on the right."""
        self.size += leaves
        while self._stack and self._stack[-1][0] == leaves:
            digest = hashlib.sha256(b"\1" + self._stack.pop()[1] + digest).digest()
            leaves *= 2
        self._stack.append((leaves, digest))

    def root(self) -> bytes:
        """The root hash."""
        digests = [digest for _, digest in self._stack]
        root = digests.pop()
        while digests:
            root = hashlib.sha256(b"\1" + digests.pop() + root).digest()
        return root


def subtrees(first: int, end: int) -> list[int]:
    """Leaf counts of the largest perfect subtrees that make up the leaves ``first`` to ``end`` - 1."""
    counts = []
    while first < end:
        count = 1
        while first % (count * 2) == 0 and first + count * 2 <= end:
            count *= 2
        counts.append(count)
        first += count
    return counts


def read_vkey(vkey: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """Name, key hash and key of ``name+hash+base64``."""
    name, digest, encoded = vkey.split("+", 2)
    data = base64.b64decode(encoded, validate=True)
    found = hashlib.sha256(name.encode() + b"\n" + data).digest()[:4]
    if data[:1] != b"\x01" or len(data) != 33 or found.hex() != digest:
        raise ValueError("the vkey is not whole")
    return name, found, Ed25519PublicKey.from_public_bytes(data[1:])


def read_checkpoint(note: str, keys: list[tuple[str, bytes, Ed25519PublicKey]]) -> tuple[int, bytes, str, bytes]:
    """Size, root, named previous and own digest of a checkpoint that one of the keys has signed."""
    body, _, signatures = note.partition("\n\n")
    body += "\n"
    lines = body.splitlines()
    if len(lines) < 4 or not lines[3].startswith("time "):
        raise WrongError("a checkpoint is forged: it has not the form of one")
    for line in signatures.splitlines():
        mark, name, encoded = (*line.split(" "), "", "")[:3]
        for known, digest, key in keys:
            data = base64.b64decode(encoded)
            if (mark, name, data[:4]) == ("—", known, digest) and lines[0] == known:
                try:
                    key.verify(data[4:], body.encode())
                except InvalidSignature:
                    raise WrongError(f"checkpoint {lines[1]} is forged: its signature does not fit") from None
                previous = lines[4].removeprefix("previous ") if len(lines) > 4 else ""
                own = hashlib.sha256(body.encode()).digest()
                return int(lines[1]), base64.b64decode(lines[2], validate=True), previous, own
    raise WrongError(f"checkpoint {lines[1]} is not signed by a given key")


def checkpoints(
    notes: list[str], keys: list[tuple[str, bytes, Ed25519PublicKey]], first: int, last: int
) -> dict[int, bytes]:
    """Roots by size, after the chain was checked."""
    roots: dict[int, bytes] = {}
    before, digest = 0, b""
    for note in notes:
        size, root, previous, own = read_checkpoint(note, keys)
        if before and (size <= before or previous != base64.b64encode(digest).decode()):
            raise WrongError(f"position {before + 1}: checkpoint {size} does not follow checkpoint {before}")
        roots[size] = root
        before, digest = size, own
    if before < last:
        raise WrongError(f"position {before + 1 if before else first}: no checkpoint covers the entries from here on")
    return roots


def verify(bundle: Path, vkeys: list[str]) -> str:
    """Words about a bundle that is right. Raises WrongError, or ValueError and the like for what cannot be read."""
    with zipfile.ZipFile(bundle) as archive:
        about: dict[str, Any] = json.loads(archive.read("bundle.json"))
        notes: list[str] = json.loads(archive.read("checkpoints.json"))
        lines = archive.read("rows.ndjson").split(b"\n")[:-1]
        sealed = archive.read("leaves.bin")
    if about["format"] != FORMAT:
        raise ValueError(f"the format is {about['format']!r}, not {FORMAT}")
    first, last = int(about["first"]), int(about["last"])
    roots = checkpoints(notes, [read_vkey(vkey) for vkey in vkeys], first, last)
    tree = Tree()
    for count, digest in zip(subtrees(0, first - 1), about["left"], strict=True):
        tree.add(count, base64.b64decode(digest, validate=True))
    sound, differing = first - 1, 0

    def hold(size: int) -> None:
        if tree.root() != roots[size]:
            if differing:
                raise WrongError(f"position {differing}: the entry is not as it was sealed in checkpoint {size}")
            upto = min(size, last)
            raise WrongError(f"position {sound + 1}: an entry up to {upto} is not as sealed in checkpoint {size}")

    for number, line in enumerate(lines):
        position = first + number
        try:
            stands = json.loads(line)["position"]
        except (ValueError, KeyError, TypeError):
            raise WrongError(f"position {position}: this is no entry") from None
        if stands != position:
            raise WrongError(
                f"position {position}: entry {stands} stands here; entries are missing, added or reordered"
            )
        leaf = hashlib.sha256(b"\0" + line).digest()
        if not differing and leaf != sealed[number * 32 : number * 32 + 32]:
            differing = position
        tree.add(1, leaf)
        if position in roots:
            hold(position)
            sound, differing = position, 0
    if first + len(lines) - 1 != last:
        raise WrongError(f"position {first + len(lines)}: the entries end before the last one, {last}")
    size = max(roots)
    if size > last:
        for count, digest in zip(subtrees(last, size), about["right"], strict=True):
            tree.add(count, base64.b64decode(digest, validate=True))
        hold(size)
    return f"entries {first} to {last} are as they were sealed, {len(roots)} checkpoints"


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description="Verify an exported audit bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--vkey", action="append", required=True, help="name+hash+base64; may be repeated")
    options = parser.parse_args()
    try:
        words = verify(options.bundle, options.vkey)
    except WrongError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        sys.stderr.write(f"{options.bundle} cannot be verified: {error}\n")
        return 2
    sys.stdout.write(f"{words}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
