"""P16: a tax quarter, twelve of them, the proof of all, and intake with tax lines."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg

from backend.core.database import Database
from backend.reporting.facts import queries as facts
from backend.reporting.returns import queries as returns
from backend.reporting.returns.reads import DECIMALS
from backend.runtime.embedded_postgres import DATABASE, OWNER
from backend.shop import upserts
from backend.shop.tax import of_order
from benchmarks.shop import empty_database
from benchmarks.table import Result
from models.shop.ingest import OrderIn

QUARTER = int(os.environ.get("OPSCONSOLE_BENCH_TAX", "1000000"))
QUARTERS = 12
CELLS = 2 * 3 * 27
"""Of a month."""
ROUNDS = 5
BATCHES, BATCH = 60, 1_000

LOAD = f"""
insert into tax_registration (region, regime, name, number, home, zone, period, currency, begins, owner)
values ('EU-OSS', 'eu-oss', 'OSS', '1', 'ES', 'Europe/Madrid', 'quarter', 'EUR', '2022-01-01', 'finance-analyst');
insert into tax_cell (source, bucket, region, state, kind, rate, currency, tax_month, event_month)
select s, 'taxed', 'EU-OSS', state, 'standard', 19, c, m::date, m::date
  from generate_series('2022-01-01'::timestamp, '2024-12-01', interval '1 month') as m,
       unnest(array['order', 'refund']) as s, unnest(array['EUR', 'SEK', 'PLN']) as c,
       (select distinct state from tax_territory where region = 'EU-OSS') as t(state)
 order by m, s, c, state;
insert into tax_exchange select c, d::date, 0, 11.3, 'x'
  from unnest(array['SEK', 'PLN']) as c, generate_series('2022-01-01'::date, '2025-01-10'::date, interval '1 day') as d;
insert into tax_fact
select n, 'o' || n, 'o' || n, day, day,
       1 + {CELLS} * ((extract(year from day) - 2022) * 12 + extract(month from day) - 1)::int + n % {CELLS},
       n % 9000, n % 1700
  from generate_series(1, {QUARTER * QUARTERS}) as n,
       lateral (select (date '2022-01-01' + ((n - 1)::bigint * 1096 / {QUARTER * QUARTERS})::int) as day) as d;
update tax_counter set last = {QUARTER * QUARTERS};
create table one_quarter as select * from tax_fact where seq <= {QUARTER};
"""
FLOOR = "select count(*), sum(net), sum(tax) from {}"


def _best(run: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


def _figures(connection: psycopg.Connection[Any], cut: int) -> None:
    values = {"region": "EU-OSS", "cut": cut, "before": date(2025, 1, 1), "decimals": DECIMALS}
    connection.execute(returns.figures, values).fetchall()


def _reports(owner: str) -> list[Result]:
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("set max_parallel_workers_per_gather = 0")
        connection.execute(LOAD.encode())
        connection.execute("vacuum analyze")
        # Its rows by themselves: what a whole table of them costs to read once.
        floor = _best(lambda: connection.execute(FLOOR.format("one_quarter").encode()).fetchall())
        quarter = _best(lambda: _figures(connection, QUARTER))
        while connection.execute(facts.close_stretch).fetchone() is not None:
            pass
        connection.execute("vacuum analyze tax_stretch")
        twelve = _best(lambda: _figures(connection, QUARTER * QUARTERS - 1))
        scan = _best(lambda: connection.execute(FLOOR.format("tax_fact").encode()).fetchall())
        proof = _best(lambda: connection.execute(facts.wrong_sums).fetchall())
    return [
        Result(f"P16 a tax quarter of {QUARTER:,} facts", quarter, floor, "ms", 3),
        Result("P16 twelve quarters, from closed stretches", twelve, floor, "ms", 2),
        Result("P16 proof of every fact, against a scan of them", proof, scan, "ms", 3),
    ]


def _batch(kind: str, number: int, start: datetime) -> list[OrderIn]:
    return [
        OrderIn.model_validate(
            {
                "id": f"{kind}{number * BATCH + n}",
                "placedAt": start + timedelta(seconds=number * BATCH + n),
                "country": "DE",
                "currency": "EUR",
                "total": 119,
                "taxLines": [{"net": 100, "tax": 19, "rate": "19", "jurisdiction": "DE"}],
            }
        )
        for n in range(BATCH)
    ]


async def _intake(url: str, owner: str) -> tuple[float, float]:
    start = datetime.now(UTC) - timedelta(days=3)
    database = Database(url)
    await database.open()
    ingest = copy = 0.0
    async with database.transaction() as tx:
        await upserts.claim_currency(tx, "EUR")
    statement = "copy orders (id, placed_at, country, currency, minor, reporting_minor, tax) from stdin"
    with psycopg.connect(owner, autocommit=True) as connection:
        for number in range(BATCHES):
            rows = _batch("i", number, start)
            begun = time.perf_counter()
            async with database.transaction() as tx:
                await upserts.orders(tx, rows, "EUR")
            ingest += time.perf_counter() - begun
            rows = _batch("c", number, start)
            begun = time.perf_counter()
            with connection.cursor() as cursor, cursor.copy(statement) as into:
                for row in rows:
                    into.write_row(
                        (row.id, row.placed_at, row.country, row.currency, row.total, row.total, of_order(row))
                    )
            copy += time.perf_counter() - begun
    await database.close()
    return BATCHES * BATCH / ingest, BATCHES * BATCH / copy


def run() -> list[Result]:
    """On one server."""
    with empty_database() as server:
        owner = server.url(OWNER, DATABASE)
        ingest, copy = asyncio.run(_intake(server.url(), owner))
        intake = Result("P16 order ingest with tax lines, batches of 1 000", ingest, copy, "/s", 0.5, at_least=True)
        return [intake, *_reports(owner)]
