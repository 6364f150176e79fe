"""P11: order ingest in batches of 1 000 against COPY of the same rows into the same indexes; rows a second."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import psycopg

from backend.core.database import Database
from backend.runtime.embedded_postgres import DATABASE, OWNER
from backend.shop import upserts
from benchmarks.shop import empty_database
from benchmarks.table import Result
from models.shop.ingest import OrderIn

BATCHES = 100
BATCH = 1_000


def _batch(kind: str, number: int, start: datetime) -> list[OrderIn]:
    return [
        OrderIn(
            id=f"{kind}{number * BATCH + n}",
            placed_at=start + timedelta(seconds=number * BATCH + n),
            settled_at=start + timedelta(seconds=number * BATCH + n + 60),
            country="DE",
            currency="EUR",
            total=n,
        )
        for n in range(BATCH)
    ]


async def _rates(url: str, owner: str) -> tuple[float, float]:
    start = datetime.now(UTC) - timedelta(days=3)
    database = Database(url)
    await database.open()
    ingest = copy = 0.0
    async with database.transaction() as tx:
        await upserts.claim_currency(tx, "EUR")
    with psycopg.connect(owner, autocommit=True) as connection:
        for number in range(BATCHES):
            rows = _batch("i", number, start)
            begun = time.perf_counter()
            async with database.transaction() as tx:
                await upserts.orders(tx, rows, "EUR")
            ingest += time.perf_counter() - begun
            rows = _batch("c", number, start)
            begun = time.perf_counter()
            with (
                connection.cursor() as cursor,
                cursor.copy(
                    "copy orders (id, placed_at, settled_at, country, currency, minor, reporting_minor) from stdin"
                ) as into,
            ):
                for row in rows:
                    into.write_row(
                        (row.id, row.placed_at, row.settled_at, row.country, row.currency, row.total, row.total)
                    )
            copy += time.perf_counter() - begun
    await database.close()
    return BATCHES * BATCH / ingest, BATCHES * BATCH / copy


def run() -> list[Result]:
    """Interleaved, batch by batch, into one table."""
    with empty_database() as server:
        ingest, copy = asyncio.run(_rates(server.url(), server.url(OWNER, DATABASE)))
    return [Result("P11 order ingest, batches of 1 000", ingest, copy, "/s", 0.5, at_least=True)]
