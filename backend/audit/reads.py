"""Reading the log: pages by position, single entries, and proofs out of the stored tree."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.audit.canonical import canonical
from backend.audit.merkle import EMPTY, Span, consistency, cover, fold, inclusion, leaf_hash
from backend.audit.seal import nodes
from backend.core.database import Connection, array, load_queries
from backend.core.problems import ProblemError, invalid
from backend.core.rows import Unreadable, lenient_row, the_one
from models.audit import AuditCheckpoint, AuditLogEntry, ConsistencyProof, InclusionProof, OutsideCopies
from models.core.base import INT64
from models.core.problems import Code

queries = load_queries(__package__)

LOOKED_AT = 20_000
"""Entries a text is looked for in, at most, to make one page."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; ``None`` does not matter. ``action`` is a whole dotted name or the beginning of one."""

    actor: str | None = None
    action: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    correlation_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None


async def newest(connection: Connection) -> tuple[int, datetime]:
    """The newest position and the database's clock."""
    row = await (await connection.execute(queries.newest)).fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    return row[0], row[1]


async def page(
    connection: Connection, wanted: AuditFilter, below: int | None, limit: int
) -> tuple[list[AuditLogEntry | Unreadable], int | None]:
    """Up to ``limit`` entries under position ``below``, newest first; and under which position the next page lies."""
    lower, upper = await bounds(connection, wanted.since, wanted.until)
    upper = upper if below is None else min(upper, below)
    looked_at = limit if wanted.text is None else LOOKED_AT
    values = asdict(wanted) | {
        "from": wanted.since,
        "to": wanted.until,
        "lower": lower,
        "upper": upper,
        "limit": looked_at + 1,
    }
    found = [position for (position,) in await (await connection.execute(_candidates(wanted), values)).fetchall()]
    entries = await _entries(connection, found[:looked_at], wanted.text, limit)
    if len(entries) == limit and (len(found) > looked_at or entries[-1].position > found[-1]):
        return entries, entries[-1].position
    return entries, found[looked_at - 1] if len(found) > looked_at else None


def _candidates(wanted: AuditFilter) -> Any:
    """The statement whose index leads most directly to the entries."""
    if wanted.correlation_id is not None and wanted.resource_id is None:
        return queries.candidates_of_correlation
    if wanted.resource_id is not None:
        return queries.candidates_of_resource
    if wanted.actor is not None:
        return queries.candidates_of_actor
    if wanted.action is not None or wanted.resource_type is not None:
        return queries.candidates_of_kind
    return queries.candidates


async def bounds(connection: Connection, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Positions, both exclusive, between which everything lies that happened in [since, until)."""
    if since is None and until is None:
        return 0, INT64
    row = await (await connection.execute(queries.bounds, {"from": since, "to": until})).fetchone()
    assert row is not None  # noqa: S101 - the migration puts the row there
    return row[0], row[1]


async def _entries(
    connection: Connection, positions: Sequence[int], text: str | None, limit: int
) -> list[AuditLogEntry | Unreadable]:
    async with connection.cursor(row_factory=lenient_row(AuditLogEntry)) as cursor:
        await cursor.execute(queries.entries, {"positions": array(positions), "text": text, "limit": limit})
        return await cursor.fetchall()


async def entry(connection: Connection, entry_id: UUID) -> AuditLogEntry:
    """One entry. Raises ProblemError 404."""
    found = await _entries(connection, [await _position(connection, entry_id)], None, 1)
    return the_one(found, "There is no such audit entry.")


async def _position(connection: Connection, entry_id: UUID) -> int:
    row = await (await connection.execute(queries.position_of, {"id": entry_id})).fetchone()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such audit entry.")
    position: int = row[0]
    return position


async def checkpoint(connection: Connection) -> AuditCheckpoint:
    """The newest checkpoint, and how the log stands to it."""
    position, now = await newest(connection)
    sealed = await (await connection.execute(queries.newest_checkpoint)).fetchone()
    size = 0 if sealed is None else sealed[0]
    waited = await (await connection.execute(queries.unsealed_seconds, {"size": size})).fetchone()
    async with connection.cursor() as cursor:
        copies = await (await cursor.execute(queries.outside)).fetchone()
    return AuditCheckpoint(
        note=None if sealed is None else sealed[1],
        vkey=None if sealed is None else sealed[4],
        size=size,
        sealed_at=None if sealed is None else sealed[2],
        position=max(position, size),
        lag_seconds=0.0 if waited is None else max(0.0, waited[0]),
        outside=None if copies is None else OutsideCopies(kind=copies[0], through_size=copies[1], problem=copies[2]),
        as_of=now,
    )


async def sealed_size(connection: Connection) -> int:
    """How many entries are sealed."""
    row = await (await connection.execute(queries.newest_checkpoint)).fetchone()
    return 0 if row is None else int(row[0])


async def prove_entry(connection: Connection, entry_id: UUID, size: int | None) -> InclusionProof:
    """That an entry is in the tree of ``size``, or of the newest checkpoint. Not sealed yet: 409. Wrong size: 422."""
    position = await _position(connection, entry_id)
    sealed = await sealed_size(connection)
    if position > sealed:
        raise ProblemError(Code.CONFLICT, "This entry is not sealed yet; that takes some seconds. Try again then.")
    size = sealed if size is None else size
    if not position <= size <= sealed:
        raise invalid("query:size", f"the size of a tree with this entry is between {position} and {sealed}")
    row = await (await connection.execute(queries.rows, {"first": position, "last": position})).fetchone()
    if row is None or row[1] is None:
        raise ProblemError(Code.NOT_FOUND, "There is no such audit entry.")
    leaf = canonical(row)
    known = await (await connection.execute(queries.checkpoint_of, {"size": size})).fetchone()
    return InclusionProof(
        position=position,
        leaf_index=position - 1,
        canonical=leaf.decode(),
        leaf_hash=base64_of(leaf_hash(leaf)),
        tree_size=size,
        root=base64_of((await roots(connection, [(0, size)]))[0]),
        path=tuple(map(base64_of, await roots(connection, inclusion(position - 1, size)))),
        note=None if known is None else known[0],
    )


async def prove_growth(connection: Connection, earlier: int, later: int) -> ConsistencyProof:
    """That the tree of ``later`` begins as the tree of ``earlier`` was. Sizes that are no such pair: 422."""
    sealed = await sealed_size(connection)
    if not earlier <= later:
        raise invalid("query:from", "the earlier size is not larger than the later one")
    if later > sealed:
        raise invalid("query:to", f"the tree has {sealed} entries")
    spans = consistency(earlier, later) if earlier else []
    from_root, to_root = await roots(connection, [(0, earlier), (0, later)])
    return ConsistencyProof(
        from_size=earlier,
        to_size=later,
        from_root=base64_of(from_root),
        to_root=base64_of(to_root),
        path=tuple(map(base64_of, await roots(connection, spans))),
    )


async def roots(connection: Connection, spans: Sequence[Span]) -> list[bytes]:
    """The roots of subtrees, from one reading of the stored nodes."""
    covers = [cover(first, end) for first, end in spans]
    wanted = sorted({node for nodes_ in covers for node in nodes_})
    found = dict(zip(wanted, await nodes(connection, wanted), strict=True))
    return [fold([found[node] for node in each]) if each else EMPTY for each in covers]


def base64_of(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()
