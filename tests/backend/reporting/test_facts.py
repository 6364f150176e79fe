"""Facts of tax are what the documents say, whatever came when; what lies at or below a number never changes."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.settings import Settings
from backend.reporting.calendar.actions import prove
from backend.reporting.facts import reads
from backend.reporting.facts.actions import Folder, fold, fold_anew
from backend.reporting.returns import reads as returns
from tests.backend.reporting.fixtures import (
    CA,
    GB,
    OSS,
    books,
    chargeback,
    day,
    line,
    order,
    refund,
    register,
)


@pytest.fixture
def registered_url(owner_url: str) -> str:
    register(owner_url, OSS, GB, CA)
    return owner_url


async def test_what_was_charged_becomes_facts(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await shop.take(
            order("o1", "2025-02-01", line("DE", 1000, 190, "19"), line("GR", 500, 120, "24")),
            order("o2", "2025-02-01", line("ES", 1000, 210, "21")),
            order("o3", "2025-02-01", line("FR", 1000, 0, "0"), customerStatus="business", vatId="FR 40303265045"),
            order("o4", "2025-02-01", line("FR", 1000, 200), customerStatus="business", vatId="FR00000000000"),
            order("o5", "2025-02-01", line("XI", 1000, 200)),
            order("o6", "2025-02-01", line("ES-CN", 1000, 70, "7")),
            order("o7", "2025-02-01", line("US-CA", 1000, 73, "7.25"), currency="USD"),
            order("o8", "2025-02-01", line("US-NY", 1000, 0, "0"), currency="USD"),
            order("o9", "2025-02-01", country="IT", total=700),
            order("old", "2023-12-31 12:00", line("DE", 1000, 190, "19")),
            order("late", "2023-12-31 23:30", line("DE", 1000, 190, "19")),
        )
        found = {key[1:4]: sums for key, sums in (await shop.figures()).items()}
        assert found == {
            ("taxed", "DE", day("2025-02-01")): (1000, 190),
            ("taxed", "EL", day("2025-02-01")): (500, 120),
            ("home", "ES", day("2025-02-01")): (1000, 210),
            ("business", "FR", day("2025-02-01")): (1000, 0),
            ("taxed", "FR", day("2025-02-01")): (1000, 200),
            ("taxed", "GB", day("2025-02-01")): (1000, 200),
            ("elsewhere", "ES-CN", day("2025-02-01")): (1000, 70),
            ("taxed", "CA", day("2025-01-31")): (1000, 73),
            ("elsewhere", "NY", day("2025-02-01")): (1000, 0),
            ("unattributable", "IT", day("2025-02-01")): (700, 0),
            ("before", "DE", day("2023-12-31")): (1000, 190),
            ("taxed", "DE", day("2024-01-01")): (1000, 190),
        }
        assert await shop.differences() == {}


async def test_corrections_re_dating_and_chargebacks_are_differences(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        sold = order("o1", "2025-03-31 22:30", line("DE", 1000, 190, "19"))
        await shop.take(sold)
        assert await shop.figures() == {("order", "taxed", "DE", day("2025-04-01"), day("2025-04-01")): (1000, 190)}
        await shop.take(order("o1", "2025-03-31 22:30", line("DE", 1000, 190, "19"), taxDate="2025-03-31"))
        assert await shop.figures() == {("order", "taxed", "DE", day("2025-03-31"), day("2025-03-31")): (1000, 190)}
        assert len(await shop.rows("select from tax_fact")) == 3  # plus, minus, plus
        await shop.take(refund("r1", "o1", "2025-05-01", line("DE", 400, 76, "19")))
        await shop.take(chargeback("c1", "o1", "2025-06-01", 1190))
        back = (await shop.figures())["chargeback", "taxed", "DE", day("2025-03-31"), day("2025-06-01")]
        assert back == (-600, -114)  # what the refund left
        await shop.take(refund("r2", "o1", "2025-07-01", line("DE", 600, 114, "19")))
        assert not any(key[0] == "chargeback" for key in await shop.figures())
        await shop.take(refund("r3", "o1", "2025-07-02", line("DE", 600, 114, "19")))  # larger than the order
        assert sum(tax for _, tax in (await shop.figures()).values()) == -114
        assert await shop.differences() == {}
        await shop.take(chargeback("c1", "o1", "2025-06-01", 1190, withdrawnAt="2025-08-01T00:00:00Z"))
        assert await shop.differences() == {}


async def test_a_refund_waits_for_its_order_and_may_move_to_another(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await shop.take(refund("r1", "o1", "2025-02-02", line("DE", 100, 19, "19")))
        assert await shop.figures() == {}
        await shop.take(
            order("o1", "2025-02-03", line("DE", 1000, 190, "19")), order("o2", "2025-02-04", line("FR", 9, 1))
        )
        assert ("refund", "taxed", "DE", day("2025-02-03"), day("2025-02-02")) in await shop.figures()
        await shop.take(refund("r1", "o2", "2025-02-02", line("FR", 9, 1), currency="USD"))
        assert ("refund", "taxed", "FR", day("2025-02-04"), day("2025-02-02")) in await shop.figures()
        assert await shop.differences() == {}


async def test_a_fold_again_writes_nothing_and_says_nothing_of_shops_that_file_nothing(
    owner_url: str, database_url: str
) -> None:
    async with books(owner_url, database_url) as shop:
        await shop.take(order("o1", "2025-02-03", line("DE", 1000, 190, "19")))
        assert await shop.rows("select from tax_inbox") == []
        assert await shop.rows("select from tax_fact") == []
        register(owner_url, OSS)
        async with shop.database.transaction() as tx:
            await fold_anew(tx)
        await Folder().fold_facts(shop.database, Settings())
        assert await shop.figures() == {("order", "taxed", "DE", day("2025-02-03"), day("2025-02-03")): (1000, 190)}
        async with shop.database.transaction() as tx:
            await fold_anew(tx)
        await Folder().fold_facts(shop.database, Settings())
        assert len(await shop.rows("select from tax_fact")) == 1


async def test_a_cut_is_the_same_for_ever(registered_url: str, database_url: str) -> None:
    """Also when a transaction that began before the fold commits after it."""
    async with books(registered_url, database_url) as shop, await psycopg.AsyncConnection.connect(database_url) as slow:
        await slow.execute("insert into tax_inbox (order_id) values ('o2')")  # open: its order commits later
        await shop.take(order("o1", "2025-02-03", line("DE", 1000, 190, "19")))
        async with shop.database.read() as connection:
            cut = await reads.cut_now(connection)
        counted = "select count(*), sum(tax)::int from tax_fact where seq <= %s"
        before = await shop.rows(counted, cut)
        [(known_at,)] = await shop.rows("select max(known_at) from tax_step")
        await slow.commit()
        await shop.take(order("o2", "2025-02-03", line("DE", 1000, 190, "19")))
        assert await shop.rows(counted, cut) == before
        async with shop.database.read() as connection:
            assert await reads.cut_at(connection, known_at) == cut < await reads.cut_now(connection)


async def test_folds_at_once_number_without_a_gap(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:

        async def write(name: str) -> None:
            for n in range(20):
                await shop.put(order(f"{name}{n}", "2025-02-03", line("DE", 1000 + n, 190, "19")))

        async def folding() -> None:
            for _ in range(20):
                async with shop.database.transaction() as tx:
                    await fold(tx)

        await asyncio.gather(*map(write, "abc"), folding(), folding())
        await shop.fold()
        assert await shop.differences() == {}
        assert await shop.rows("select count(*), max(seq) from tax_fact") == [(60, 60)]
        assert await shop.rows("select last from tax_counter") == [(60,)]


async def test_nobody_changes_a_fact(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await shop.take(order("o1", "2025-02-03", line("DE", 1000, 190, "19")))
        for statement in ("update tax_fact set tax = 0", "delete from tax_fact", "delete from tax_cell"):
            async with shop.database.read() as connection:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)  # type: ignore[call-overload]


async def test_stretches_are_what_their_facts_come_to(registered_url: str, database_url: str) -> None:
    """Figures from closed stretches and the open one are those of every fact, at any cut; a changed sum is found."""
    async with books(registered_url, database_url) as shop:
        await shop.take(order("o1", "2025-02-03", line("DE", 1_000, 190, "19")))
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute(MANY)
        async with shop.database.read() as connection:
            before = [await returns.figures(connection, "EU-OSS", cut, day("2026-01-01")) for cut in CUTS]
        await Folder().fold_facts(shop.database, Settings())
        assert await shop.rows("select closed from tax_counter") == [(2,)]
        async with shop.database.read() as connection:
            after = [await returns.figures(connection, "EU-OSS", cut, day("2026-01-01")) for cut in CUTS]
        assert before == after
        await prove(shop.database, Settings())
        found = "select title from alert where source = 'reporting.proof'"
        assert await shop.rows(found) == []
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute("update tax_stretch set tax = tax + 1 where stretch = 1")
        await prove(shop.database, Settings())
        assert await shop.rows(found) == [("Tax reports do not prove",)]


MANY = """
insert into tax_fact select n, 'x' || n, 'x' || n, date '2025-02-01' + (n % 28), date '2025-02-01' + (n % 28), cell,
       n % 7, n % 3
  from generate_series(2, 250000) as n, (select cell from tax_fact) as c;
update tax_counter set last = 250000;
"""
CUTS = (0, 1, 99_999, 100_000, 100_001, 200_000, 249_999, 250_000)

DAYS = ("2024-12-31 22:30", "2024-12-31 23:30", "2025-01-01 00:30", "2025-03-31 22:30", "2025-06-30 21:59")
LINES = st.builds(
    line,
    st.sampled_from(("DE", "FR", "ES", "GB", "US-CA", "DE-BY", "CH", "ES-CN", "XI", "GR")),
    st.integers(0, 999),
    st.integers(0, 300),
    st.sampled_from(("20", "19.00", "5.5")),
)
STEPS = st.one_of(
    st.builds(
        lambda n, when, lines, more: order(f"o{n}", when, *lines, **more),
        st.integers(1, 4),
        st.sampled_from(DAYS),
        st.lists(LINES, min_size=1, max_size=2),
        st.sampled_from(
            (
                {},
                {"taxDate": "2025-03-31"},
                {"currency": "USD"},
                {"customerStatus": "business", "vatId": "DE136695976"},
            )
        ),
    ),
    st.builds(lambda n, when: order(f"o{n}", when, country="GR", total=77), st.integers(1, 4), st.sampled_from(DAYS)),
    st.builds(
        lambda n, of, when, lines: refund(f"r{n}", f"o{of}", when, *lines),
        st.integers(1, 4),
        st.integers(1, 4),
        st.sampled_from(DAYS),
        st.lists(LINES, min_size=1, max_size=2),
    ),
    st.builds(
        lambda n, of, when: chargeback(f"c{n}", f"o{of}", when, 9),
        st.integers(1, 3),
        st.integers(1, 4),
        st.sampled_from(DAYS),
    ),
    st.builds(lambda n: chargeback(f"c{n}", "o1", DAYS[0], 9, withdrawnAt="2025-08-01T00:00:00Z"), st.integers(1, 3)),
    st.just(None),
)


def test_facts_are_what_documents_say(registered_url: str, database_url: str) -> None:
    """For random histories, by the second computation: orders, corrections, refunds, chargebacks, withdrawals."""
    many = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

    @many
    @given(st.lists(STEPS, min_size=1, max_size=25))
    def law(steps: list[Any]) -> None:
        asyncio.run(live(steps))

    async def live(steps: list[Any]) -> None:
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute("truncate orders, refunds, risk_outcome, tax_inbox, tax_fact, tax_step, risk_pending")
            owner.execute("update tax_counter set last = 0")
        async with books(registered_url, database_url) as shop:
            for step in steps:
                await (shop.fold() if step is None else shop.put(step))
            await shop.fold()
            assert await shop.differences() == {}

    law()
