"""Files as people really have them: read and said how, or refused with line, column and what to do."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.core.database import Database
from backend.shop.importing.orders import ImportFailedError, ImportOptions, Report, import_orders, preview_orders
from backend.shop.importing.presets import PRESETS
from models.core.csv_text import csv_text
from tests.backend.shop.fixtures import silent

HEADER = "order_id,placed_at,total\n"
AT = "2026-11-24T12:00:00Z"
Open = Callable[[], Any]


async def _land(db: Database, file: Path, text: str | bytes, **said: Any) -> Report:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return await import_orders(db, file, ImportOptions(**{"currency": "EUR"} | said), silent)


async def _rows(db: Database, statement: str) -> list[tuple[Any, ...]]:
    async with db.read() as connection:
        return list(await (await connection.execute(statement)).fetchall())  # type: ignore[call-overload]


async def _orders(db: Database, columns: str = "id, minor") -> list[tuple[Any, ...]]:
    return await _rows(db, f"select {columns} from orders order by id")


async def _refunds(db: Database) -> list[tuple[Any, ...]]:
    return await _rows(db, "select order_id, minor from refunds order by refunded_at, minor")


async def test_two_refunds_of_one_order(open_database: Open, tmp_path: Path) -> None:
    text = (
        f"{HEADER}R-100,2026-11-24T09:00:00Z,50.00\n"
        "R-100,2026-11-25T09:00:00Z,-10.00\nR-100,2026-11-26T09:00:00Z,-5.00\n"
    )
    async with open_database() as db:
        report = await _land(db, tmp_path / "f.csv", text)
        assert (report.rows, report.orders["new"], report.refunds["new"], report.refunds["known"]) == (3, 1, 2, 0)
        assert await _refunds(db) == [("R-100", 1000), ("R-100", 500)]
        again = await _land(db, tmp_path / "f.csv", text + "R-100,2026-11-26T09:00:00Z,-5.00\n")
        assert (again.refunds["new"], again.refunds["known"]) == (1, 2), "two at one instant are two"
        assert sum(minor for _, minor in await _refunds(db)) == 2000


async def test_a_refund_whose_order_comes_later_stays_one(open_database: Open, tmp_path: Path) -> None:
    refund = "R-1,2026-11-25T09:00:00Z,-10.00\n"
    async with open_database() as db:
        await _land(db, tmp_path / "f.csv", HEADER + refund)
        assert await _refunds(db) == [(None, 1000)]
        report = await _land(db, tmp_path / "f.csv", f"{HEADER}R-1,2026-11-24T09:00:00Z,50.00\n{refund}")
        assert (report.refunds["new"], report.refunds["corrected"]) == (0, 1)
        assert await _refunds(db) == [("R-1", 1000)]


async def test_lines_that_share_an_id_are_refused_or_added_up(open_database: Open, tmp_path: Path) -> None:
    text = f"{HEADER}L-1,{AT},10.00\nL-2,{AT},3.00\nL-1,{AT},5.50\nL-1,2026-11-25T12:00:00Z,-1.00\n"
    async with open_database() as db:
        with pytest.raises(
            ImportFailedError, match=r"line 4, column order_id: 'L-1' is on line 2 already.*--sum-lines"
        ):
            await _land(db, tmp_path / "f.csv", text)
        report = await _land(db, tmp_path / "f.csv", text, sum_lines=True)
        assert (await _orders(db), await _refunds(db)) == ([("L-1", 1550), ("L-2", 300)], [("L-1", 100)])
        found = report.found
        assert found.rows == 4 == found.orders + found.refunds + found.parts
        text = f"order_id,placed_at,total,currency\nM,{AT},1,EUR\nM,{AT},1,USD\n"
        with pytest.raises(ImportFailedError, match="line 3, column currency: the order on line 2 is in EUR"):
            await _land(db, tmp_path / "f.csv", text, sum_lines=True)


async def test_continuation_rows(open_database: Open, tmp_path: Path) -> None:
    text = (
        "Name,Email,Financial Status,Paid at,Currency,Total,Created at,Lineitem quantity,Lineitem name\n"
        "#2001,kim@example.com,paid,2026-11-24 09:12:44 +0200,EUR,36.00,2026-11-24 09:12:40 +0200,1,Licence A\n"
        "#2001,kim@example.com,,,,,,2,Licence B\n"
        "#2002,lee@example.com,paid,2026-11-24 10:00:05 +0200,EUR,12.00,2026-11-24 10:00:00 +0200,1,Licence A\n"
    )
    columns = {
        "order_id": "Name",
        "placed_at": "Created at",
        "settled_at": "Paid at",
        "total": "Total",
        "currency": "Currency",
        "customer_id": "Email",
    }
    async with open_database() as db:
        report = await _land(db, tmp_path / "f.csv", text, columns=columns)
        assert await _orders(db) == [("#2001", 3600), ("#2002", 1200)]
        assert (report.rows, report.orders["new"], report.found.continuations) == (3, 2, 1)
        assert "left out, they continue an order above: 1 row" in str(report)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"order_id,placed_at,total,total\nX-1,{AT},100.00,0.00\n", "line 1: column total is there twice"),
        (f"{HEADER}S-2,{AT},2.500\n", r"line 2, column total: '2.500' is no amount in EUR .* --decimal"),
        (f"{HEADER}S-2,{AT},2,500\n", "line 2 has 4 cells"),
        (f'{HEADER}S-2,{AT},"2,500"\n', r"'2,500' is no amount in EUR .* --decimal"),
        (f"{HEADER}S-1,{AT},12.50\nS-2,{AT},2.500\n", r"line 3, column total: '2.500'"),
        (
            f"{HEADER}S-2,03/04/2026 10:00Z,1\n",
            r"line 2, column placed_at: '03/04/2026 10:00Z' could be two days.*--dates",
        ),
        (f"{HEADER}S-2,2026-11-24 10:00,1\n", r"line 2, column placed_at: .* has no time zone.*--time-zone"),
        (f"{HEADER}S-2,2026-11-24,1\n", "has no time zone"),
        (
            f"order_id,placed_at,total,settled_at\nS,{AT},1,2026-11-24 13:00\n",
            "line 2, column settled_at: .*no time zone",
        ),
        (f"{HEADER}S-2,{AT},1E3\n", "'1E3' is no amount"),
        (f"{HEADER}S-2,{AT},-(10.00)\n", "is no amount"),
        (f"{HEADER}A,{AT},1.00\nTotal,,2.00\n", r"line 3 looks like a sum, but the rows above come to 1.00 EUR"),
        (f"{HEADER}A,{AT},1.00\n,,2.00\n", "line 3, column order_id: there is no id"),
        (f"{HEADER}A,{AT},1.00\nB,{AT},\n", "line 3, column total: '' is no amount"),
        (
            f"{HEADER}A,{AT},x\nB,y,1\n",
            r"line 2, column total: 'x' is no amount\nline 3, column placed_at: 'y' is no date",
        ),
        (
            f"order_id,placed_at,total,currency\nA,{AT},1,euro\n",
            "line 2, column currency: 'EURO' is no currency code of ISO 4217",
        ),
        (
            f"refund_id,order_id,placed_at,total\nF,A,{AT},-1\nF,A,{AT},-2\n",
            "line 3, column refund_id: 'F' is on line 2",
        ),
        (
            f"{HEADER[:-1]},refunded\nA,{AT},10,3\nB,{AT},1,\nA,{AT},-3,\n",
            "line 2, column refunded: line 4 is a refund of 'A' too, and it would land twice",
        ),
        (b"\xff\xfeo\x00r", "line 1 is not UTF-16 text.*--encoding"),
    ],
)
async def test_what_is_unclear_is_refused(open_database: Open, tmp_path: Path, text: str | bytes, words: str) -> None:
    async with open_database() as db:
        with pytest.raises(ImportFailedError, match=words):
            await _land(db, tmp_path / "f.csv", text)
        assert await _rows(db, "select (select count(*) from orders) + (select count(*) from refunds)") == [(0,)]


@pytest.mark.parametrize(
    ("text", "said", "minor"),
    [
        (f"{HEADER}A,{AT},320.0000\n", {}, 32000),
        (f"{HEADER}A,{AT},2.500\n", {"decimal": "."}, 250),
        (f"{HEADER}A,{AT},2.500\n", {"decimal": ","}, 250000),
        ("order_id;placed_at;total\nA;24.11.2026 14:05;12,50\n", {"time_zone": ZoneInfo("UTC")}, 1250),
        ("order_id;placed_at;total\nA;24.11.2026 14:05;1.012,50\n", {"time_zone": ZoneInfo("UTC")}, 101250),
        (f"order_id\tplaced_at\ttotal\nA\t{AT}\t1'012.50\n", {}, 101250),
        (f"order_id|placed_at|total\nA|{AT}|\u22120\nB|{AT}|0\n".replace("\u22120", "7"), {}, 700),
        (f"{HEADER}A,{AT},1.00\n".replace("\n", "\r"), {}, 100),
        (f"{HEADER}A,{AT},1.00\n".replace("\n", "\r\n"), {}, 100),
        (f"\ufeff\ufeff{HEADER}A,{AT},1.00\n", {}, 100),
        (f"{HEADER}A,{AT},1.00\n".encode("utf-16"), {}, 100),
        (f"{HEADER}A,{AT},1.00\n".encode("utf-16-le"), {}, 100),
        (codecs.BOM_UTF16_BE + f"{HEADER}A,{AT},1.00\n".encode("utf-16-be"), {}, 100),
        (f"sep=;\norder_id;placed_at;total\nA;{AT};1,00\n", {}, 100),
        (f"Orders of November\n\n{HEADER}A,{AT},1.00\nTotal,,1.00\n", {}, 100),
        (f"{HEADER}A,{AT},1.00\n,,\n , ,\n", {}, 100),
        (f"order_id,placed_at,currency,total\nA,{AT},eur,9.99\n", {}, 999),
        (f"order_id,placed_at,currency,total\nA,{AT},KWD,9.999\n", {}, 9999),
        (f"\u200border_id,placed_at, total \nA,{AT},1.00\n", {}, 100),
        (f"{HEADER}A,{AT},1.00,,\n", {}, 100),
    ],
)
async def test_what_is_clear_is_read(
    open_database: Open, tmp_path: Path, text: str | bytes, said: dict[str, Any], minor: int
) -> None:
    async with open_database() as db:
        await _land(db, tmp_path / "f.csv", text, **said)
        assert (await _orders(db))[0] == ("A", minor)


async def test_windows_text_is_read_and_said(open_database: Open, tmp_path: Path) -> None:
    text = f"order_id,placed_at,total,country\nU-2,{AT},1.00,Österreich\n".encode("cp1252")
    async with open_database() as db:
        report = await _land(db, tmp_path / "f.csv", text)
        assert "CP1252 (line 2 is not UTF-8" in str(report)
        assert await _orders(db, "id, country") == [("U-2", "AT")]
        with pytest.raises(ImportFailedError, match="line 2 is not UTF-8 text"):
            await _land(db, tmp_path / "f.csv", text, encoding="utf-8")


async def test_countries_and_ids_are_in_their_form(open_database: Open, tmp_path: Path) -> None:
    names = ["UK", "Turkey", "Russia", "United Kingdom (UK)", "EL", "GBR", "South Korea", "XX"]
    rows = "".join(f"N-{n}\u200b,{AT},1.00,{name}\n" for n, name in enumerate(names))
    async with open_database() as db:
        await _land(db, tmp_path / "f.csv", "order_id,placed_at,total,country\n" + rows)
        codes = ["GB", "TR", "RU", "GB", "GR", "GB", "KR", None]
        assert await _orders(db, "id, country") == [(f"N-{n}", code) for n, code in enumerate(codes)]
        assert await _rows(db, "select given from orders where id = 'N-1'") == [({"country": "Turkey"},)]


async def test_times_of_a_place(open_database: Open, tmp_path: Path) -> None:
    ahead = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    text = f"{HEADER}TZ-1,{ahead:%Y-%m-%d %H:%M:%S},50.00\n"
    berlin = ZoneInfo("Europe/Berlin")
    async with open_database() as db:
        with pytest.raises(ImportFailedError, match="--time-zone"):
            await _land(db, tmp_path / "f.csv", text)
        with pytest.raises(ImportFailedError, match=r"line 2, column placed_at: .* lies ahead: it is .* UTC now"):
            await _land(db, tmp_path / "f.csv", text, time_zone=ZoneInfo("UTC"))
        local = text.replace(f"{ahead:%Y-%m-%d %H:%M:%S}", f"{ahead - timedelta(hours=1, minutes=1):%Y-%m-%d %H:%M:%S}")
        await _land(db, tmp_path / "f.csv", local, time_zone=berlin)
        with pytest.raises(ImportFailedError, match="does not exist in Europe/Berlin"):
            await _land(db, tmp_path / "f.csv", f"{HEADER}A,2026-03-29 02:30,1\n", time_zone=berlin)
        report = await _land(db, tmp_path / "f.csv", f"{HEADER}B,2026-10-25 02:30,1\n", time_zone=berlin)
        assert "1 instant in an hour that came twice" in str(report)
        assert await _rows(db, "select placed_at from orders where id = 'B'") == [
            (datetime(2026, 10, 25, 0, 30, tzinfo=UTC),)
        ]


async def test_the_order_of_dates_shows_in_others(open_database: Open, tmp_path: Path) -> None:
    text = f"{HEADER}A,03/04/2026 10:00Z,1\nB,24/04/2026 10:00Z,1\n"
    async with open_database() as db:
        report = await _land(db, tmp_path / "f.csv", text)
        assert "dates day-first" in str(report)
        await _land(db, tmp_path / "f.csv", f'{HEADER}C,"Apr 3, 2026, 2:05:06 PM UTC",1\n')
        assert [at.strftime("%d.%m. %H:%M") for (at,) in await _orders(db, "placed_at")] == [
            "03.04. 10:00",
            "24.04. 10:00",
            "03.04. 14:05",
        ]


async def test_lines_of_one_order_say_the_same_of_it(open_database: Open, tmp_path: Path) -> None:
    head = "order_id,placed_at,total,customer_id,country\n"
    async with open_database() as db:
        for line, column in ((f"A,{AT},2,lee,DE", "customer_id"), (f"A,{AT},2,kim,FR", "country")):
            with pytest.raises(ImportFailedError, match=f"line 3, column {column}: .*line 2 has another one"):
                await _land(db, tmp_path / "f.csv", f"{head}A,{AT},1,kim,DE\n{line}\n", sum_lines=True)
        await _land(db, tmp_path / "f.csv", f"{head}A,{AT},1,,DE\nA,{AT},2,kim,\n", sum_lines=True)
        assert await _orders(db, "id, minor, customer_id, country") == [("A", 300, "kim", "DE")]


async def test_the_report_names_what_it_does_not_look_at(open_database: Open, tmp_path: Path) -> None:
    text = f"order_id,placed_at,total,refunded,Tip,Total\nA,{AT},10,3,2,7\n"
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    preview = str(preview_orders(tmp_path / "f.csv", ImportOptions(currency="EUR")))
    assert "columns called like a field, and not looked at: Total\ncolumns not looked at: Tip\n" in preview
    assert "refunds: 1\n" in preview, "as many as will land"
    async with open_database() as db:
        assert "refunds: 1 new" in str(await _land(db, tmp_path / "f.csv", text))
        mixed = str(await _land(db, tmp_path / "f.csv", f'{HEADER}B,{AT},"1,50"\nC,{AT},1.50\n'))
    assert "each amount as it shows itself" in mixed


def test_a_preview_imports_nothing(tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(f"preamble\n{HEADER}A,{AT},1.00\nA,2026-11-25T12:00:00Z,-0.25\n,,\nTotal,,0.75\n", encoding="utf-8")
    said = str(preview_orders(file, ImportOptions(currency="EUR")))
    assert "left out before the header: line 1" in said
    assert "left out, the sum of those above: line 6" in said
    assert "line 3: order A, 2026-11-24 12:00:00 UTC, 1.00 EUR" in said
    assert "line 4: refund of A, 2026-11-25 12:00:00 UTC, 0.25 EUR" in said
    assert said.endswith("nothing was imported")


EXPORTS = {
    "shopify": (
        (
            "Name,Email,Financial Status,Paid at,Currency,Total,Refunded Amount,Created at,Billing Country,Item\n"
            "#1,kim@example.com,refunded,2026-11-24 09:12:44 +0200,EUR,36.00,6.00,2026-11-24 09:12:40 +0200,DE,A\n"
            "#1,kim@example.com,,,,,,2026-11-24 09:12:40 +0200,,B\n"
            "#2,lee@example.com,pending,,EUR,12.00,0.00,2026-11-24 10:00:00 +0200,FR,A\n"
            "#3,lee@example.com,voided,,EUR,9.00,0.00,2026-11-24 10:00:00 +0200,FR,A\n"
        ),
        {},
    ),
    "woocommerce": (
        (
            "order_number,order_date,paid_date,status,order_total,refunded_total,order_currency,billing_email,billing_country\n"
            "1,2026-11-24 09:12:40,2026-11-24 09:13:00,completed,36.00,6.00,EUR,kim@example.com,DE\n"
            "2,2026-11-24 10:00:00,,on-hold,12.00,0,EUR,lee@example.com,FR\n"
            "3,2026-11-24 10:00:00,,cancelled,9.00,0,EUR,lee@example.com,FR\n"
        ),
        {"time_zone": ZoneInfo("Europe/Berlin")},
    ),
    "medusa": (
        (
            "Order_ID,Display_ID,Date,Payment_Status,Total,Refunded_Total,Currency_Code,Customer Email,"
            "Shipping_Country_Code\n"
            "order_1,1,2026-11-24T09:12:40.123Z,captured,36.00,6.00,eur,kim@example.com,de\n"
            "order_2,2,2026-11-24T10:00:00.000Z,not_paid,12.00,0,eur,lee@example.com,fr\n"
            "order_3,3,2026-11-24T10:00:00.000Z,canceled,9.00,0,eur,lee@example.com,fr\n"
        ),
        {},
    ),
    "magento": (
        (
            '"ID","Purchase Date","Grand Total (Purchased)","Total Refunded","Customer Email","Status"\n'
            '"000000001","Nov 24, 2026, 9:12:40 AM","36.00","6.00","kim@example.com","Complete"\n'
            '"000000002","Nov 24, 2026, 10:00:00 AM","12.00","","lee@example.com","Pending Payment"\n'
            '"000000003","Nov 24, 2026, 10:00:00 AM","9.00","","lee@example.com","Canceled"\n'
        ),
        {"time_zone": ZoneInfo("Europe/Berlin")},
    ),
    "stripe": (
        (
            "balance_transaction_id,created_utc,currency,gross,fee,net,reporting_category,charge_id\n"
            "txn_1,2026-11-24 09:12:40,eur,36.00,1.00,35.00,charge,ch_1\n"
            "txn_2,2026-11-24 10:00:00,eur,12.00,1.00,11.00,charge,ch_2\n"
            "txn_3,2026-11-25 10:00:00,eur,-6.00,0.00,-6.00,refund,ch_1\n"
            "txn_4,2026-11-26 10:00:00,eur,-9.00,0.00,-9.00,payout,\n"
        ),
        {},
    ),
}


@pytest.mark.parametrize("shop", sorted(EXPORTS))
async def test_what_shops_export(open_database: Open, tmp_path: Path, shop: str) -> None:
    text, said = EXPORTS[shop]
    async with open_database() as db:
        report = await _land(db, tmp_path / "f.csv", text, preset=PRESETS[shop], **said)
        assert [minor for (minor,) in await _orders(db, "minor")] == [3600, 1200]
        ((order, back),) = await _refunds(db)
        assert (order, back) == ((await _orders(db, "id"))[0][0], 600)
        pending = [settled is None for (settled,) in await _orders(db, "settled_at")]
        assert pending == [False, shop != "stripe"]
        found = report.found
        assert sum(found.left_out.values()) == 1
        assert abs(found.amounts["left out", "EUR"]) == 900
        own = found.refunds
        assert found.rows == found.orders + own + found.continuations + sum(found.left_out.values())


async def test_what_the_console_exports_is_imported_again(open_database: Open, tmp_path: Path) -> None:
    header = ["Placed, UTC", "Order", "Customer", "Country", "State", "Total", "Total, EUR"]
    rows = [
        ["2026-11-24 12:00:00", "-2+3+cmd|' /C calc'!A0", "-1+1", "DE", "settled", "1,234.56 EUR", "1,234.56"],
        ["2026-11-24 13:00:00", "=1+1", "guest", "–", "pending", "1.00 USD", "no rate"],
    ]
    async with open_database() as db:
        await _land(db, tmp_path / "f.csv", csv_text(header, rows, bom=True), preset=PRESETS["opsconsole"])
        assert await _orders(db, "id, customer_id, country, currency, minor, settled_at is null") == [
            ("-2+3+cmd|' /C calc'!A0", "-1+1", "DE", "EUR", 123456, False),
            ("=1+1", None, None, "USD", 100, True),
        ]
