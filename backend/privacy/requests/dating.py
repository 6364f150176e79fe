"""The clock of a request: worked out anew whenever something moves it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from psycopg.rows import dict_row

from backend.core.clock import clock
from backend.core.database import Connection
from backend.privacy.clocks.legal_clock import Due, Pause, due
from backend.privacy.clocks.reads import clock_rules, rules_of
from backend.privacy.requests import queries
from models.privacy import Jurisdiction


async def first_due(connection: Connection, jurisdiction: Jurisdiction, received_at: datetime) -> Due:
    """When a new request is due."""
    rules = clock_rules(await rules_of(connection, jurisdiction))
    return due(rules, received_at, received_at)


async def due_now(connection: Connection, request_id: UUID) -> Due:
    """When a request is due, with its pauses and its extension, and those linked with it."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        row = await (await cursor.execute(queries.clock_of, {"request_id": request_id})).fetchone()
    assert row is not None  # noqa: S101 - whoever asks holds its row
    pauses = await (await connection.execute(queries.pauses_of, {"request_id": request_id})).fetchall()
    rules = clock_rules(await rules_of(connection, Jurisdiction(row["jurisdiction"])))
    return due(
        rules,
        row["clock_from"],
        await clock(connection),
        pauses=[Pause(begun, ended) for begun, ended in pauses],
        extended=row["extended"],
    )
