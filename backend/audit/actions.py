"""What is done with the log besides reading: entries are handed out, its key changes. Both are entries themselves."""

from __future__ import annotations

import asyncio
import hashlib

from backend.audit.bundle import MOST, collect, pack
from backend.audit.reads import bounds, newest, sealed_size
from backend.audit.seal import SealError
from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.problems import ProblemError, invalid
from models.audit import AuditExport
from models.core.problems import Code

queries = load_queries(__package__)


async def export(tx: Connection, *, actor: str, request: AuditExport) -> tuple[str, bytes]:
    """Name and bytes of a bundle. A range that is empty, not sealed yet or too long: 422. Damaged seals: 409."""
    first, last = await _range(tx, request)
    if last - first + 1 > MOST:
        raise invalid(
            "/last", f"these are {last - first + 1} entries, a bundle has at most {MOST}: ask for less at a time"
        )
    _, now = await newest(tx)
    try:
        contents = await collect(tx, first, last, now)
    except SealError as error:
        raise ProblemError(Code.CONFLICT, f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    data = await asyncio.to_thread(pack, contents)
    await audit_trail.record(
        tx,
        actor=actor,
        action="audit.log.exported",
        resource_type="audit_log",
        resource_id=f"{first}-{last}",
        after={"first": first, "last": last, "size": contents.size, "sha256": hashlib.sha256(data).hexdigest()},
        reason=request.reason,
    )
    return f"audit-{first}-{last}.zip", data


async def note_rotation(tx: Connection, *, actor: str, old: str, new: str) -> None:
    """Say in the log that another key seals it from now on; only then does sealing go on with it."""
    await audit_trail.record(
        tx,
        actor=actor,
        action="audit.key.rotated",
        resource_type="audit_log",
        resource_id="key",
        before={"vkey": old},
        after={"vkey": new},
    )


async def _range(tx: Connection, request: AuditExport) -> tuple[int, int]:
    """First and last position. Instants end at what is sealed; positions that are not sealed are refused."""
    sealed = await sealed_size(tx)
    if request.first is not None and request.last is not None:
        if not 1 <= request.first <= request.last:
            raise invalid("/first", "positions begin at 1, and the first is not behind the last")
        if request.last > sealed:
            raise invalid("/last", f"entries are sealed up to position {sealed}; newer ones are in some seconds")
        return request.first, request.last
    lower, upper = await bounds(tx, request.from_, request.to)
    values = {"lower": lower, "upper": min(upper, sealed + 1), "from": request.from_, "to": request.to}
    row = await (await tx.execute(queries.span, values)).fetchone()
    if row is None or row[0] is None:
        raise invalid("/from", "no sealed entry lies between these instants")
    return row[0], row[1]
