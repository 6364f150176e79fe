"""Figures are exact at any instant, whatever arrived when, and the series add up to them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.dashboard.compose import compose
from backend.figures.windows import DAY, HOUR, buckets, floor
from backend.shop import upserts
from backend.shop.rollups import fold
from models.dashboard import OperationsDashboard
from models.shop.ingest import CommunityIn, DownloadIn, OrderIn, RateIn, RefundIn

BASE = datetime(2026, 11, 24, 14, 2, 37, 250000, tzinfo=UTC)
NAIVE = """
select (select count(*) from orders where placed_at > %(a)s and placed_at <= %(b)s),
    (select coalesce(sum(reporting_minor), 0) from orders where placed_at > %(a)s and placed_at <= %(b)s)::bigint,
    (select count(*) from refunds where refunded_at > %(a)s and refunded_at <= %(b)s),
    (select coalesce(sum(reporting_minor), 0) from refunds where refunded_at > %(a)s and refunded_at <= %(b)s)::bigint,
    (select count(*) from downloads where downloaded_at > %(a)s and downloaded_at <= %(b)s),
    (select count(*) from downloads where downloaded_at > %(a)s and downloaded_at <= %(b)s and not succeeded),
    (select count(*) from orders where placed_at > %(a)s and placed_at <= %(b)s
        and (settled_at is null or settled_at > %(b)s))
"""


@given(
    st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - made aware below
    st.sampled_from([7, 30, 90]),
)
def test_buckets_tile_the_range(at: datetime, days: int) -> None:
    as_of = at.replace(tzinfo=UTC)
    found = buckets(as_of, days)
    assert found[0].start == as_of - days * DAY
    assert found[-1].end == as_of
    assert all(a.end == b.start for a, b in pairwise(found))
    assert all(b.start < b.end <= b.label for b in found)
    assert [b.label for b in found] == sorted({b.label for b in found})
    old = buckets(as_of - days * DAY, days)
    assert [b.end - b.start for b in old] == [b.end - b.start for b in found]  # comparable point by point


async def _naive(connection: Connection, start: datetime, end: datetime) -> tuple[int, ...]:
    row = await (await connection.execute(NAIVE, {"a": start, "b": end})).fetchone()
    assert row is not None
    return tuple(row)


async def _check(connection: Connection, settings: Settings, as_of: datetime, days: Any) -> OperationsDashboard:
    """The dashboard against the plain sums of the raw rows; call within one snapshot."""
    found = await compose(connection, settings, as_of, days)
    orders, minor, refunds, refunded, downloads, failed, pending = await _naive(connection, as_of - days * DAY, as_of)
    assert (found.orders.total, found.orders.refunded, found.orders.pending) == (orders, refunds, pending)
    assert found.downloads.total == downloads
    assert found.downloads.failure_rate == (failed / downloads if downloads else None)
    for value, length in ((found.revenue.daily, 1), (found.revenue.weekly, 7), (found.revenue.monthly, 30)):
        _, gross, _, back, *_ = await _naive(connection, as_of - length * DAY, as_of)
        assert (value or 0) == gross - back
    before = as_of - days * DAY
    old = await _naive(connection, before - days * DAY, before)
    assert (found.previous.orders.total, found.previous.orders.refunded) == (old[0], old[2])
    assert found.previous.orders.pending == old[6]
    series = found.series
    assert sum(series.orders) == orders
    assert sum(series.refunds) == refunds
    assert sum(v or 0 for v in series.revenue) == minor - refunded
    assert (sum(series.downloads), sum(series.failed_downloads)) == (downloads, failed)
    assert sum(series.previous.orders) == old[0]
    assert sum(v or 0 for v in series.previous.revenue) == old[1] - old[3]
    return found


def _order(dice: random.Random, number: int) -> OrderIn:
    placed = BASE - timedelta(seconds=dice.choice([dice.uniform(0, 40 * 86400), dice.uniform(0, 200 * 86400)]))
    if dice.random() < 0.2:
        placed = floor(placed, HOUR) + timedelta(microseconds=dice.choice([-1, 0, 1]))
    settled = dice.choice([None, placed, placed + timedelta(minutes=dice.uniform(0, 90)), placed + 20 * DAY])
    currency = dice.choice(["EUR", "EUR", "USD", "JPY", "CHF"])
    return OrderIn(
        id=f"o{number}", placed_at=placed, settled_at=settled, currency=currency, total=dice.randrange(50000)
    )


async def _land_some(tx: Connection, dice: random.Random) -> None:
    await upserts.claim_currency(tx, "EUR")
    match dice.randrange(5):
        case 0 | 1:
            await upserts.orders(tx, [_order(dice, dice.randrange(400)) for _ in range(dice.randrange(1, 30))], "EUR")
        case 2:
            refunds = [
                RefundIn(
                    id=f"r{dice.randrange(80)}",
                    refunded_at=BASE - timedelta(seconds=dice.uniform(0, 190 * 86400)),
                    currency=dice.choice(["EUR", "USD"]),
                    amount=dice.randrange(9000),
                )
                for _ in range(9)
            ]
            await upserts.refunds(tx, refunds, "EUR")
        case 3:
            downloads = [
                DownloadIn(
                    id=f"d{dice.randrange(900)}",
                    downloaded_at=BASE - timedelta(seconds=dice.uniform(0, 190 * 86400)),
                    product="A",
                    succeeded=dice.random() < 0.9,
                )
                for _ in range(40)
            ]
            await upserts.downloads(tx, downloads)
        case _:
            day = (BASE - timedelta(days=dice.randrange(200))).date()
            rate = RateIn(currency=dice.choice(["USD", "JPY"]), day=day, rate=f"{dice.uniform(0.005, 2):.4f}")
            await upserts.rates(tx, [rate], "EUR")


async def test_figures_equal_plain_sums_under_concurrent_writers(
    open_database: Callable[[], Any], settings: Settings
) -> None:
    done = asyncio.Event()
    checked = 0

    async def writer(db: Database, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
        for _ in range(12):
            try:
                async with db.transaction() as tx:
                    await _land_some(tx, dice)
                    if dice.random() < 0.2:
                        raise InterruptedError  # noqa: TRY301 - rolls the transaction back
            except InterruptedError:
                continue

    async def folder(db: Database) -> None:
        while not done.is_set():
            await fold(db, settings)
            await asyncio.sleep(0.02)

    async def reader(db: Database, seed: int) -> None:
        nonlocal checked
        dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
        while not done.is_set():
            as_of = BASE - timedelta(seconds=dice.uniform(0, 100 * 86400))
            as_of = dice.choice(
                [as_of, floor(as_of, HOUR), floor(as_of, DAY), floor(as_of, HOUR) + timedelta(microseconds=1)]
            )
            async with db.transaction() as tx:
                await tx.execute("set transaction isolation level repeatable read")
                await _check(tx, settings, as_of, dice.choice([7, 30, 90]))
            checked += 1

    async with open_database() as db:
        others = [asyncio.create_task(folder(db)), *(asyncio.create_task(reader(db, s)) for s in range(2))]
        await asyncio.gather(*(writer(db, 100 + s) for s in range(8)))
        done.set()
        await asyncio.gather(*others)
        await fold(db, settings)
        async with db.read() as connection:
            for days in (7, 30, 90):
                await _check(connection, settings, BASE, days)
    assert checked > 5


async def test_late_data_and_corrections_change_the_past_at_once(
    open_database: Callable[[], Any], settings: Settings
) -> None:
    order = OrderIn(id="a", placed_at=BASE - HOUR, currency="EUR", total=1000)
    async with open_database() as db:
        async with db.transaction() as tx:
            await upserts.claim_currency(tx, "EUR")
            assert await upserts.orders(tx, [order], "EUR") == (1, 0)
            assert await upserts.orders(tx, [order], "EUR") == (0, 0)
        await fold(db, settings)
        async with db.transaction() as tx:
            late = OrderIn(id="b", placed_at=BASE - 2 * HOUR, currency="EUR", total=500)
            corrected = order.model_copy(update={"total": 1200})
            assert await upserts.orders(tx, [late, corrected], "EUR") == (1, 1)
        async with db.read() as connection:
            found = await _check(connection, settings, BASE, 7)
        assert found.revenue.daily == 1700


async def test_an_older_message_changes_nothing_and_settled_stays_settled(
    open_database: Callable[[], Any], settings: Settings
) -> None:
    first = OrderIn(id="a", placed_at=BASE - HOUR, settled_at=BASE, currency="EUR", total=900, updated_at=BASE)
    async with open_database() as db:
        async with db.transaction() as tx:
            await upserts.claim_currency(tx, "EUR")
            await upserts.orders(tx, [first], "EUR")
            older = first.model_copy(update={"total": 1, "settled_at": None, "updated_at": BASE - DAY})
            assert await upserts.orders(tx, [older], "EUR") == (0, 0)
            newer = first.model_copy(update={"total": 800, "settled_at": None, "updated_at": BASE + HOUR})
            assert await upserts.orders(tx, [newer], "EUR") == (0, 1)
        async with db.read() as connection:
            found = await _check(connection, settings, BASE, 7)
        assert (found.revenue.daily, found.orders.pending) == (800, 0)


async def test_a_missing_rate_is_a_problem_and_not_a_zero(open_database: Callable[[], Any], settings: Settings) -> None:
    async with open_database() as db:
        async with db.transaction() as tx:
            await upserts.claim_currency(tx, "EUR")
            await upserts.orders(tx, [OrderIn(id="a", placed_at=BASE - HOUR, currency="JPY", total=15000)], "EUR")
        async with db.read() as connection:
            found = await compose(connection, settings, BASE, 7)
        assert found.revenue.daily is None
        assert found.states["revenue.daily"] == "no_data"  # type: ignore[index] # a StrEnum's text is its key
        assert "1 order in JPY of 2026-11-24 without a rate" in found.data_problems[0].detail
        async with db.transaction() as tx:
            await upserts.orders(tx, [OrderIn(id="b", placed_at=BASE - HOUR, currency="EUR", total=100)], "EUR")
        async with db.read() as connection:
            found = await compose(connection, settings, BASE, 7)
        assert found.revenue.daily == 100
        assert found.states["revenue.daily"] == "incomplete"  # type: ignore[index]
        async with db.transaction() as tx:
            await upserts.rates(tx, [RateIn(currency="JPY", day=BASE.date(), rate="0.0061")], "EUR")
        async with db.read() as connection:
            found = await _check(connection, settings, BASE, 7)
        assert found.revenue.daily == 100 + 9150  # 15 000 yen have no decimals, 91.50 euros have two
        assert found.data_problems == ()


async def test_community_is_the_latest_value_known_then(open_database: Callable[[], Any], settings: Settings) -> None:
    rows = [
        CommunityIn(id=str(n), metric="discord", observed_at=BASE - n * HOUR, value=1000 - n) for n in (1, 30, 24 * 9)
    ]
    async with open_database() as db:
        async with db.transaction() as tx:
            await upserts.community(tx, rows)
        async with db.read() as connection:
            found = await compose(connection, settings, BASE, 7)
    assert (found.community.discord_members, found.previous.community.discord_members) == (999, 784)
    assert found.community.showcases is None
    assert found.states["community.showcases"] == "no_data"  # type: ignore[index]
    assert found.series.discord_members[-1] == 999
    assert found.series.discord_members[0] is None  # silent for days: a gap, not the old value
    assert found.data_through["discord"].late  # type: ignore[index]


@pytest.mark.parametrize("days", [7, 30, 90])
async def test_an_empty_shop_has_no_data(open_database: Callable[[], Any], settings: Settings, days: Any) -> None:
    async with open_database() as db, db.read() as connection:
        found = await _check(connection, settings, BASE, days)
    assert found.downloads.failure_rate is None
    assert set(found.states.values()) == {"no_data"}
