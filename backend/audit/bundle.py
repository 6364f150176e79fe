"""Bundles: entries to hand out, with all that proves them against a key the receiver already has.

A zip file of

- ``bundle.json``: ``format``, ``origin``, ``first`` and ``last`` position, ``size`` of the tree that covers them,
  ``vkey``, ``exportedAt``, and in ``left`` and ``right`` the hashes (base64) of the perfect subtrees before and after
  the entries, each from left to right;
- ``rows.ndjson``: the entries in canonical form (backend/audit/canonical.py), one a line, by position;
- ``leaves.bin``: the hashes those lines were sealed with, 32 bytes each, to tell which line is not as it was;
- ``checkpoints.json``: the signed checkpoints from the first that covers ``first`` to the first that covers ``last``.

The hashes in ``left``, the hashed lines, and the hashes in ``right`` are, in this order, the whole tree of ``size``.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.audit.canonical import canonical
from backend.audit.findings import ALTERED, FORGED, MISSING, REMOVED, Finding, first_of
from backend.audit.merkle import Frontier, cover, leaf_hash
from backend.audit.reads import base64_of
from backend.audit.seal import SealError, nodes
from backend.audit.signed_notes import Checkpoint, NoteError, Verifier, verify_note
from backend.core.database import Connection, load_queries

queries = load_queries(__package__)

FORMAT = "opsconsole-audit-bundle/1"
MOST = 100_000
"""Entries of one bundle."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a bundle; ``rows`` are those of the statement ``rows``."""

    origin: str
    first: int
    last: int
    size: int
    vkey: str
    exported_at: datetime
    left: Sequence[bytes]
    right: Sequence[bytes]
    notes: Sequence[str]
    leaves: bytes
    rows: Sequence[Sequence[Any]]


async def collect(connection: Connection, first: int, last: int, exported_at: datetime) -> Contents:
    """Read what a bundle of sealed positions needs. Raises SealError when something sealed is gone."""
    notes = await (await connection.execute(queries.chain, {"first": first, "last": last})).fetchall()
    newest = await (await connection.execute(queries.newest_checkpoint)).fetchone()
    origin = await (await connection.execute(queries.origin)).fetchone()
    rows = await (await connection.execute(queries.rows, {"first": first, "last": last})).fetchall()
    leaves = await (await connection.execute(queries.leaves, {"first": first, "last": last})).fetchall()
    if not notes or newest is None or origin is None or [row[0] for row in rows if row[1]] != [*range(first, last + 1)]:
        raise SealError(f"an entry or seal of positions {first} to {last} is missing: run `opsconsole audit verify`")
    size = notes[-1][0]
    return Contents(
        origin=origin[0],
        first=first,
        last=last,
        size=size,
        vkey=newest[4],
        exported_at=exported_at,
        left=await nodes(connection, cover(0, first - 1)),
        right=await nodes(connection, cover(last, size)),
        notes=[note for _, note in notes],
        leaves=b"".join(hashed for _, hashed in leaves),
        rows=rows,
    )


def pack(contents: Contents) -> bytes:
    """The bundle as bytes; takes about 30 µs an entry."""
    about = {
        "format": FORMAT,
        "origin": contents.origin,
        "first": contents.first,
        "last": contents.last,
        "size": contents.size,
        "vkey": contents.vkey,
        "exportedAt": contents.exported_at.isoformat(),
        "left": [base64_of(hashed) for hashed in contents.left],
        "right": [base64_of(hashed) for hashed in contents.right],
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.writestr("bundle.json", json.dumps(about, indent=1))
        archive.writestr("checkpoints.json", json.dumps(contents.notes, indent=1, ensure_ascii=False))
        archive.writestr("leaves.bin", contents.leaves)
        with archive.open("rows.ndjson", "w") as lines:
            for row in contents.rows:
                lines.write(canonical(row) + b"\n")
    return out.getvalue()


class BundleError(Exception):
    """The file is no bundle that could be checked."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a bundle: the first thing that is wrong, if any."""

    finding: Finding | None
    first: int
    last: int
    checkpoints: int


def check(path: Path, verifiers: Sequence[Verifier]) -> Checked:
    """Recompute everything from the lines of a bundle. Raises BundleError for what is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            about = json.loads(archive.read("bundle.json"))
            notes = json.loads(archive.read("checkpoints.json"))
            lines = archive.read("rows.ndjson").splitlines()
            leaves = archive.read("leaves.bin")
        if about["format"] != FORMAT:
            raise BundleError(f"{path} has the format {about['format']!r}; this program knows {FORMAT}")
        first, last = int(about["first"]), int(about["last"])
        left, right = ([base64.b64decode(each, validate=True) for each in about[side]] for side in ("left", "right"))
        frontier = Frontier(first - 1, left)
        findings, trusted = _chain([str(note) for note in notes], verifiers, first, last)
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path} is no audit bundle: {error}") from error
    findings += _grow(frontier, lines, leaves, right, trusted, last)
    return Checked(first_of(findings), first, last, len(notes))


def _chain(
    notes: Sequence[str], verifiers: Sequence[Verifier], first: int, last: int
) -> tuple[list[Finding], dict[int, Checkpoint]]:
    findings: list[Finding] = []
    trusted: dict[int, Checkpoint] = {}
    before: Checkpoint | None = None
    for note in notes:
        try:
            found = verify_note(note, verifiers)
        except NoteError as error:
            findings.append(Finding(before.size + 1 if before else first, FORGED, f"a checkpoint is forged: {error}"))
            break
        if before is not None and (found.previous != before.digest or found.size <= before.size):
            findings.append(Finding(before.size + 1, MISSING, f"checkpoint {found.size} does not follow {before.size}"))
        trusted[found.size] = before = found
    if not findings and (before is None or before.size < last):
        findings.append(Finding(before.size + 1 if before else first, MISSING, "no checkpoint covers the last entry"))
    return findings, trusted


def _grow(
    frontier: Frontier,
    lines: Sequence[bytes],
    leaves: bytes,
    right: Sequence[bytes],
    trusted: dict[int, Checkpoint],
    last: int,
) -> list[Finding]:
    before = frontier.size
    sound = before
    differing: list[int] = []
    for line in lines:
        position = frontier.size + 1
        try:
            stands = json.loads(line)["position"]
        except (ValueError, KeyError, TypeError):
            return [Finding(position, ALTERED, "this is no entry")]
        if stands != position:
            words = f"entry {stands} stands here: entries were removed, put in or reordered"
            return [Finding(position, REMOVED, words)]
        hashed = leaf_hash(line)
        if hashed != leaves[(position - before - 1) * 32 : (position - before) * 32]:
            differing.append(position)
        frontier.append(hashed)
        if (known := trusted.get(position)) is not None:
            if known.root != frontier.root():
                return [_not_as_sealed(sound + 1, position, position, differing)]
            sound, differing = position, []
    if frontier.size != last:
        return [Finding(frontier.size + 1, REMOVED, "the entries end here, before the last one")]
    size = max(trusted, default=last)
    if size > last:
        expected = cover(last, size)
        if len(expected) != len(right):
            return [Finding(sound + 1, ALTERED, "the hashes after the entries do not fit")]
        for (level, _), subtree in zip(expected, right, strict=True):
            frontier.append(subtree, level)
        if frontier.root() != trusted[size].root:
            return [_not_as_sealed(sound + 1, last, size, differing)]
    return []


def _not_as_sealed(first: int, last: int, size: int, differing: Sequence[int]) -> Finding:
    if differing:
        return Finding(differing[0], ALTERED, f"the entry is not as it was sealed in checkpoint {size}")
    words = f"an entry of {first} to {last}, or a hash beside them, is not as it was sealed in checkpoint {size}"
    return Finding(first, ALTERED, words)
