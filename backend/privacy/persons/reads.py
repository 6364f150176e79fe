"""Finding people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from backend.core.database import Connection, array
from backend.privacy.keys.reads import open_keys
from backend.privacy.keys.ring import DataKey, KeyRing
from backend.privacy.persons import queries

KINDS: Final = ("customer_id", "email", "phone")
"""What people are found by, the strongest first. Cards, devices and addresses of the network are shared: never."""
PLACE: Final = "person_index.sealed"


def rank(kind: str) -> int:
    """How strongly a kind says who somebody is, the strongest first."""
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


async def find_person(connection: Connection, ring: KeyRing, identifiers: Mapping[str, str]) -> UUID | None:
    """Whose identifiers these are; ``None`` when nobody has any of them."""
    macs = {(kind, ring.mac(kind, value)) for kind, value in identifiers.items()}
    values = {"kinds": [kind for kind, _ in macs], "macs": [mac for _, mac in macs]}
    rows = await (await connection.execute(queries.find, values)).fetchall()
    found = min(rows, key=lambda row: rank(row[0]), default=None)
    return None if found is None else found[2]


async def identifiers_of(
    connection: Connection, keys: Mapping[UUID, DataKey], person_ids: Iterable[UUID]
) -> dict[UUID, dict[str, tuple[str, ...]]]:
    """The identifiers of people by kind, for those whose key is open. Raises SealError."""
    values = {"person_ids": array(person_ids)}
    rows = await (await connection.execute(queries.index_of_many, values)).fetchall()
    found: dict[UUID, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for person_id, kind, _, sealed in rows:
        if (key := keys.get(person_id)) is not None:
            known = found[person_id].get(kind, ())
            found[person_id][kind] = (*known, key.open(sealed, PLACE, kind))
    return found


async def contact_of(connection: Connection, ring: KeyRing, person_id: UUID) -> dict[str, str] | None:
    """What the shop knows a person by, ``userId`` and ``email``; ``None`` once they are erased. Raises SealError."""
    keys = await open_keys(connection, ring, [person_id])
    if person_id not in keys:
        return None
    known = await identifiers_of(connection, keys, [person_id])
    names = {"customer_id": "userId", "email": "email"}
    return {names[kind]: values[0] for kind, values in known[person_id].items() if kind in names}
