"""A database of its own with a shop of any size, loaded on the server and removed afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from backend.runtime.data_folder import prepare
from backend.runtime.embedded_postgres import DATABASE, OWNER, Embedded
from backend.shop.rollups import queries

ORDERS = int(os.environ.get("OPSCONSOLE_BENCH_ORDERS", "10000000"))

LOAD = """
insert into reporting (currency) values ('EUR');
insert into orders (id, placed_at, settled_at, country, currency, minor, reporting_minor)
select 'o' || n, at, at + interval '3 minutes', 'DE', 'EUR', n % 20000, n % 20000
from generate_series(1, {orders}) n, lateral (select now() - interval '{days} days' * (n::float8 / {orders}) as at) t;
insert into downloads (id, downloaded_at, product, succeeded)
select 'd' || n, now() - interval '{days} days' * (n::float8 / (2 * {orders})), 'Atlas', n % 40 <> 0
from generate_series(1, 2 * {orders}) n;
insert into refunds (id, refunded_at, currency, minor, reporting_minor)
select 'r' || n, now() - interval '{days} days' * (n::float8 / ({orders} / 20)), 'EUR', 500, 500
from generate_series(1, {orders} / 20) n;
"""


@contextmanager
def empty_database() -> Iterator[Embedded]:
    """A migrated database with fsync on, stopped and deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="opsconsole-bench-") as folder:
        server = Embedded(Path(folder) / "data")
        server.start()
        try:
            prepare(server, lambda _message, _fraction: None)
            yield server
        finally:
            server.stop()


def load(server: Embedded, orders: int = ORDERS, days: int = 730) -> None:
    """``orders`` orders, twice as many downloads and a twentieth of refunds, evenly over ``days``, folded."""
    with psycopg.connect(server.url(OWNER, DATABASE), autocommit=True) as connection:
        connection.execute(LOAD.format(orders=orders, days=days).encode())
        connection.execute(queries.note_everything)
        connection.execute(queries.fold)
        connection.execute("vacuum analyze")
