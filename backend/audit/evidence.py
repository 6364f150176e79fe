"""Proofs of several entries at once, for records that show them to whoever has not got this log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.audit.canonical import canonical
from backend.audit.merkle import inclusion
from backend.audit.reads import base64_of, prove_growth, queries, roots
from backend.core.database import Connection


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """An entry's line and its way to the root of the later checkpoint; hashes are base64."""

    position: int
    line: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProvenEntries:
    """Entries between two checkpoints, and that the later one grew from the earlier."""

    origin: str
    vkey: str
    earlier: str
    later: str
    consistency: tuple[str, ...]
    entries: tuple[ProvenEntry, ...]


async def prove_entries(connection: Connection, positions: Sequence[int]) -> ProvenEntries | None:
    """What proves the entries at these positions, in order; ``None`` while not all of them are sealed."""
    earlier = await _covering(connection, min(positions))
    later = await _covering(connection, max(positions))
    origin = await (await connection.execute(queries.origin)).fetchone()
    if earlier is None or later is None or origin is None:
        return None
    size = later[0]
    growth = await prove_growth(connection, earlier[0], size)
    entries = []
    for position in positions:
        row = await (await connection.execute(queries.rows, {"first": position, "last": position})).fetchone()
        if row is None or row[1] is None:
            raise LookupError(f"entry {position} of the audit log is missing: run `opsconsole audit verify`")
        path = await roots(connection, inclusion(position - 1, size))
        entries.append(ProvenEntry(position, canonical(row).decode(), tuple(map(base64_of, path))))
    return ProvenEntries(origin[0], later[2], earlier[1], later[1], growth.path, tuple(entries))


async def _covering(connection: Connection, position: int) -> tuple[int, str, str] | None:
    """Size, note and vkey of the first checkpoint that has a position."""
    row = await (await connection.execute(queries.covering, {"position": position})).fetchone()
    return None if row is None else (row[0], row[1], row[2])
