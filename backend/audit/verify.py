"""Verification of a whole log: everything is recomputed from the entries and held against signed checkpoints.

Entries are hashed in chunks, on two processes when there are many; this process grows the tree and compares its root at
every checkpoint, those in the database and those kept outside. What the database says about itself (stored hashes,
search columns) only serves to tell which entry is wrong and how.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from backend.audit.canonical import FIELDS, canonical
from backend.audit.findings import (
    ALTERED,
    FORGED,
    INSERTED,
    MISSING,
    REDATED,
    REMOVED,
    REORDERED,
    TREE,
    TRUNCATED,
    Finding,
    first_of,
)
from backend.audit.merkle import Frontier, leaf_hash
from backend.audit.signed_notes import Checkpoint, NoteError, Verifier, verify_note
from backend.core.database import load_queries

queries = load_queries(__package__)

CHUNK = 8_192
FEW = 30_000
"""So many entries are hashed sooner than another process starts."""
PROCESSES = 2
COMPARED = 1_000
"""Wrong entries that are held against each other to tell what was done."""
CLOSE_SECONDS = 2.0
"""An entry's id and instant are made together: further apart, one was changed."""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found."""

    finding: Finding | None
    """The first thing that is wrong."""
    verified: int
    """Positions up to this one were held against signed checkpoints."""
    unsealed: int
    """Entries after those, which nothing proves yet."""
    checkpoints: int
    outside: int
    """Checkpoints that were read from outside the database."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    leaves: list[bytes]
    """Hashes of the entries from the first position on, up to the first gap."""
    gap: int | None = None
    """The first position without an entry."""
    wrong: list[int] = field(default_factory=list)
    """Positions whose stored hash is another one, or missing."""
    strays: list[int] = field(default_factory=list)
    """Other positions whose search columns are not those of their entry."""


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    with psycopg.connect(
        url, autocommit=True, connect_timeout=5, options="-c timezone=UTC -c default_transaction_read_only=on"
    ) as connection:
        yield connection


def verify(url: str, verifiers: Sequence[Verifier], outside: Iterable[tuple[int, str]] = ()) -> Report:
    """Verify the log of a database. ``outside``: size and note of checkpoints kept elsewhere. Raises psycopg.Error."""
    with _connect(url) as connection:
        position = _one(connection, queries.newest)[0]
        low, high, leaves = _one(connection, queries.edges)
        inside = dict(connection.execute(queries.all_checkpoints).fetchall())
        origin = _one(connection, queries.origin)[0]
        kept = dict(outside)
        trusted, findings = _checkpoints(inside, kept, verifiers, origin)
        if low is not None and low < 1:
            findings.append(Finding(low, INSERTED, "positions begin at 1"))
        if leaves > max(inside, default=0):
            findings.append(
                Finding(max(inside, default=0) + 1, MISSING, f"the tree has {leaves} entries, no checkpoint says so")
            )
        passed = connection.execute(queries.behind_the_relay).fetchone()
        if passed is not None:
            words = (
                f"entry with seq {passed[0]} has no position, although the relay has passed it: it was put in behind "
                "its back, or the database was restored and `opsconsole migrate` not run since"
            )
            findings.append(Finding(passed[1] or position + 1, INSERTED, words))
        size = max(trusted, default=0)
        findings += _entries(connection, url, size, high or 0, trusted)
    return Report(first_of(findings), size, max(0, position - size), len(inside), len(kept))


def origin_of(url: str) -> str:
    """The name of the tree of a database. Raises psycopg.Error."""
    with _connect(url) as connection:
        return str(_one(connection, queries.origin)[0])


def _checkpoints(
    inside: dict[int, str], outside: dict[int, str], verifiers: Sequence[Verifier], origin: str
) -> tuple[dict[int, Checkpoint], list[Finding]]:
    """Checkpoints by size that can be relied on, and what is wrong with the others."""
    findings: list[Finding] = []
    trusted: dict[int, Checkpoint] = {}
    before: Checkpoint | None = None
    whole = True
    for size, note in sorted(inside.items()):
        found, words = _read(size, note, verifiers, origin)
        if found is None:
            findings.append(Finding(size, FORGED, words))
            whole = False
            continue
        # After a forged one nothing is known about what came before; that was said already.
        if whole and found.previous != (None if before is None else before.digest):
            words = f"checkpoint {size} does not name the one before it: one was removed or replaced"
            findings.append(Finding(before.size + 1 if before else 1, MISSING, words))
        trusted[size], before, whole = found, found, True
    for size, note in sorted(outside.items()):
        found, words = _read(size, note, verifiers, origin)
        if found is None:
            findings.append(Finding(size, FORGED, f"the one kept outside the database: {words}"))
        elif size not in inside:
            findings.append(Finding(size, MISSING, f"checkpoint {size} is kept outside the database, but not in it"))
            trusted[size] = found
        elif inside[size] != note:
            findings.append(Finding(size, FORGED, f"checkpoint {size} in the database is not the one kept outside"))
            # What was signed first is what the entries are held against.
            trusted[size] = found
    return trusted, findings


def _read(size: int, note: str, verifiers: Sequence[Verifier], origin: str) -> tuple[Checkpoint | None, str]:
    try:
        found = verify_note(note, verifiers)
    except NoteError as error:
        return None, f"checkpoint {size}: {error}"
    if found.size != size or found.origin != origin:
        return None, f"checkpoint {size} is that of size {found.size} of {found.origin}"
    return found, ""


def _entries(connection: Connection, url: str, size: int, high: int, trusted: dict[int, Checkpoint]) -> list[Finding]:
    """Grow the tree from the entries up to ``size`` and hold it against every checkpoint on the way."""
    frontier, sound = Frontier(), 0
    wrong: list[int] = []
    findings: list[Finding] = []
    for chunk in _chunks(url, size):
        if chunk.strays and not findings:
            words = "the search columns in audit_position are not those of the entry"
            findings.append(Finding(chunk.strays[0], ALTERED, words))
        wrong += chunk.wrong[: COMPARED - len(wrong)]
        for leaf in chunk.leaves:
            frontier.append(leaf)
            known = trusted.get(frontier.size)
            if known is None:
                continue
            if known.root != frontier.root():
                return [*findings, _which(connection, sound, frontier.size, wrong)]
            sound = frontier.size
        if chunk.gap is not None:
            first = [position for position in wrong if sound < position < chunk.gap]
            return [*findings, _diagnosis(connection, first) if first else _gap(chunk.gap, high, size)]
    if wrong:
        # All roots fit, so the entries are as they were.
        words = "the hash stored in audit_node is missing or another one; the entry itself is as it was sealed"
        findings.append(Finding(wrong[0], TREE, words))
    return findings


def _which(connection: Connection, sound: int, size: int, wrong: Sequence[int]) -> Finding:
    within = [position for position in wrong if position > sound]
    if within and within[0] <= size:
        return _diagnosis(connection, within)
    words = (
        f"the entries {sound + 1} to {size} are not those sealed in checkpoint {size}; "
        "the stored hashes were changed too, so which of them is not known"
    )
    return Finding(sound + 1, ALTERED, words)


def _gap(position: int, high: int, size: int) -> Finding:
    if position > high:
        return Finding(position, TRUNCATED, f"the log ends before this position; entries up to {size} were sealed")
    return Finding(position, REMOVED, "the entry is gone")


def _diagnosis(connection: Connection, wrong: Sequence[int]) -> Finding:
    """What was done to the first of ``wrong``: does it fit the seal of another position, or another one its own?"""
    position = wrong[0]
    rows = {at: rows[0] for at in wrong if (rows := _rows(connection, at, at)) and rows[0][1] is not None}
    sealed = _leaves(connection, wrong[0], wrong[-1])
    row, seal = rows[position], sealed.get(position)
    if seal is None:
        return Finding(position, TREE, "the hash stored in audit_node is missing")
    here = next((at for at, other in rows.items() if at != position and _leaf(other, position) == seal), None)
    there = next((at for at in rows if at != position and _leaf(row, at) == sealed.get(at)), None)
    if here is not None and there is not None:
        return Finding(position, REORDERED, f"the entry sealed here stands at {here}, that of {there} stands here")
    if here is not None:
        return Finding(position, INSERTED, f"this entry was never sealed; the one sealed here stands at {here}")
    if there is not None:
        return Finding(position, REMOVED, f"the entry sealed here is gone, that of {there} stands here")
    return _describe_change(connection, position, row)


def _describe_change(connection: Connection, position: int, row: Sequence[Any]) -> Finding:
    """Changed in place: in its instant, or in something else. Its search columns and its id may still tell."""
    found = connection.execute(queries.instants, {"position": position}).fetchone()
    assert found is not None  # noqa: S101 - the row was read by its position a moment ago
    at, seconds, stamped, *copies = found
    made = (UUID(row[2]).int >> 80) / 1000
    if at != stamped:
        return Finding(position, REDATED, f"the entry says {at}, it was stamped with {stamped}")
    if abs(seconds - made) > CLOSE_SECONDS:
        made_at = datetime.fromtimestamp(made, UTC).isoformat(sep=" ", timespec="milliseconds")
        return Finding(position, REDATED, f"the entry says {at}, its id was made at {made_at}")
    copied = zip(("actor", "action", "resourceType", "resourceId", "correlationId"), copies, strict=True)
    fields = dict(zip(FIELDS, row, strict=False))
    differing = [name for name, copy in copied if fields[name] != copy]
    words = "the entry is not as it was sealed"
    return Finding(position, ALTERED, f"{words}: {', '.join(differing)}" if differing else words)


def _leaf(row: Sequence[Any], position: int) -> bytes:
    return leaf_hash(canonical((position, *row[1:])))


def _chunks(url: str, size: int) -> Iterator[_Chunk]:
    spans = [(url, first, min(first + CHUNK - 1, size)) for first in range(1, size + 1, CHUNK)]
    if size <= FEW:
        yield from map(_hash, spans)
        return
    # Not forked: what the parent has open is not the children's business, on every system alike.
    # Nor with the cyclic collector: rows and hashes make no cycles, and it would look through them again and again.
    pool = ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn"), initializer=gc.disable)
    try:
        yield from pool.map(_hash, spans)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_kept: dict[str, Connection] = {}


def _hash(span: tuple[str, int, int]) -> _Chunk:
    """Hash the entries of a span of positions; in a process of its own, over a connection that it keeps."""
    url, first, last = span
    if multiprocessing.parent_process() is None:
        with _connect(url) as connection:
            return _hash_rows(connection, first, last)
    if url not in _kept:
        _kept[url] = psycopg.connect(
            url, autocommit=True, options="-c timezone=UTC -c default_transaction_read_only=on"
        )
    return _hash_rows(_kept[url], first, last)


def _hash_rows(connection: Connection, first: int, last: int) -> _Chunk:
    stored = _leaves(connection, first, last)
    leaves: list[bytes] = []
    wrong, strays = [], []
    for position, row in enumerate(_rows(connection, first, last), first):
        if row[0] != position or row[1] is None:
            break
        leaf = leaf_hash(canonical(row))
        leaves.append(leaf)
        if stored.get(position) != leaf:
            wrong.append(position)
        elif not row[-1]:
            strays.append(position)
    gap = first + len(leaves) if len(leaves) < last - first + 1 else None
    return _Chunk(leaves, gap, wrong, strays)


def _rows(connection: Connection, first: int, last: int) -> list[tuple[Any, ...]]:
    return connection.execute(queries.rows, {"first": first, "last": last}).fetchall()


def _leaves(connection: Connection, first: int, last: int) -> dict[int, bytes]:
    return dict(connection.execute(queries.leaves, {"first": first, "last": last}).fetchall())


def _one(connection: Connection, statement: Any) -> tuple[Any, ...]:
    row = connection.execute(statement).fetchone()
    if row is None:
        raise psycopg.DataError("the audit log was never set up: run `opsconsole migrate`")
    return row
