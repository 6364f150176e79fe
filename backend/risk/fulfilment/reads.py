"""Reading what the shop has not done yet."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.core.database import Connection
from backend.core.rows import Unreadable, lenient_row
from backend.risk.fulfilment import queries
from models.risk.queue import FulfilmentRequest


async def pending(
    connection: Connection,
    *,
    state: Literal["failed", "waiting"],
    after: tuple[datetime | None, UUID | None],
    limit: int,
) -> list[FulfilmentRequest | Unreadable]:
    """What the shop has not done yet, oldest first, after the one made at ``after``."""
    async with connection.cursor(row_factory=lenient_row(FulfilmentRequest)) as cursor:
        values = {"state": state, "created_at": after[0], "after": after[1], "limit": limit}
        await cursor.execute(queries.page, values)
        return await cursor.fetchall()
