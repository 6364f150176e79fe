"""What a shop says of the state of an order decides what of it is a sale; nothing about it is guessed in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.core.database import Database
from backend.shop.importing.header import ImportFailedError
from backend.shop.importing.orders import import_orders, preview_orders
from backend.shop.importing.presets import PRESETS
from backend.shop.importing.report import Report
from backend.shop.importing.sales import ImportOptions
from backend.shop.importing.states import State
from tests.backend.shop.fixtures import silent

AT = "2026-11-24T12:00:00Z"
HEADER = "order_id,placed_at,total,status\n"
UTC = ZoneInfo("UTC")
Open = Callable[[], Any]


async def _land(db: Database, folder: Path, text: str, **said: Any) -> Report:
    file = folder / "f.csv"
    file.write_text(text, encoding="utf-8")
    return await import_orders(db, file, ImportOptions(**{"currency": "EUR", "time_zone": UTC} | said), silent)


async def _rows(db: Database, statement: str) -> list[tuple[Any, ...]]:
    async with db.read() as connection:
        return list(await (await connection.execute(statement)).fetchall())  # type: ignore[call-overload]


async def test_states_are_read_without_a_preset(open_database: Open, tmp_path: Path) -> None:
    text = (
        f"{HEADER}A,{AT},1,cancelled\nB,{AT},2,Failed\nC,{AT},3,draft\nD,{AT},4,completed\nE,{AT},5,On Hold\n"
        f"F,{AT},6,auto-draft\nG,{AT},7,\n"
    )
    async with open_database() as db:
        report = await _land(db, tmp_path, text)
        rows = await _rows(db, "select id, settled_at is null from orders order by id")
        assert rows == [("D", False), ("E", True), ("G", False)]
        assert report.found.rows == report.found.orders + sum(report.found.left_out.values())
        assert "left out, cancelled: 1 row" in str(report)
        assert "1 order without a state, taken as paid: line 8" in str(report)


@pytest.mark.parametrize(
    ("preset", "header", "state"),
    [
        (None, HEADER, "Storniert"),
        ("woocommerce", "order_number,order_date,order_total,status\n", "wc-parked"),
        ("magento", "ID,Purchase Date,Grand Total (Purchased),Status\n", "Parked"),
        ("stripe", "charge_id,created_utc,gross,reporting_category\n", "newthing"),
    ],
)
async def test_a_state_nobody_knows_is_named_or_said(
    open_database: Open, tmp_path: Path, preset: str | None, header: str, state: str
) -> None:
    text = f"{header}A,{AT},1,{state}\nB,{AT},2,refunded\nC,{AT},3,{state}\n".replace("refunded", "paid")
    text = text.replace(",paid\n", ",charge\n") if preset == "stripe" else text
    said = {"preset": PRESETS.get(preset or "")}
    async with open_database() as db:
        with pytest.raises(ImportFailedError, match=rf"nobody knows what '{state}' means \(lines 2, 4\).*--states"):
            await _land(db, tmp_path, text, **said)
        report = await _land(db, tmp_path, text, **said, states={state: State.LEFT_OUT})
        assert (report.found.orders, sum(report.found.left_out.values())) == (1, 2)


async def test_magento_and_stripe_have_words_of_their_own(open_database: Open, tmp_path: Path) -> None:
    magento = f"ID,Purchase Date,Grand Total (Purchased),Status\nA,{AT},1,Pending PayPal\nB,{AT},2,Suspected Fraud\n"
    stripe = (
        "balance_transaction_id,created_utc,currency,gross,reporting_category,charge_id\n"
        f"t1,{AT},eur,5,charge,c1\n"
        + "".join(
            f"t-{kind},{AT},eur,-9,{kind},\n"
            for kind in ("fee", "payout", "dispute", "other_adjustment", "payout_reversal", "network_cost", "topup")
        )
    )
    payments = (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Status,Converted Currency\n"
        f"ch_1,{AT},119.00,20.00,eur,Paid,eur\nch_9,{AT},119.00,0.00,eur,Failed,eur\n"
    )
    async with open_database() as db:
        await _land(db, tmp_path, magento, preset=PRESETS["magento"])
        await _land(db, tmp_path, stripe, preset=PRESETS["stripe"])
        await _land(db, tmp_path, payments, preset=PRESETS["stripe"])
        rows = await _rows(db, "select id, minor, settled_at is null from orders order by id")
        assert rows == [("A", 100, True), ("c1", 500, False), ("ch_1", 11900, False)]
        assert await _rows(db, "select order_id, minor from refunds") == [("ch_1", 2000)]


async def test_a_refund_that_failed_is_none(open_database: Open, tmp_path: Path) -> None:
    text = (
        "balance_transaction_id,created_utc,currency,gross,reporting_category,charge_id\n"
        "t1,2026-07-01 10:00:00,eur,5.00,charge,c1\nt2,2026-07-02 10:00:00,eur,-5.00,refund,c1\n"
        "t3,2026-07-03 10:00:00,eur,5.00,refund_failure,c1\nt4,2026-07-03 10:00:00,eur,7.00,refund_failure,c0\n"
    )
    async with open_database() as db:
        report = await _land(db, tmp_path, text, preset=PRESETS["stripe"])
        assert await _rows(db, "select id, minor from orders") == [("c1", 500)]
        assert await _rows(db, "select id from refunds") == []
        found = report.found
        assert found.rows == found.orders + found.refunds + sum(found.left_out.values())
        assert found.amounts["refunds", "EUR"] == 0
        assert "1 refund failed of which the file has no other row: line 5" in str(report)


REFUNDS = [
    (
        "woocommerce",
        (
            "order_number,order_date,status,order_total,order_currency,refunds\n"
            f"1,{AT},refunded,49.00,EUR,id:900|date:2026-11-25|amount:49.00|reason:\n"
            f"2,{AT},completed,44.00,EUR,id:901|amount:10.00|reason:;id:902|amount:4.50\n"
        ),
        [("1", 4900), ("2", 1450)],
    ),
    (
        "shopify",
        f"Name,Created at,Financial Status,Total,Currency,Refunded Amount\n#1,{AT},refunded,50.00,EUR,50.00\n",
        [("#1", 5000)],
    ),
    (
        None,
        f"{HEADER}A,{AT},10,refunded\nA,2026-11-25T12:00:00Z,-10,\n",
        [("A", 1000)],
    ),
]


@pytest.mark.parametrize(("preset", "text", "refunds"), REFUNDS)
async def test_what_was_given_back_is_read_where_the_file_says_it(
    open_database: Open, tmp_path: Path, preset: str | None, text: str, refunds: list[tuple[str, int]]
) -> None:
    async with open_database() as db:
        report = await _land(db, tmp_path, text, preset=PRESETS.get(preset or ""))
        assert await _rows(db, "select order_id, minor from refunds order by order_id") == refunds
        assert "the file does not say how much" not in str(report)


async def test_orders_that_are_said_to_be_refunded_are_named(open_database: Open, tmp_path: Path) -> None:
    text = (
        "Name,Created at,Financial Status,Total,Currency,Refunded Amount\n"
        f"#1,{AT},refunded,50.00,EUR,\n#2,{AT},partially_refunded,30.00,EUR,\n#3,{AT},paid,10.00,EUR,0\n"
    )
    async with open_database() as db:
        report = str(await _land(db, tmp_path, text, preset=PRESETS["shopify"]))
        assert "2 orders are said to be refunded, and the file does not say how much: lines 2, 3" in report
        assert await _rows(db, "select * from refunds") == []
        whole = await _land(db, tmp_path, text, preset=PRESETS["shopify"], refunded_in_full=True)
        assert await _rows(db, "select order_id, minor from refunds") == [("#1", 5000)]
        assert "1 order is said to be refunded, and the file does not say how much: line 3" in str(whole)
        assert whole.found.amounts["refunds", "EUR"] == 5000
    assert "2 orders are said to be refunded" in str(
        preview_orders(tmp_path / "f.csv", ImportOptions(currency="EUR", preset=PRESETS["shopify"]))
    )


async def test_an_order_that_is_no_sale_any_more_is_named(open_database: Open, tmp_path: Path) -> None:
    async with open_database() as db:
        await _land(db, tmp_path, f"{HEADER}A,{AT},10,paid\nB,{AT},5,paid\n")
        report = await _land(db, tmp_path, f"{HEADER}A,{AT},10,voided\nB,{AT},5,paid\nC,{AT},7,voided\n")
        assert "1 of the orders that are voided is in the shop already and stays a sale" in str(report)
        assert await _rows(db, "select count(*) from orders") == [(2,)]


async def test_refunds_are_held_against_their_orders(open_database: Open, tmp_path: Path) -> None:
    head = "order_id,placed_at,total,currency,refund_id\n"
    async with open_database() as db:
        await _land(db, tmp_path, f"{head}A,{AT},10,EUR,\nB,{AT},10,EUR,\nC,{AT},10,EUR,\nD,{AT},10,EUR,\n")
        fine = await _land(db, tmp_path, f"{head}D,2026-11-25T12:00:00Z,-10,EUR,R0\n")
        assert "PLEASE LOOK" not in str(fine)
        report = await _land(
            db,
            tmp_path,
            f"{head}A,2026-11-25T12:00:00Z,-6,EUR,R1\nA,2026-11-26T12:00:00Z,-5,EUR,R2\n"
            "B,2026-11-25T12:00:00Z,-5,USD,R3\nC,2026-11-23T12:00:00Z,-5,EUR,R4\nN,2026-11-25T12:00:00Z,-5,EUR,\n",
        )
        assert report.doubts == {
            "refunds from before their order was placed": ["R4"],
            "refunds in another currency than their order": ["R3"],
            "orders of which more was given back than they were worth": ["A"],
            "refunds of an order nobody knows": ["N"],
        }
        assert "- refunds of an order nobody knows (1): N" in str(report)
        assert await _rows(db, "select count(*) from refunds") == [(6,)], "all of them landed"
