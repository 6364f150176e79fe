"""What a launch can be bound to of the audit log: its record is proven by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.audit.canonical import canonical
from backend.audit.merkle import cover, fold, leaf_hash
from backend.audit.reads import queries
from backend.audit.seal import SealError, nodes
from backend.audit.sealing_keys import known_verifiers
from backend.audit.signed_notes import NoteError, verify_note
from backend.core.capability import Criterion, Measurement
from backend.core.database import Connection
from backend.core.settings import Settings

REREAD = 20
"""Of so many of the newest sealed entries the text is hashed anew."""


async def _sealed(
    connection: Connection, settings: Settings, now: datetime, wanted: Sequence[Mapping[str, str]]
) -> Sequence[Measurement]:
    return [await _look(connection, settings, now)] * len(wanted)


async def _look(connection: Connection, settings: Settings, now: datetime) -> Measurement:
    newest = await (await connection.execute(queries.newest_checkpoint)).fetchone()
    origin = await (await connection.execute(queries.origin)).fetchone()
    if newest is None or origin is None:
        return Measurement(None, None, detail="nothing is sealed yet")
    size, note = newest[0], newest[1]
    try:
        checkpoint = verify_note(note, known_verifiers(settings, origin[0]))
        root = fold(await nodes(connection, cover(0, size)))
    except (NoteError, SealError, ValueError) as error:
        return Measurement(None, None, detail=str(error))
    if root != checkpoint.root:
        return Measurement(None, None, detail=f"the stored tree is not that of checkpoint {size}")
    span = {"first": max(1, size - REREAD + 1), "last": size}
    rows = await (await connection.execute(queries.rows, span)).fetchall()
    leaves = await (await connection.execute(queries.leaves, span)).fetchall()
    for row, (position, hashed) in zip(rows, leaves, strict=True):
        if row[1] is None or leaf_hash(canonical(row)) != hashed:
            return Measurement(None, None, detail=f"entry {position} is not as it was sealed")
    waited = await (await connection.execute(queries.unsealed_seconds, {"size": size})).fetchone()
    lag = 0.0 if waited is None else max(0.0, waited[0])
    return Measurement(lag, now, detail=f"sealed through position {size:,}")


SEALED = Criterion(
    name="audit.sealed",
    title="How long the audit log waits for its seal, with its newest part verified",
    unit="seconds",
    measure=_sealed,
    stale_after=60,
    high=60,
)
