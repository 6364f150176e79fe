"""Orders that only the shop sent become known to the rules: each once, oldest first, with its metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx
import psycopg
import pytest

from backend.core.database import Database
from backend.core.settings import Settings
from backend.risk.backfill import SLICE, backfill, backfill_slice
from backend.shop import upserts
from models.risk.metrics import VELOCITY_MOST, WINDOWS
from models.shop.ingest import OrderIn, RefundIn
from tests.backend.risk.samples import NOON, checked, order, publish, rows
from tests.conftest import Api

Opened = Callable[[], Any]


async def fetched(db: Database, statement: str) -> list[Any]:
    async with db.read() as connection:
        return await (await connection.execute(statement)).fetchall()  # type: ignore[arg-type]


async def upsert(db: Database, orders: list[OrderIn], refunds: list[RefundIn] | None = None) -> None:
    async with db.transaction() as tx:
        currency = await upserts.claim_currency(tx, "EUR")
        await upserts.orders(tx, orders, currency)
        await upserts.refunds(tx, refunds or [], currency)


def shop_order(number: int, at: datetime, **more: Any) -> OrderIn:
    return OrderIn(id=f"o{number:05d}", placed_at=at, currency="EUR", total=number % 97, **more)


async def test_metrics_are_those_worked_out_one_by_one(open_database: Opened, settings: Settings) -> None:
    dice = Random(4)  # noqa: S311 - a test
    customers = ["ada", "bob", "cid", None]
    orders = [
        shop_order(
            n,
            NOON - timedelta(minutes=dice.choice([0, 9, 10, 11, 59, 60, 1_440, 9_000, 43_200, 50_000])),
            customer_id=dice.choices(customers, [8, 2, 1, 1])[0],
            country="de",
        )
        for n in range(2 * SLICE + 37)
    ]
    refunds = [
        RefundIn(id=f"r{n}", customer_id="ada", refunded_at=NOON - timedelta(hours=n), currency="EUR", amount=1)
        for n in range(5)
    ]
    async with open_database() as db:
        # Later half first: what is known earlier counts, whenever it was placed.
        for part in (orders[200:], orders[:200]):
            await upsert(db, part, refunds)
            await backfill(db, settings)
        columns = ", ".join(f"customer_orders_{key}, customer_amount_{key}" for key, _, _ in WINDOWS)
        found = await fetched(
            db,
            "select id, placed_at, customer_id, order_value, customer_orders, customer_refunds, billing_country,"
            f" hour_of_day, source, {columns} from risk_order order by seq",
        )
        assert len(found) == len(orders)
        assert await fetched(db, "select count(*) from risk_pending") == [(0,)]
    known: list[tuple[datetime, int]] = []
    by_customer: dict[str, list[tuple[datetime, int]]] = {"ada": known, "bob": [], "cid": []}
    for _, at, customer, value, earlier, refunded, country, hour, source, *velocity in found:
        assert (country, hour, source) == ("DE", at.hour, "shop")
        if customer is None:
            assert (earlier, refunded, set(velocity)) == (None, None, {None})
            continue
        mine = by_customer[customer]
        before = sorted((each for each in mine if each[0] <= at), key=lambda each: each[0], reverse=True)
        assert earlier == min(len(before), VELOCITY_MOST)
        assert refunded == (sum(NOON - timedelta(hours=n) <= at for n in range(5)) if customer == "ada" else 0)
        for (_, minutes, _), count, amount in zip(WINDOWS, velocity[::2], velocity[1::2], strict=True):
            within = [each for each in before if each[0] > at - timedelta(minutes=minutes)][: VELOCITY_MOST - 1]
            assert count == len(within) + 1
            if len(within) < VELOCITY_MOST - 1:  # among orders of one instant any may be left out
                assert amount == value + sum(each[1] for each in within)
        mine.append((at, value))
    ids = [row[0] for row in found]
    placed = {each.id: (each.placed_at, each.id) for each in orders}
    assert ids[:237] == sorted(ids[:237], key=placed.__getitem__)


async def test_a_turn_is_bounded_and_an_order_is_backfilled_once(open_database: Opened, settings: Settings) -> None:
    orders = [shop_order(n, NOON - timedelta(minutes=n)) for n in range(SLICE + 5)]
    async with open_database() as db:
        await upsert(db, orders)
        await upsert(db, [each.model_copy(update={"total": 5}) for each in orders])
        assert await fetched(db, "select count(*) from risk_pending") == [(SLICE + 5,)]
        async with db.transaction() as tx:
            assert await backfill_slice(tx) == SLICE
        assert await fetched(db, "select min(placed_at) from risk_pending") == [(NOON - timedelta(minutes=4),)]
        await asyncio.gather(*(backfill(db, settings) for _ in range(3)))
        await backfill(db, settings)
        assert await fetched(db, "select count(*), count(distinct id) from risk_order") == [(SLICE + 5, SLICE + 5)]
        await upsert(db, orders)
        assert await fetched(db, "select count(*) from risk_pending") == [(0,)], "corrections are known already"


async def test_a_refund_that_came_before_its_order_is_its_customers(open_database: Opened, settings: Settings) -> None:
    def refund(order_id: str, **more: Any) -> RefundIn:
        return RefundIn(id=f"r-{order_id}", order_id=order_id, refunded_at=NOON, currency="EUR", amount=1, **more)

    orders = [
        shop_order(1, NOON - timedelta(hours=1), customer_id="ada"),
        shop_order(2, NOON - timedelta(hours=1), customer_id="ada"),
        shop_order(3, NOON - timedelta(hours=1)),
    ]
    early = [refund("o00001"), refund("o00002", customer_id="bob"), refund("o00003"), refund("o00004")]
    async with open_database() as db:
        await upsert(db, [], early)
        await upsert(db, orders)
        await backfill(db, settings)
        found = dict(await fetched(db, "select order_id, customer_id from refunds"))
        assert found == {"o00001": "ada", "o00002": "bob", "o00003": None, "o00004": None}
        await upsert(db, [shop_order(5, NOON + timedelta(hours=1), customer_id="ada")])
        await backfill(db, settings)
        assert await fetched(db, "select customer_refunds from risk_order where id = 'o00005'") == [(1,)]


async def test_a_turn_that_fails_leaves_the_orders_waiting(open_database: Opened) -> None:
    async with open_database() as db:
        await upsert(db, [shop_order(1, NOON)])
        with pytest.raises(psycopg.errors.DivisionByZero):  # noqa: PT012 - the transaction is what fails
            async with db.transaction() as tx:
                await backfill_slice(tx)
                await tx.execute("select 1 / 0")
        assert await fetched(db, "select order_id from risk_pending") == [("o00001",)]


def test_an_order_that_was_checked_stays_as_the_check_saw_it(api: Api) -> None:
    publish(api.owner_url)
    checked(api, order("1"))
    sent = [
        {"id": name, "placedAt": NOON.isoformat(), "currency": "EUR", "total": 700, "customerId": "C-1"}
        for name in ("1", "2")
    ]
    path = f"{api.base_url}/api/ingest/orders"
    assert httpx.post(path, json={"rows": sent}, headers=api.headers("pipeline")).json()["inserted"] == 2

    async def turn() -> None:
        database = Database(api.settings.database_url or "")
        await database.open()
        await backfill(database, api.settings)
        await database.close()

    asyncio.run(turn())
    found = rows(api, "select id, source, minor, customer_orders, customer_amount_1h from risk_order order by seq")
    assert found == [("1", "check", 5_000, 0, 5_000), ("2", "shop", 700, 1, 5_700)]
    third = checked(api, order("3"))
    assert third["action"] == "approve"
    assert rows(api, "select customer_orders, customer_amount_1h from risk_order where id = '3'") == [(2, 10_700)]
