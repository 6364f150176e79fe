"""The sample shop in a real database: whole or not at all, exact, quick, and trading on after any pause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from backend.alerts import evaluate, summary
from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.keys import Key
from backend.core.rows import readable
from backend.core.settings import Settings
from backend.deliveries import SecretStore, seed_sample
from backend.deliveries.connections import reads
from backend.deliveries.letters import reads as letters
from backend.deliveries.sending.actions import Holder, claim, claim_canaries
from backend.deliveries.sending.seeds import SAMPLE
from backend.figures.figures import figures_at
from backend.runtime import sample_shop
from backend.runtime.sample_shop import create_sample_shop
from backend.sample import trade
from backend.shop.rollups import fold
from models.alerts import AlertState, Severity
from models.dashboard import DashboardFigures
from models.deliveries.connections import ConnectionKind
from models.deliveries.letters import LetterState
from models.figures import FigureName

Opened = Callable[[], Any]

NAIVE = """
with o as (select * from orders where placed_at <= %(at)s), r as (select * from refunds where refunded_at <= %(at)s),
     d as (select * from downloads where downloaded_at > %(since)s and downloaded_at <= %(at)s)
select (select sum(reporting_minor) from o where placed_at > %(at)s - interval '1 day')
       - coalesce((select sum(reporting_minor) from r where refunded_at > %(at)s - interval '1 day'), 0),
       (select sum(reporting_minor) from o where placed_at > %(at)s - interval '30 days')
       - (select sum(reporting_minor) from r where refunded_at > %(at)s - interval '30 days'),
       (select count(*) from o where placed_at > %(since)s),
       (select count(*) from r where refunded_at > %(since)s),
       (select count(*) from o where placed_at > %(since)s and (settled_at is null or settled_at > %(at)s)),
       (select count(*) from d),
       (select count(*) filter (where not succeeded)::float8 / count(*) from d)
"""


async def one(connection: Connection, statement: str, **values: Any) -> tuple[Any, ...]:
    row = await (await connection.execute(statement, values or None)).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row


def silent(_message: str, _fraction: float) -> None:
    pass


async def assert_exact(connection: Connection, at: datetime, days: int) -> DashboardFigures:
    figures = await figures_at(connection, at, days)
    naive = await one(connection, NAIVE, at=at, since=at - timedelta(days=days))
    assert naive == (
        figures.revenue.daily,
        figures.revenue.monthly,
        figures.orders.total,
        figures.orders.refunded,
        figures.orders.pending,
        figures.downloads.total,
        pytest.approx(figures.downloads.failure_rate),
    )
    return figures


async def test_outside_systems_are_there_in_every_state(open_database: Opened, settings: Settings) -> None:
    async with open_database() as db:
        await create_sample_shop(db, settings, silent)
        store = SecretStore(Key.read(Key.make(), "test"), None)
        await seed_sample(db, store, dict.fromkeys(SAMPLE, "http://127.0.0.1:9/in"), "a secret of the sample")
        async with db.read() as connection:
            found = {each.name: each for each in readable(await reads.connections(connection))}
            assert {name: str(each.state) for name, each in found.items()} == {
                **dict.fromkeys(SAMPLE.values(), "ok"),
                "Newsletter": "paused",
                "Fraud desk": "misconfigured",
                "On-call pager": "off",
            }
            assert found["Newsletter"].paused_until is not None
            assert found["Newsletter"].pause_reason
            shop = UUID(found["Sample shop"].id)
            assert len((await reads.connection(connection, shop)).hours) > 12
            for state, least in ((LetterState.DEAD, 2), (LetterState.UNCERTAIN, 1), (LetterState.SENT, 8)):
                listed = readable(
                    await letters.letters(
                        connection, state=state, connection_id=shop, source=None, after=(None, None), limit=50
                    )
                )
                assert len(listed) >= least
                detail = await letters.letter(connection, listed[0].id)
                assert detail.request_body
                assert detail.answer_body or state is LetterState.UNCERTAIN
            me = Holder(uuid4(), tuple(ConnectionKind))
            claimed = {row["name"] for row in await claim(connection, me)}
            claimed |= {row["name"] for row in await claim_canaries(connection, me, 300.0)}
            assert claimed <= set(SAMPLE.values())  # of the others nothing is sent, nor tried


async def test_the_shop_is_believable_exact_and_alive(open_database: Opened, settings: Settings) -> None:
    said: list[float] = []
    async with open_database() as db:
        await create_sample_shop(db, settings, lambda _message, fraction: said.append(fraction))
        assert said == sorted(said)
        assert said[0] == 0.0
        assert said[-1] <= 1.0
        async with db.read() as connection:
            opened_at, newest = await one(
                connection, "select opened_at, (select max(downloaded_at) from downloads) from sample_shop"
            )
            assert opened_at - newest < timedelta(minutes=2)
            wrong = await one(
                connection,
                "select count(*) from orders o left join currency_rate r on r.currency = o.currency"
                " and r.day = (o.placed_at at time zone 'UTC')::date"
                " where reporting_minor is distinct from"
                " case when o.currency = 'EUR' then minor else converted(minor, rate, 0) end",
            )
            assert wrong == (0,)
            for days in (1, 7, 30, 90):
                for hours in (0.0, 26.5, 1000.0):
                    figures = await assert_exact(connection, opened_at - timedelta(hours=hours), days)
            figures = await figures_at(connection, opened_at, 7)
            assert 4_000 < figures.orders.total < 6_000
            assert 24_000 < figures.downloads.total < 32_000
            assert 15_000_000 < (figures.revenue.weekly or 0) < 24_000_000
            shown, count = await summary.for_dashboard(connection, opened_at)
            assert [(a.title, a.severity) for a in shown] == [("Downloads failing over limit", Severity.P2)]
            assert count == 1

        # It is there: nothing is done again.
        await create_sample_shop(db, settings, silent)
        await trade.trade(db, settings)
        await evaluate.evaluate(db, settings)
        async with db.read() as connection:
            now = await clock(connection)
            assert await summary.open_conditions(connection, now, 30) == {
                FigureName.DOWNLOADS_FAILURE_RATE: AlertState.ACTIVE,
                FigureName.ORDERS_REFUNDED: AlertState.ACKNOWLEDGED,
                FigureName.COMMUNITY_DISCORD_MEMBERS: AlertState.ACKNOWLEDGED,
                FigureName.COMMUNITY_SHOWCASES: AlertState.ACKNOWLEDGED,
            }, "nothing but what the history tells is over its limit"
            await assert_exact(connection, now, 7)


async def test_a_gap_is_filled_and_the_fault_passes(
    open_database: Opened, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def yesterday(connection: Connection) -> datetime:
        return await clock(connection) - timedelta(hours=30)

    monkeypatch.setattr(sample_shop, "clock", yesterday)
    monkeypatch.setattr(sample_shop, "HISTORY", timedelta(days=40))
    async with open_database() as db:
        await create_sample_shop(db, settings, silent)
        traded = None
        for _ in range(40):
            await trade.trade(db, settings)
            async with db.read() as connection:
                before, (traded,) = traded, await one(connection, "select traded_through from sample_shop")
            if before is not None and traded - before < timedelta(minutes=1):
                break
        await fold(db, settings)
        await evaluate.evaluate(db, settings)
        async with db.read() as connection:
            await assert_exact(connection, await clock(connection), 7)
            latched = await one(
                connection,
                "select state, returned_at is not null from alert where valid_to = 'infinity'"
                " and figure = 'downloads.failureRate' and state <> 'cleared'",
            )
            assert latched == ("active", True), "the condition has passed, somebody still has to acknowledge"
            hours = await one(
                connection,
                "select count(distinct hour_end(downloaded_at)),"
                " count(*) filter (where not succeeded)::float8 / count(*)"
                " from downloads where downloaded_at > now() - interval '30 hours'",
            )
            assert hours[0] >= 30, "no hole"
            assert hours[1] < 0.012, "the fault has ended"
            (newest,) = await one(connection, "select max(downloaded_at) from downloads")
            assert traded - newest < timedelta(minutes=3), "up to where it has traded, however long the rest took"
            overdue = await one(
                connection,
                "select count(*) from orders where settled_at is null and placed_at < now() - interval '10 hours'",
            )
            assert overdue == (0,)
            assert await one(connection, "select count(*) from orders where reporting_minor is null") == (0,)
            assert await one(connection, "select count(*) from quarantine") == (0,)


async def test_killed_half_way_leaves_nothing(
    open_database: Opened, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(_message: str, fraction: float) -> None:
        if fraction > 0.1:
            raise Killed

    monkeypatch.setattr(sample_shop, "HISTORY", timedelta(days=20))
    async with open_database() as db:
        with pytest.raises(Killed):
            await create_sample_shop(db, settings, killed)
        async with db.read() as connection:
            assert await one(connection, "select count(*) from orders") == (0,)
            assert await one(connection, "select count(*) from audit_log where actor = 'system:sample-shop'") == (0,)
        await create_sample_shop(db, settings, silent)
        async with db.read() as connection:
            assert await one(connection, "select count(*) from sample_shop") == (1,)


async def test_another_shops_records_are_left_alone(
    open_database: Opened, settings: Settings, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("insert into orders (id, placed_at, currency, minor) values ('real', now(), 'EUR', 1)")
    async with open_database() as db:
        assert not await create_sample_shop(db, settings, silent)
        await trade.trade(db, settings)
        async with db.read() as connection:
            assert await one(connection, "select count(*) from orders") == (1,)


async def test_the_shop_opens_with_a_queue_and_goes_on_checking(open_database: Opened, settings: Settings) -> None:
    async with open_database() as db:
        await create_sample_shop(db, settings, silent)
        async with db.read() as connection:
            queued, newest, oldest, blocked = await one(
                connection,
                "select count(*), max(created_at), min(created_at), count(*) filter (where action = 'block')"
                " from risk_entry where status = 'open'",
            )
            (opened_at,) = await one(connection, "select opened_at from sample_shop")
            assert 90 <= queued <= 220
            assert blocked > 0
            assert opened_at - timedelta(days=1) < oldest < newest <= opened_at
            assert await one(
                connection, "select count(*) > 5 from (select distinct unnest(triggered) from risk_entry)"
            ) == (True,)
            frauds, caught = await one(
                connection,
                "select count(*), count(*) filter (where d.score >= 30)"
                " from risk_fraud join risk_decision as d using (order_id)",
            )
            assert frauds >= caught > frauds / 2 > 15, "a backtest shows rules that work"
            # What the rules saw is what is there: each velocity, worked out naively.
            wrong = await one(
                connection,
                "select count(*) from risk_order as o where card_orders_1h <> (select count(*) from risk_order as p"
                " where p.card = o.card and p.seq <= o.seq and p.placed_at > o.placed_at - interval '1 hour')",
            )
            assert wrong == (0,)
            (before,) = await one(connection, "select count(*) from risk_decision")
        async with db.transaction() as tx:
            await tx.execute("update sample_shop set traded_through = traded_through - interval '9 minutes'")
            await tx.execute("delete from risk_pending")
        await trade.trade(db, settings)
        async with db.read() as connection:
            (decided,) = await one(connection, "select count(*) from risk_decision")
            assert decided >= before
            missing = await one(
                connection,
                "select count(*) from orders as o where placed_at > (select opened_at from sample_shop)"
                " and not exists (select from risk_decision as d where d.order_id = o.id)",
            )
            assert missing == (0,)
