"""A file of orders comes in whole or not at all, and real orders give exactly the figures worked out for them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.core.database import Database
from backend.core.settings import Settings
from backend.dashboard.compose import compose
from backend.shop.importing.orders import ImportFailedError
from tests.backend.shop.fixtures import COLUMNS, DATA, REAL, REFERENCE, bring_in

HEADER = "order_id,placed_at,total\n"


async def _count(db: Database) -> tuple[Any, ...]:
    async with db.read() as connection:
        cursor = await connection.execute("select (select count(*) from orders), (select count(*) from refunds)")
        row = await cursor.fetchone()
    assert row is not None
    return row


@pytest.mark.skipif(not REAL.exists(), reason=f"the real orders are not at {DATA}; set OPSCONSOLE_TEST_DATA")
async def test_real_orders_give_the_reference_figures(open_database: Callable[[], Any], settings: Settings) -> None:
    async with open_database() as db:
        report = await bring_in(db, REAL, COLUMNS)
        assert report.rows == 10_783
        assert set(report.unknown_countries) >= {"Channel Islands"}
        for expected in json.loads(REFERENCE.read_text(encoding="utf-8")):
            as_of = datetime.fromisoformat(expected["asOf"])
            for days in (7, 30, 90):
                async with db.read() as connection:
                    found = await compose(connection, settings, as_of, days)
                wanted = expected[f"range{days}"]
                assert found.currency == expected["currency"]
                assert found.revenue.model_dump() == expected["revenue"]
                assert found.orders.total == wanted["orders.total"]
                assert found.orders.refunded == wanted["orders.refunded"]
                assert found.orders.pending == wanted["orders.pending"]
                assert sum(value or 0 for value in found.series.revenue) == wanted["gross"] - wanted["refunds"]
                assert sum(value or 0 for value in found.series.refunded_amount) == wanted["refunds"]
        again = await bring_in(db, REAL, COLUMNS)
        assert (again.orders["new"], again.orders["corrected"], again.refunds["new"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (HEADER.encode(), "no rows"),
        (b"order_id,placed_at\na,2026-01-01\n", "column 'total' is missing"),
        (f"{HEADER}a,2026-01-01T10:00:00,1.00\nb,2026-01-01,x\n".encode(), "line 3, column total: 'x' is no amount"),
        (f"{HEADER}a,2026-01-01,1.005\n".encode(), "line 2, column total: '1.005' is no amount in GBP"),
        (f"{HEADER}a,2026-01-01,1e999999\n".encode(), "line 2, column total: '1e999999' is no amount"),
        (f"{HEADER}a,yesterday,1\n".encode(), "line 2, column placed_at: 'yesterday' is no date"),
        (f"{HEADER}a,2026-01-01,1\nb,2026-01-01\n".encode(), "line 3 has 2 cells"),
        (f"{HEADER}a,2026-01-01,1\n".encode() + b"b\x81,2026-01-01,1\n", "line 3 is not UTF-8"),
        (f"{HEADER},2026-01-01,1\n".encode(), "line 2, column order_id: there is no id"),
    ],
)
async def test_a_broken_file_names_its_line_and_leaves_nothing(
    open_database: Callable[[], Any], tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(content)
    async with open_database() as db:
        with pytest.raises(ImportFailedError) as raised:
            await bring_in(db, file, {})
        assert words in str(raised.value)
        assert await _count(db) == (0, 0)


async def test_a_truncated_gzip_leaves_nothing(open_database: Callable[[], Any], tmp_path: Path) -> None:
    file = tmp_path / "orders.csv.gz"
    rows = "".join(f"o{n},2026-01-01T00:{n % 60:02}:00,{n}.37\n" for n in range(5000))
    file.write_bytes(gzip.compress((HEADER + rows).encode())[:-200])
    async with open_database() as db:
        with pytest.raises(ImportFailedError, match="gzip file is damaged"):
            await bring_in(db, file, {})
        assert await _count(db) == (0, 0)


async def test_refunds_pending_countries_and_the_shift(open_database: Callable[[], Any], tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(
        "order_id,placed_at,settled_at,country,total\n"
        "a,2011-01-05T10:00:00,,France,12.50\n"
        "b,2011-01-05T11:00:00+01:00,2011-01-05T12:00:00,EIRE,0\n"
        "c,2011-01-05T12:00:00,,,-3.20\n",
        encoding="utf-8",
    )
    async with open_database() as db:
        report = await bring_in(db, file, {}, shift=True)
        async with db.read() as connection:
            orders = await (
                await connection.execute("select id, placed_at, settled_at, country, minor from orders order by id")
            ).fetchall()
            refund = await (await connection.execute("select minor, order_id, refunded_at from refunds")).fetchone()
    assert report.shifted % timedelta(days=1) == timedelta()
    assert [(row[0], row[2] is None, row[3], row[4]) for row in orders] == [
        ("a", True, "FR", 1250),
        ("b", False, "IE", 0),
    ]
    assert orders[0][1] == orders[1][1] == datetime(2011, 1, 5, 10, tzinfo=UTC) + report.shifted
    assert refund is not None
    assert refund[:2] == (320, None)
    assert timedelta() <= datetime.now(UTC) - refund[2] < timedelta(days=1)
