"""Opening keys."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from backend.core.database import Connection, array
from backend.core.problems import ProblemError
from backend.privacy.keys import queries
from backend.privacy.keys.ring import DataKey, KeyRing, WrappedKey
from models.core.problems import Code


class Purpose(StrEnum):
    """What a key is for: requests, certificates and holds outlive the person's own key."""

    PERSON = "person"
    REQUEST = "request"
    CERTIFICATE = "certificate"
    HOLD = "hold"


async def hold_key(tx: Connection, ring: KeyRing, owner: UUID) -> DataKey | None:
    """The key of an owner, which nobody destroys before ``tx`` ends; ``None`` when it is gone. Raises SealError."""
    row = await (await tx.execute(queries.hold, {"owner_id": owner})).fetchone()
    return None if row is None else ring.unwrap(owner, WrappedKey(*row))


async def open_keys(connection: Connection, ring: KeyRing, owners: Iterable[UUID]) -> dict[UUID, DataKey]:
    """The keys of owners that have one, for reading. Raises SealError."""
    rows = await (await connection.execute(queries.read_many, {"owner_ids": array(owners)})).fetchall()
    return {owner: ring.unwrap(owner, WrappedKey(kek, wrapped)) for owner, kek, wrapped in rows}


async def must_hold_key(tx: Connection, ring: KeyRing, owner: UUID) -> DataKey:
    """As ``hold_key``. Raises ProblemError 409 when it is gone."""
    key = await hold_key(tx, ring, owner)
    if key is None:
        raise ProblemError(Code.CONFLICT, "What was said here was forgotten: its time had come.")
    return key


async def new_id(tx: Connection) -> UUID:
    """An id for a row that is sealed for before it is there."""
    row = await (await tx.execute("select uuidv7()")).fetchone()
    assert row is not None  # noqa: S101 - a select without a table returns one row
    made: UUID = row[0]
    return made
