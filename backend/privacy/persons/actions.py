"""Everything that changes who is known: people are registered by their identifiers, and forgotten with their key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from backend.core.database import Connection
from backend.privacy.keys.actions import destroy_key, discard_key, make_key
from backend.privacy.keys.reads import Purpose, hold_key
from backend.privacy.keys.ring import DataKey, KeyRing
from backend.privacy.persons import queries
from backend.privacy.persons.reads import PLACE, find_person, rank
from models.risk.metrics import normal


@dataclass(frozen=True, slots=True)
class Person:
    """A person with their key, open for one transaction."""

    id: UUID
    key: DataKey


async def register(tx: Connection, ring: KeyRing, identifiers: Mapping[str, str]) -> Person:
    """The person of these identifiers, by kind such as ``customer_id``; a new one where nobody has any of them.

    Where two are two people's, the first kind of ``reads.KINDS`` decides: people are never merged. Identifiers nobody
    has yet become theirs. Whoever registers the same person at the same time gets the same one, with the same key.
    """
    while True:
        person_id = await find_person(tx, ring, identifiers)
        if person_id is None and (person_id := await _make(tx, ring, identifiers)) is None:
            continue  # somebody else was quicker, and has committed: found now
        key = await hold_key(tx, ring, person_id)
        if key is not None:
            await _index(tx, ring, person_id, key, identifiers)
            return Person(person_id, key)
        # Erased since it was found: its identifiers are nobody's any more.


async def _make(tx: Connection, ring: KeyRing, identifiers: Mapping[str, str]) -> UUID | None:
    """A new person with the strongest of the identifiers; ``None`` when another transaction has taken that."""
    row = await (await tx.execute(queries.insert_person)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    person_id: UUID = row[0]
    key = await make_key(tx, ring, person_id, Purpose.PERSON)
    strongest = min(identifiers, key=rank)
    if await _index(tx, ring, person_id, key, {strongest: identifiers[strongest]}):
        return person_id
    # Nothing that is kept was sealed with this key.
    await discard_key(tx, person_id)
    await tx.execute(queries.remove_unused, {"person_id": person_id})
    return None


async def _index(tx: Connection, ring: KeyRing, person_id: UUID, key: DataKey, identifiers: Mapping[str, str]) -> int:
    """Have the person found by identifiers that nobody has; answers how many those were."""
    taken = 0
    # In one order everywhere, so that two who register people with identifiers in common cannot deadlock.
    for kind, value in sorted(identifiers.items(), key=lambda each: (rank(each[0]), ring.mac(*each))):
        wanted = {
            "kind": kind,
            "mac": ring.mac(kind, value),
            "person_id": person_id,
            "sealed": key.seal(normal(kind, value), PLACE, kind),
        }
        taken += await (await tx.execute(queries.insert_index, wanted)).fetchone() is not None
    return taken


async def forget(tx: Connection, person_id: UUID) -> bool:
    """Destroy a person's key and what they are found by; False when that was done before."""
    await destroy_key(tx, person_id)
    await tx.execute(queries.forget, {"person_id": person_id})
    return await (await tx.execute(queries.mark_erased, {"person_id": person_id})).fetchone() is not None
