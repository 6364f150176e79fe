"""Returns: what was charged, declared once, frozen when approved; differences go into the next one."""

from __future__ import annotations

import asyncio
from uuid import UUID

import psycopg
import pytest

from backend.core.problems import ProblemError
from backend.reporting.returns import actions
from backend.reporting.tables.actions import seed
from models.core.problems import Code
from tests.backend.reporting.fixtures import CA, GB, OSS, Books, books, chargeback, line, order, refund, register

Q1, Q2, Q3 = ("2024-01-01", "2024-03-31"), ("2024-04-01", "2024-06-30"), ("2024-07-01", "2024-09-30")


@pytest.fixture
def registered_url(owner_url: str) -> str:
    register(owner_url, OSS, GB, CA)
    return owner_url


async def sell(shop: Books) -> None:
    await shop.publish("SEK", "2024-04-02", "11.5")  # the 31st of March was a holiday
    await shop.take(
        order("o1", "2024-02-01", line("DE", 10_000, 1_900, "19")),
        order("o2", "2024-02-01", line("FR", 10_000, 2_000)),
        order("o3", "2024-03-31 21:30", line("SE", 100_000, 25_000, "25"), currency="SEK"),
        order("o4", "2024-03-31 22:30", line("DE", 10_000, 1_900, "19")),  # the 1st of April in Madrid
        order("o5", "2024-02-02", line("ES", 10_000, 2_100, "21")),
    )


async def test_a_return_of_its_own_period(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        made = await shop.generate(*Q1)
        assert (made.state, made.payable, made.nil, made.due_on.isoformat()) == (
            "reconciled",
            6_074,
            False,
            "2024-04-30",
        )
        assert await shop.lines(made) == [
            ("own", "2024-01-01", "DE", 10_000, 1_900),
            ("own", "2024-01-01", "FR", 10_000, 2_000),
            ("own", "2024-01-01", "SE", 8_696, 2_174),
        ]
        content = await shop.content(made)
        [sweden] = [each for each in content["lines"] if each["state"] == "SE"]
        assert sweden["charged"] == [
            {"currency": "SEK", "net": 100_000, "tax": 25_000, "perEur": "11.5", "rateDay": "2024-04-02"}
        ]
        assert content["notInReturn"] == [{"why": "home", "currency": "EUR", "net": 10_000, "tax": 2_100, "orders": 1}]


async def test_what_is_filed_stays_and_a_difference_is_declared_once(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        first = await shop.file(*Q1)
        again = await shop.generate(*Q1)
        assert (again.sha256, again.cut, again.version) == (first.sha256, first.cut, first.version)
        await shop.take(
            refund("r1", "o1", "2024-05-01", line("DE", 10_000, 1_900, "19")),
            order("late", "2024-01-15", line("FR", 1_000, 200)),
            order("o2", "2024-02-01", line("FR", 10_000, 2_000), taxDate="2024-04-01"),  # re-dated after filing
        )
        await shop.publish("SEK", "2024-04-02", "11.4")
        second = await shop.file(*Q2)
        assert await shop.lines(second) == [
            ("own", "2024-04-01", "DE", 10_000, 1_900),
            ("own", "2024-04-01", "FR", 10_000, 2_000),
            ("correction", "2024-01-01", "DE", 0, -1_900),
            ("correction", "2024-01-01", "FR", 0, -1_800),
            ("correction", "2024-01-01", "SE", 0, 19),
        ]
        corrections = (await shop.content(second))["corrections"]
        assert [each["causes"] for each in corrections] == [["facts"], ["facts"], ["rates"]]
        assert second.payable == 219  # Germany's balance is nothing, France's 200, Sweden's 19
        third = await shop.file(*Q3)
        assert (third.nil, third.payable, await shop.lines(third)) == (True, 0, [])
        assert (await shop.report(first)).sha256 == first.sha256


async def test_a_negative_balance_is_not_set_off(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await shop.take(
            order("o1", "2024-02-01", line("DE", 10_000, 1_900, "19")),
            order("o2", "2024-02-01", line("FR", 10_000, 2_000)),
        )
        await shop.file(*Q1)
        await shop.take(
            refund("r1", "o1", "2024-05-01", line("DE", 10_000, 1_900, "19")),
            order("o3", "2024-05-01", line("FR", 1_000, 200)),
        )
        second = await shop.file(*Q2)
        assert second.payable == 200
        balances = (await shop.content(second))["balances"]
        assert balances == [{"state": "DE", "tax": -1_900}, {"state": "FR", "tax": 200}]


async def test_corrections_older_than_three_years_go_to_the_state_itself(
    registered_url: str, database_url: str
) -> None:
    async with books(registered_url, database_url) as shop:
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute("update tax_registration set begins = '2021-07-01'")
        quarters = [(y, q) for y in range(2021, 2025) for q in range(4) if (2021, 2) <= (y, q) < (2024, 3)]
        ends = ("03-31", "06-30", "09-30", "12-31")
        for year, quarter in quarters:
            await shop.file(f"{year}-{3 * quarter + 1:02}-01", f"{year}-{ends[quarter]}")
        await shop.take(
            order("o1", "2021-08-01", line("DE", 10_000, 1_900, "19")),
            order("o2", "2021-11-01", line("DE", 10_000, 1_901, "19")),
        )
        last = await shop.file("2024-10-01", "2024-12-31")
        assert await shop.lines(last) == [
            ("direct", "2021-07-01", "DE", 0, 1_900),
            ("correction", "2021-10-01", "DE", 0, 1_901),
        ]
        assert last.payable == 1_901
        following = await shop.generate("2025-01-01", "2025-03-31")
        assert await shop.lines(following) == []


async def test_british_returns_take_refunds_when_they_are_made(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await shop.take(
            order("o1", "2024-02-01", line("GB", 10_050, 2_010), currency="GBP"),
            order("o2", "2024-03-30 23:30", line("XI", 10_000, 2_000), currency="GBP"),
        )
        first = await shop.file(*Q1, region="GB", periodKey="24A1", purchases={"vat": 500, "net": 2_599})
        assert (first.due_on.isoformat(), first.payable) == ("2024-05-07", 4_010)
        await shop.take(refund("r1", "o1", "2024-05-01", line("GB", 10_050, 2_010), currency="GBP"))
        second = await shop.file(*Q2, region="GB")
        assert await shop.lines(second) == [("own", "2024-04-01", "GB", -10_050, -2_010)]


async def test_american_sales_by_state(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await shop.take(order("o1", "2024-04-01 05:00", line("US-CA", 10_000, 725, "7.25"), currency="USD"))
        first = await shop.file(*Q1, region="US-CA")
        assert await shop.lines(first) == [("own", "2024-01-01", "CA", 10_000, 725)]
        assert first.due_on.isoformat() == "2024-04-20"


async def test_returns_are_made_in_their_order_and_of_whole_periods(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        with pytest.raises(ProblemError) as refused:
            await shop.begin(*Q2)
        assert refused.value.code is Code.CONFLICT
        for days in (("2024-01-01", "2024-06-30"), ("2024-02-01", "2024-04-30"), ("2023-10-01", "2023-12-31")):
            with pytest.raises(ProblemError) as refused:
                await shop.begin(*days)
            assert refused.value.code is Code.INVALID
        with pytest.raises(ProblemError) as refused:
            await shop.begin(*Q1, region="ATLANTIS")
        assert refused.value.code is Code.NOT_FOUND


async def test_only_somebody_else_approves_and_only_once(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        made = await shop.generate(*Q1)
        with pytest.raises(ProblemError) as refused:
            await shop.approve(made, "preparer")
        assert refused.value.code is Code.PERMISSION_MISSING
        both = await asyncio.gather(shop.approve(made, "ann"), shop.approve(made, "ben"), return_exceptions=True)
        assert sorted(type(each).__name__ for each in both) == ["ProblemError", "TaxReport"]
        approved = await shop.report(made)
        with psycopg.connect(registered_url) as owner, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
            owner.execute("update tax_report set content = '{}' where id = %s", (approved.report_id,))


async def test_only_the_newest_return_is_rejected(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        first = await shop.file(*Q1)
        second = await shop.file(*Q2)
        with pytest.raises(ProblemError, match="builds on this one"):
            await shop.reject(first)
        rejected = await shop.reject(second)
        assert rejected.state == "rejected"
        made = await shop.generate(*Q2)
        assert made.report_id != second.report_id
        await shop.reject(await shop.report(first))
        with pytest.raises(ProblemError, match="rejected or approved since"):
            await shop.approve(made)


async def test_a_killed_job_is_made_again(registered_url: str, database_url: str) -> None:
    """The state says that it is being generated until all of it is there."""
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        begun = await shop.begin(*Q1)
        assert begun.state == "generating"
        for _ in range(2):
            await actions.generate(shop.database, UUID(begun.report_id))
        assert (await shop.report(begun)).state == "reconciled"
        assert len(await shop.rows("select from audit_log where action = 'reporting.tax.reconciled'")) == 1


PLANTED: dict[str, tuple[str, str]] = {
    "a cent": (
        (
            "insert into tax_fact select 1000, order_id, source_id, tax_date, event_date, cell, 0, 1 from tax_fact"
            " where order_id = 'o1'; update tax_counter set last = 1000"
        ),
        "facts_differ",
    ),
    "a border": ("update tax_fact set tax_date = '2024-03-31' where order_id = 'o4'", "facts_differ"),
    "a sign": ("update tax_fact set tax = -tax where order_id = 'o2'", "facts_differ"),
    "a place": ("update tax_cell set state = 'IT' where state = 'FR'", "facts_differ"),
    "rounding to even": (
        (
            "create or replace function tax_converted(minor bigint, numerator numeric, denominator numeric)"
            " returns bigint"
            " language sql immutable return (2 * round(minor * numerator / denominator / 2))::bigint"
        ),
        "rounding_differs",
    ),
    "the rate of the day before": (
        (
            "insert into tax_exchange values ('SEK', '2024-03-28', 0, 10, 'x'); create or replace function"
            " tax_published(code text, wanted date, cut bigint) returns table (day date, per_eur numeric, seq bigint)"
            " language sql stable as $$ select day, per_eur, seq from tax_exchange where currency = code"
            " and day <= wanted"
            " union all select wanted, 1, 0 where code = 'EUR' order by day desc limit 1 $$"
        ),
        "rounding_differs",
    ),
}


@pytest.mark.parametrize("what", PLANTED)
async def test_a_planted_mistake_blocks_and_is_named(registered_url: str, database_url: str, what: str) -> None:
    statement, finding = PLANTED[what]
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        await shop.publish("USD", "2024-04-02", "0.8")
        await shop.take(order("tie", "2024-02-03", line("FR", 10, 2), currency="USD"))
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute(statement)  # type: ignore[call-overload]
        made = await shop.generate(*Q1)
        assert made.state == "draft"
        assert finding in {kind for kind, _ in await shop.blockers(made)}
        with pytest.raises(ProblemError):
            await shop.approve(made)


async def test_what_is_odd_is_named_down_to_the_order(registered_url: str, database_url: str) -> None:
    both = [{"kind": "card_country", "country": "FR"}, {"kind": "ip_address", "country": "FR"}]
    torn = [{"kind": "card_country", "country": "FR"}, {"kind": "ip_address", "country": "DE"}]
    async with books(registered_url, database_url) as shop:
        async with shop.database.transaction() as tx:
            await seed(tx)
        await shop.take(
            order("well", "2024-02-01", line("FR", 10_000, 2_000), locationEvidence=both),
            order("torn", "2024-02-01", line("FR", 10_000, 2_000), locationEvidence=torn),
            order("elsewhere", "2024-02-01", line("DE", 10_000, 1_900, "19"), locationEvidence=both),
            order("bare", "2024-02-01", country="FR", total=500),
            order("nowhere", "2024-02-01", total=500),
            order("sum", "2024-02-01", line("FR", 10_000, 2_000), total=11_999, locationEvidence=both),
            order("cents", "2024-02-01", line("FR", 10_000, 2_001), locationEvidence=both),
            order("half", "2024-02-01", line("FR", 13, 3, "20"), locationEvidence=both),
            order("rate", "2024-02-01", line("FR", 10_000, 1_900, "19"), locationEvidence=both),
            order("vat", "2024-02-01", line("FR", 1_000, 200), customerStatus="business", vatId="FR1234"),
            order("rouble", "2024-02-01", line("FR", 1_000, 200), currency="RUB", locationEvidence=both),
            order("back", "2024-02-02", line("FR", 1_000, 200), locationEvidence=both),
            refund("r1", "back", "2024-02-01", line("FR", 2_000, 200, "10")),
            refund("r2", "well", "2024-02-09", line("FR", 100, 20), currency="USD"),
            refund("r3", "well", "2024-02-09", amount=100),
        )
        made = await shop.generate(*Q1)
        assert made.state == "draft"
        assert await shop.findings(made) == {
            ("not_attributable", "bare"),
            ("not_attributable", "nowhere"),
            ("not_attributable", "well"),
            ("lines_do_not_sum", "sum"),
            ("rate_not_published", None),
            ("evidence_contradicts", "torn"),
            ("evidence_elsewhere", "elsewhere"),
            ("evidence_missing", "vat"),
            ("tax_differs", "cents"),
            ("rate_differs", "rate"),
            ("vat_id_invalid", "vat"),
            ("refund_exceeds", "back"),
            ("refund_before", "back"),
            ("refund_rate", "back"),
            ("refund_currency", "well"),
        }


async def test_a_period_that_goes_on_cannot_be_approved(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute("update tax_registration set begins = date_trunc('quarter', now())")
        [(start, end)] = await shop.rows(
            "select date_trunc('quarter', now())::date::text,"
            " (date_trunc('quarter', now()) + interval '3 months - 1 day')::date::text"
        )
        made = await shop.generate(start, end)
        assert await shop.blockers(made) == [("period_not_ended", None)]


async def test_chargebacks_lower_tax_by_a_dated_rule(registered_url: str, database_url: str) -> None:
    async with books(registered_url, database_url) as shop:
        await sell(shop)
        await shop.take(chargeback("c1", "o1", "2024-02-20", 11_900))
        with psycopg.connect(registered_url, autocommit=True) as owner:
            owner.execute(
                "insert into tax_rule values ('eu-oss', '2024-01-01', 1, 'supply', false, 'confirmed', 'ann')"
            )
        made = await shop.generate(*Q1)
        assert made.state == "reconciled"
        assert ("own", "2024-01-01", "DE", 10_000, 1_900) in await shop.lines(made)
