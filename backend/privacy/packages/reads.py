"""Reading what was gathered and what was released."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.database import Connection
from backend.core.problems import ProblemError
from backend.privacy.graph.steps import EXPORT
from backend.privacy.keys.reads import must_hold_key
from backend.privacy.keys.ring import KeyRing
from backend.privacy.packages import queries
from backend.privacy.packages.content import REDACTED
from models.core.problems import Code
from models.privacy.packages import PackageDownload, PackageRelease


@dataclass(slots=True)
class GatheredPart:
    """What one system gave, redacted."""

    node_id: UUID
    name: str
    title: str
    rows: list[dict[str, Any]] = field(default_factory=list)


async def gathered(tx: Connection, ring: KeyRing, request_id: UUID) -> tuple[list[GatheredPart], int]:
    """All that a request gathered, without what was redacted, and how many fields those are. 409 without its key."""
    key = await must_hold_key(tx, ring, request_id)
    rows = await (await tx.execute(queries.parts, {"request_id": request_id})).fetchall()
    parts: dict[UUID, GatheredPart] = {}
    for node_id, name, title, part, sealed in rows:
        into = parts.setdefault(node_id, GatheredPart(node_id, name, title))
        into.rows += json.loads(key.open(sealed, EXPORT, f"{node_id} {part}"))
    redacted = 0
    fields: dict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for node_id, row, name in await (await tx.execute(queries.redactions, {"request_id": request_id})).fetchall():
        fields[node_id].append((row, name))
    for node_id, where in fields.items():
        held = parts[node_id].rows if node_id in parts else []
        for row, name in where:
            if row < len(held) and name in held[row]:
                held[row][name] = REDACTED
                redacted += 1
    return list(parts.values()), redacted


async def release(connection: Connection, request_id: UUID) -> PackageRelease:
    """What was released for a request, and its downloads. Raises ProblemError 404."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(queries.package, {"request_id": request_id})).fetchone()
        downloads = await (await cursor.execute(queries.downloads, {"request_id": request_id})).fetchall()
    if row is None:
        raise ProblemError(Code.NOT_FOUND, "Nothing was released for this request, or its time is over.")
    return PackageRelease(
        request_id=str(request_id), **row, downloads=tuple(PackageDownload(**each) for each in downloads)
    )
