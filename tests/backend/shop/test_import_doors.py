"""Columns, currencies, dates and files as people have them: understood, or refused with what to do."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.core.database import Database
from backend.shop import upserts
from backend.shop.importing.header import ImportFailedError
from backend.shop.importing.orders import import_orders, preview_orders
from backend.shop.importing.presets import PRESETS
from backend.shop.importing.report import Report
from backend.shop.importing.sales import ImportOptions
from tests.backend.shop.fixtures import silent

AT = "2026-11-24T12:00:00Z"
HEADER = "order_id,placed_at,total\n"
UTC = ZoneInfo("UTC")
Open = Callable[[], Any]
MEDUSA = (
    "Order_ID,Display_ID,Order status,Date,Customer Email,Shipping Country Code,Payment Status,Refunded Total,Total,"
    "Currency Code\n"
    "order_1,1,completed,2026-05-01T10:00:00.000Z,j@example.com,es,captured,0,121,eur\n"
    "order_2,2,completed,2026-05-02T10:00:00.000Z,y@example.com,jp,partially_refunded,300,1000,jpy\n"
    "order_3,3,canceled,2026-05-03T10:00:00.000Z,z@example.com,de,canceled,0,121,eur\n"
    "order_4,4,pending,2026-05-04T10:00:00.000Z,z@example.com,de,awaiting,0,121.50,eur\n"
)
MEDUSA_1 = (
    "Order_ID;Date;Customer Email;Shipping Country Code;Payment Status;Refunded Total;Total;Currency Code\n"
    "order_1;Fri, 01 May 2026 10:00:00 GMT;j@example.com;es;captured;0;12100;eur\n"
    "order_2;Sat, 02 May 2026 10:00:00 GMT;y@example.com;jp;captured;300;1000;jpy\n"
)


async def _land(db: Database, folder: Path, text: str | bytes, **said: Any) -> Report:
    file = folder / "f.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return await import_orders(db, file, ImportOptions(**{"currency": "EUR", "time_zone": UTC} | said), silent)


async def _orders(db: Database) -> list[tuple[Any, ...]]:
    async with db.read() as connection:
        cursor = await connection.execute("select id, minor, currency, country from orders order by id")
        return list(await cursor.fetchall())


async def test_both_versions_of_medusa(open_database: Open, tmp_path: Path) -> None:
    async with open_database() as db:
        report = await _land(db, tmp_path, MEDUSA, preset=PRESETS["medusa"])
        assert await _orders(db) == [
            ("order_1", 12100, "EUR", "ES"),
            ("order_2", 1000, "JPY", "JP"),
            ("order_4", 12150, "EUR", "DE"),
        ]
        assert report.found.amounts["refunds", "JPY"] == 300
        for text, wrong, right in ((MEDUSA_1, "medusa", "medusa-1"), (MEDUSA, "medusa-1", "medusa")):
            with pytest.raises(ImportFailedError, match=f"column Date: .*--from {right}\n"):
                await _land(db, tmp_path, text, preset=PRESETS[wrong])
    async with open_database() as db:
        assert "amounts in minor units" in str(await _land(db, tmp_path, MEDUSA_1, preset=PRESETS["medusa-1"]))
        assert next(row[1:3] for row in await _orders(db)) == (12100, "EUR")


@pytest.mark.parametrize(
    ("text", "said", "words"),
    [
        (f"{HEADER}A,{AT},1\n", {"columns": {"country": "Land"}}, "there is no column 'Land'; it has 'order_id', 'p"),
        (
            f"order_id,placed_at,total,Currency Code\nA,{AT},1000,JPY\n",
            {},
            "column 'Currency Code' may say the currency, and is not looked at: say --columns",
        ),
        (f"order_id,placed_at,total,STATUS,Status\nA,{AT},1,x,y\n", {}, "'STATUS' and 'Status' differ in letter case"),
        (
            "Name,Total\n#1,1\n",
            {"preset": PRESETS["shopify"]},
            "column 'Created at' is missing; it has 'Name', 'Total'",
        ),
        ("Name,Total\n#1,1\n", {"preset": PRESETS["shopify"]}, "--from shopify"),
        (f"order_id,placed_at,total,currency\nA,{AT},1,XYZ\n", {}, "line 2, column currency: there is no currency XYZ"),
        (f"order_id,placed_at,total,currency\nA,{AT},1,BTC\n", {}, "there is no currency BTC"),
        (f"order_id,placed_at,total,currency\nA,{AT},1,XXX\n", {}, "XXX says that there is no currency"),
        (f"order_id,placed_at,total,currency\nA,{AT},1,$\n", {}, r"\$ can be several currencies"),
        (f"{HEADER}A,{AT},$36.39\n", {}, r"'\$36.39' is not in EUR: say with --currency which currency \$ is"),
        (f"{HEADER}A,{AT},36.39 £\n", {"currency": "USD"}, "is not in USD"),
        (f"{HEADER}A,{AT},€36.39 EUR\n", {}, "is no amount"),
        (
            f"{HEADER}A,13/04/2026 10:00,2.50\nB,05/14/2026 10:00,3.00\n",
            {},
            "line 2 has '13/04/2026 10:00' and line 3 '05/14/2026 10:00', so day and month change places",
        ),
        (f"{HEADER}A,05/14/2026 10:00,1\n", {"dates": "day-first"}, "is no date written day-first"),
        (b"%PDF-1.7\nxx", {}, "it is a PDF"),
        (b"PK\x03\x04xxxx", {}, "it is an Excel workbook or another zip file"),
        (gzip.compress(b"PK\x03\x04xxxx", mtime=0), {}, "it is an Excel workbook or another zip file"),
        (f'{HEADER}A,{AT},3\n"B,{AT},3\nC,{AT},3\n', {}, "line 3: a quote .* is opened and never closed"),
        (f"{HEADER}A\x00B,{AT},3\n", {}, r"the id has the character U\+0000"),
        (f"{HEADER}{'A' * 201},{AT},3\n", {}, "the id is longer than 200 characters$"),
    ],
)
def test_what_is_unclear_is_refused(tmp_path: Path, text: str | bytes, said: dict[str, Any], words: str) -> None:
    file = tmp_path / "f.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ImportFailedError, match=words):
        preview_orders(file, ImportOptions(**{"currency": "EUR", "time_zone": UTC} | said))


@pytest.mark.parametrize(
    ("text", "said", "rows"),
    [
        (f"Order_ID,Placed_At,TOTAL,Currency\nA,{AT},3,usd\n", {}, [("A", 300, "USD", None)]),
        (f"order_id,placed_at,total,Total\nA,{AT},3,4\n", {}, [("A", 300, "EUR", None)]),
        (f"{HEADER}A,{AT},$36.39\n", {"currency": "USD"}, [("A", 3639, "USD", None)]),
        (f'{HEADER}A,{AT},"€1,236.39"\n', {}, [("A", 123639, "EUR", None)]),
        (f'{HEADER}A,{AT},"3,00 €"\n', {}, [("A", 300, "EUR", None)]),
        (f'{HEADER}A,{AT},"3,00 USD"\n', {}, [("A", 300, "USD", None)]),
        (f"order_id,placed_at,total,currency\nA,{AT},3,€\n", {}, [("A", 300, "EUR", None)]),
        (f"order_id,placed_at,total,currency\nA,{AT},3,HRK\n", {}, [("A", 300, "HRK", None)]),
        (
            f'{HEADER}A,{AT},"1,234"\nB,{AT},"12,345.67"\n',
            {},
            [("A", 123400, "EUR", None), ("B", 1234567, "EUR", None)],
        ),
        (f"{HEADER}A,2026-11-24t12:00:00z,3\n", {}, [("A", 300, "EUR", None)]),
        (
            f"{HEADER}A,{AT},5\nB,{AT},6\n,,11\nC,{AT},4\n,,4\n,,15\n",
            {},
            [("A", 500, "EUR", None), ("B", 600, "EUR", None), ("C", 400, "EUR", None)],
        ),
    ],
)
async def test_what_is_clear_is_read(
    open_database: Open, tmp_path: Path, text: str, said: dict[str, Any], rows: list[tuple[Any, ...]]
) -> None:
    async with open_database() as db:
        await _land(db, tmp_path, text, **said)
        assert await _orders(db) == rows


async def test_an_amount_in_brackets_is_below_zero(open_database: Open, tmp_path: Path) -> None:
    async with open_database() as db:
        report = await _land(db, tmp_path, f"{HEADER}A,{AT},5.00\nA,2026-11-25T12:00:00Z,(5.00)\n")
        assert (report.found.refunds, report.found.amounts["refunds", "EUR"]) == (1, 500)


def test_a_sum_below_a_row_that_is_refused_is_no_second_mistake(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(f"{HEADER}A,{AT},5\nB,{AT},x\nTotal,,11\n", encoding="utf-8")
    with pytest.raises(ImportFailedError) as raised:
        preview_orders(file, ImportOptions(currency="EUR"))
    assert str(raised.value) == "line 3, column total: 'x' is no amount"


def test_names_of_countries_that_nobody_knows_are_in_the_preview(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(
        f"order_id,placed_at,total,country\nA,{AT},5,Atlantis\nB,{AT},5,YU\nC,{AT},1,DE\n", encoding="utf-8"
    )
    said = str(preview_orders(file, ImportOptions(currency="EUR")))
    assert "kept as given, not in ISO 3166: Atlantis (1), YU (1)" in said


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match="it is a folder"):
        preview_orders(tmp_path, ImportOptions(currency="EUR"))


async def test_one_import_at_a_time(open_database: Open, tmp_path: Path) -> None:
    async with open_database() as db, db.transaction() as other:
        await other.execute(upserts.queries.lock_import)
        with pytest.raises(ImportFailedError, match="another import is running here"):
            await _land(db, tmp_path, f"{HEADER}A,{AT},5\n")


async def test_a_long_import_says_how_far_it_is(open_database: Open, tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(HEADER + "".join(f"o{n},{AT},1\n" for n in range(5_500)), encoding="utf-8")
    said: list[tuple[int, int | None]] = []
    async with open_database() as db:
        await import_orders(db, file, ImportOptions(currency="EUR"), lambda done, total: said.append((done, total)))
    assert (said[0], said[-1]) == ((5_000, None), (5_500, 5_500)), "reading it comes first"
