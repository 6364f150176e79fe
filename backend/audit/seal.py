"""Sealing: entries that have a position become leaves of a Merkle tree, and the tree's root is signed.

It happens behind the writers, who never wait for it. See docs/decisions/0007-audit-seals.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.audit.canonical import canonical
from backend.audit.checkpoint_store import CheckpointStore, CheckpointStoreError
from backend.audit.merkle import Frontier, Node, cover, fold, leaf_hash
from backend.audit.signed_notes import Checkpoint, Verifier, read_note, sign, signing_key
from backend.audit.stores import configured_store
from backend.core.database import Connection, Database, array, load_queries
from backend.core.logs import logger
from backend.core.settings import Settings

queries = load_queries(__package__)

log = logger(__name__)

BATCH = 5_000
"""Entries of one checkpoint at most; hashing them takes a tenth of a second."""
COPIES = 500

_logged: set[str] = set()


class SealError(Exception):
    """The log does not fit its seals, so nothing more is sealed."""


async def seal(database: Database, settings: Settings) -> None:
    """Seal what has a position and is not sealed yet, and keep the checkpoints outside. Several workers take turns."""
    try:
        key = signing_key(settings)
    except ValueError as error:
        return _say_once(f"the audit log is not sealed: {error}")
    if key is None:
        return _say_once("the audit log is not sealed: no key is set, see OPSCONSOLE_AUDIT_KEY_FILE")
    while await _seal_batch(database, key) == BATCH:
        continue
    store = configured_store(settings)
    if store is not None:
        await _keep_outside(database, store)
    return None


def _say_once(words: str) -> None:
    if words not in _logged:
        _logged.add(words)
        log.warning(words)


async def _seal_batch(database: Database, key: Ed25519PrivateKey) -> int:
    """Seal up to ``BATCH`` entries under one checkpoint; returns how many. Raises SealError."""
    async with database.transaction() as tx:
        if await _one(tx, queries.try_seal_lock) != (True,):
            return 0
        # Statements of their own: their snapshots are taken after the lock is held.
        newest = await _one(tx, queries.newest_checkpoint)
        before = None if newest is None else read_note(newest[1])
        size = 0 if before is None else before.size
        position, now = await _one(tx, queries.newest)
        if position <= size:
            return 0
        (origin,) = await _one(tx, queries.origin)
        vkey = str(Verifier.of(origin, key))
        if newest is not None and newest[4] != vkey:
            rotated = await tx.execute(queries.rotated, {"old": newest[4], "new": vkey})
            if await rotated.fetchone() != (True,):
                raise SealError(
                    f"the audit key is not the one that sealed the log so far, {newest[4]}: put that one back, or let "
                    "`opsconsole audit rotate-key` make a new one"
                )
        edge = await nodes(tx, cover(0, size))
        if before is not None and fold(edge) != before.root:
            raise SealError(
                f"the stored tree does not have the root of checkpoint {size}: run `opsconsole audit verify`"
            )
        wanted = {"first": size + 1, "last": min(position, size + BATCH)}
        rows = await (await tx.execute(queries.rows, wanted)).fetchall()
        frontier = Frontier(size, edge)
        grown = await asyncio.to_thread(_grow, frontier, rows)
        if frontier.size != wanted["last"]:
            raise SealError(f"an entry at or after position {size + 1} is missing: run `opsconsole audit verify`")
        checkpoint = Checkpoint(
            origin, frontier.size, frontier.root(), _text(now), None if before is None else before.digest
        )
        await tx.execute(
            queries.insert_nodes,
            {
                "levels": array(level for level, _, _ in grown),
                "idxs": array(index for _, index, _ in grown),
                "hashes": b"".join(hashed for _, _, hashed in grown),
            },
        )
        await tx.execute(
            queries.insert_checkpoint,
            {
                "size": checkpoint.size,
                "at": now,
                "root": checkpoint.root,
                "note": sign(checkpoint, key),
                "vkey": vkey,
            },
        )
        return checkpoint.size - size


def _grow(frontier: Frontier, rows: Sequence[Sequence[Any]]) -> list[tuple[int, int, bytes]]:
    """Append rows up to the first that is missing; returns the subtrees that became complete."""
    grown = []
    for row in rows:
        if row[0] != frontier.size + 1 or row[1] is None:
            break
        grown += frontier.append(leaf_hash(canonical(row)))
    return grown


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


async def nodes(connection: Connection, wanted: Sequence[Node]) -> list[bytes]:
    """Hashes of perfect subtrees in the order asked for. Raises SealError when one is missing."""
    cursor = await connection.execute(
        queries.nodes, {"levels": array(level for level, _ in wanted), "idxs": array(index for _, index in wanted)}
    )
    found = {(level, index): hashed for level, index, hashed in await cursor.fetchall()}
    try:
        return [found[node] for node in wanted]
    except KeyError as missing:
        raise SealError(f"node {missing} of the stored tree is missing: run `opsconsole audit verify`") from None


async def _keep_outside(database: Database, store: CheckpointStore) -> None:
    """Copy every checkpoint that is not kept outside yet, oldest first; what hinders it is logged and told."""
    through, problem = 0, None
    try:
        async with database.read() as connection:
            row = await _one(connection, queries.outside)
        through = row[1] if row is not None and row[0] == store.kind else 0
        if through == 0 or not await asyncio.to_thread(store.has, through):
            through = await asyncio.to_thread(store.newest)
        # The last one is put again: is it still the one that is kept?
        through = max(0, through - 1)
        while True:
            async with database.read() as connection:
                cursor = await connection.execute(queries.checkpoints_after, {"size": through, "limit": COPIES})
                found = await cursor.fetchall()
            for size, note in found:
                await asyncio.to_thread(store.put, size, note)
                through = size
            if len(found) < COPIES:
                break
    except CheckpointStoreError as error:
        problem = str(error)
        log.warning("checkpoints are not kept outside the database", reason=problem)
    async with database.transaction() as tx:
        await tx.execute(queries.tell_outside, {"kind": store.kind, "through_size": through, "problem": problem})


async def _one(connection: Connection, statement: Any) -> Any:
    return await (await connection.execute(statement)).fetchone()
