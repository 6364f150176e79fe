"""Everything that changes keys: made with their owners, wrapped anew after a rotation, destroyed for good."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from backend.core import audit_trail
from backend.core.background import SetAside
from backend.core.database import Connection, Database, array
from backend.privacy.keys import queries
from backend.privacy.keys.reads import Purpose
from backend.privacy.keys.ring import DataKey, KeyRing, SealError, WrappedKey

BATCH: Final = 2_000
TURN_SECONDS: Final = 20.0
"""How long one turn of a rotation goes on before others have theirs."""
_aside = SetAside("keys wrapped anew")


async def make_key(tx: Connection, ring: KeyRing, owner: UUID, purpose: Purpose) -> DataKey:
    """A key for a new owner."""
    key, kept = ring.make_key(owner)
    await tx.execute(queries.insert, {"owner_id": owner, "purpose": purpose, "kek": kept.kek, "wrapped": kept.wrapped})
    return key


async def discard_key(tx: Connection, owner: UUID) -> None:
    """Take back a key that nothing was sealed with, in the transaction that made it."""
    await tx.execute(queries.discard, {"owner_id": owner})


async def destroy_key(tx: Connection, owner: UUID) -> datetime | None:
    """Forget what was sealed under a key, for good. Waits for whoever uses it; ``None`` when there was none."""
    row = await (await tx.execute(queries.destroy, {"owner_id": owner})).fetchone()
    return None if row is None else row[0]


async def rotate(database: Database, ring: KeyRing) -> int:
    """Wrap keys anew that an earlier key of the installation wraps; answers how many.

    Goes on where it was killed, and several may do it at once: what is left is what the database says. A key that does
    not open is left as it is, and said to be so.
    """
    done, begun = 0, time.monotonic()
    for kek in sorted(ring.ids - {ring.current}):
        after: UUID | None = None
        while time.monotonic() - begun < TURN_SECONDS:
            async with database.transaction() as tx:
                rows = await (
                    await tx.execute(queries.outdated, {"kek": kek, "after": after, "limit": BATCH})
                ).fetchall()
                done += await _rewrap(tx, ring, rows)
            if len(rows) < BATCH:
                break
            after = rows[-1][0]
    if done:
        async with database.transaction() as tx:
            if not await _any_outdated(tx, ring):
                await audit_trail.record(
                    tx,
                    actor=audit_trail.WORKER,
                    action="privacy.keys.rotated",
                    resource_type="privacy_keys",
                    resource_id=ring.current,
                    after={"key": ring.current},
                )
    return done


async def _rewrap(tx: Connection, ring: KeyRing, rows: Sequence[tuple[Any, ...]]) -> int:
    fresh: list[tuple[UUID, str, bytes]] = []
    for owner, kek, wrapped in rows:
        try:
            fresh.append((owner, kek, ring.rewrap(owner, WrappedKey(kek, wrapped)).wrapped))
        except SealError as error:
            _aside.put(owner, error)
    if fresh:
        values = {
            "current": ring.current,
            "owner_ids": array(owner for owner, _, _ in fresh),
            "keks": array(kek for _, kek, _ in fresh),
            "wraps": [wrapped for _, _, wrapped in fresh],
        }
        await tx.execute(queries.rewrap, values)
    return len(fresh)


async def _any_outdated(tx: Connection, ring: KeyRing) -> bool:
    row = await (await tx.execute(queries.any_outdated, {"current": ring.current, "known": list(ring.ids)})).fetchone()
    return row == (True,)


async def note_copy(tx: Connection, made_at: datetime, file: Path, keys: int) -> None:
    """Remember a copy of all keys that lies outside the database."""
    await tx.execute(queries.insert_copy, {"made_at": made_at, "file": str(file), "keys": keys})
    await tx.execute(queries.forget_copies)
    await audit_trail.record(
        tx,
        actor=audit_trail.WORKER,
        action="privacy.keys.copied",
        resource_type="privacy_keys",
        resource_id=file.name,
        after={"file": file.name, "keys": keys},
    )


async def take_back(tx: Connection, rows: Iterable[tuple[str, str, str, bytes]]) -> int:
    """Put the keys of a copy where there are none, after a restore; answers how many."""
    taken = 0
    batch: list[tuple[str, str, str, bytes]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            taken += await _insert_all(tx, batch)
            batch.clear()
    return taken + await _insert_all(tx, batch)


async def _insert_all(tx: Connection, batch: list[tuple[str, str, str, bytes]]) -> int:
    values = {
        "owner_ids": array(row[0] for row in batch),
        "purposes": array(row[1] for row in batch),
        "keks": array(row[2] for row in batch),
        "wraps": [row[3] for row in batch],
    }
    return (await tx.execute(queries.take_back, values)).rowcount
