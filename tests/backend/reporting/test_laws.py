"""Laws of returns, for random histories: declared and open are what is known, and each fact has one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.reporting.documents import convert, regenerate
from backend.reporting.facts import queries as of_facts
from backend.reporting.facts import reads as facts
from backend.reporting.returns import figures, reads
from backend.reporting.returns import queries as of_returns
from backend.reporting.returns.proof import again
from tests.backend.reporting.fixtures import OSS, Books, books, chargeback, line, order, refund, register

QUARTERS = [
    (f"{year}-{month:02}-01", f"{year}-{month + 2:02}-{last}")
    for year in (2024, 2025)
    for month, last in ((1, 31), (4, 30), (7, 30), (10, 31))
]
DAYS = (
    "2023-12-31 22:30",
    "2024-02-03 12:00",
    "2024-03-31 21:59",
    "2024-03-31 22:30",
    "2024-06-30 23:30",
    "2024-08-01 01:00",
    "2024-12-31 22:30",
    "2024-12-31 23:30",
)
LINES = st.builds(
    line, st.sampled_from(("DE", "FR", "ES", "CH")), st.integers(0, 300), st.integers(0, 60), st.just("20")
)
NUMBERS = st.integers(1, 4)
ORDERS = st.builds(
    lambda n, when, lines, currency, more: order(f"o{n}", when, *lines, currency=currency, **more),
    NUMBERS,
    st.sampled_from(DAYS),
    st.lists(LINES, min_size=1, max_size=2),
    st.sampled_from(("USD", "EUR", "USD", "SEK")),
    st.sampled_from(({}, {"taxDate": "2024-03-31"}, {"customerStatus": "business", "vatId": "DE136695976"})),
)
STEPS = st.one_of(
    ORDERS,
    ORDERS,
    ORDERS,
    st.builds(
        lambda n, of, when, lines, currency: refund(f"r{n}", f"o{of}", when, *lines, currency=currency),
        NUMBERS,
        NUMBERS,
        st.sampled_from(DAYS),
        st.lists(LINES, min_size=1, max_size=2),
        st.sampled_from(("EUR", "USD")),
    ),
    st.builds(lambda n, of, when: chargeback(f"c{n}", f"o{of}", when, 9), NUMBERS, NUMBERS, st.sampled_from(DAYS)),
    st.just("file"),
    st.just("file"),
    st.just("reject"),
    st.builds(lambda rate: ("rate", rate), st.sampled_from(("0.8", "1.25", "1.1"))),
    st.just("fold"),
)
HISTORIES = st.lists(STEPS, min_size=14, max_size=40)
EMPTY = """
truncate orders, refunds, risk_outcome, risk_pending, tax_inbox, tax_fact, tax_step, tax_exchange, tax_line,
  tax_finding, tax_report, tax_stretch, notice cascade;
update tax_counter set last = 0, closed = 0;
"""


def _days_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


async def live(owner_url: str, database_url: str, steps: list[Any]) -> None:
    """A history, with the laws at its end."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(EMPTY)
    async with books(owner_url, database_url) as shop:
        for currency, rate in (("USD", "0.8"), ("SEK", "1.25")):
            for _, end in QUARTERS:
                await shop.publish(currency, _days_after(end, -1), "2")
                await shop.publish(currency, _days_after(end, 1), rate)
        filed: list[Any] = []
        for step in steps:
            match step:
                case "file" if len(filed) < len(QUARTERS):
                    filed.append(await shop.file(*QUARTERS[len(filed)]))
                case "reject" if filed:
                    await shop.reject(await shop.report(filed.pop()))
                case ("rate", str(rate)):
                    await shop.publish("USD", _days_after(QUARTERS[0][1], 1), rate)
                case "fold":
                    await shop.fold()
                case str():
                    pass
                case row:
                    await shop.put(row)
        await shop.fold()
        await hold(shop, [await shop.report(each) for each in filed])


async def hold(shop: Books, filed: list[Any]) -> None:
    assert await shop.differences() == {}  # facts = documents
    async with shop.database.read() as connection:
        region = await reads.region(connection, "EU-OSS")
        cut = await facts.cut_now(connection)
        everything = await reads.figures(connection, "EU-OSS", cut, date(2026, 1, 1))
        # Two computations agree, field by field.
        second = await regenerate.figures(connection, region, cut, date(2026, 1, 1))
        assert [tuple(each) for each in everything] == [tuple(each) for each in second]
        # What is declared, and the open difference, is what is known.
        declared: dict[tuple[date, str], int] = {}
        for each in filed:
            for found in await reads.lines(connection, UUID(each.report_id)):
                key = found.period, found.state
                declared[key] = declared.get(key, 0) + found.tax
        upto = filed[-1].period_end if filed else date(2023, 1, 1)
        known = {key: tax for key, tax in figures.known(everything).items() if key[0] <= upto}
        following = filed[-1].period_end.toordinal() + 1 if filed else upto.toordinal()
        builds_on = await reads.live(connection, "EU-OSS")
        basis = await reads.basis(connection, region, date.fromordinal(following), cut, builds_on, {})
        open_delta = figures.delta(basis)
        for key in declared.keys() | known.keys() | open_delta.keys():
            assert declared.get(key, 0) + open_delta.get(key, 0) == known.get(key, 0), key
        # A return leaves nothing open of what was known when it was made.
        for n, each in enumerate(filed):
            then = await reads.figures(connection, "EU-OSS", each.cut, each.period_end)
            so_far: dict[tuple[date, str], int] = {}
            for earlier in filed[: n + 1]:
                for found in await reads.lines(connection, UUID(earlier.report_id)):
                    key = found.period, found.state
                    so_far[key] = so_far.get(key, 0) + found.tax
            assert {key: tax for key, tax in so_far.items() if tax} == {
                key: tax for key, tax in figures.known(then).items() if tax
            }
        # Each return again, from every single fact and by the other computation: the same bytes.
        for each in filed:
            [(content,)] = await shop.rows("select content from tax_report where id = %s", each.report_id)
            assert await again(connection, UUID(each.report_id)) == content
        await _every_fact_has_one_place(shop, filed, everything)


async def _every_fact_has_one_place(shop: Books, filed: list[Any], everything: list[Any]) -> None:
    """In the first return that holds it, open, or in one bucket; and all of them are the tax that was charged."""
    rows = await shop.rows(
        "select f.seq, c.bucket, c.currency, f.tax_date, f.tax from tax_fact f join tax_cell c on c.id = f.cell"
    )
    places: dict[str, dict[str, int]] = {}
    for seq, bucket, currency, tax_date, tax in rows:
        covering = [each for each in filed if seq <= each.cut and tax_date <= each.period_end]
        place = bucket if bucket != "taxed" else "returned" if covering else "open"
        by = places.setdefault(place, {})
        by[currency] = by.get(currency, 0) + tax
    charged: dict[str, int] = {}
    for by in places.values():
        for currency, tax in by.items():
            charged[currency] = charged.get(currency, 0) + tax
    by_currency = "select c.currency, sum(f.tax)::int from tax_fact f join tax_cell c on c.id = f.cell group by 1"
    assert charged == dict(await shop.rows(by_currency))
    taxed: dict[str, int] = {}
    for each in everything:
        taxed[each.currency] = taxed.get(each.currency, 0) + each.tax
    for currency in charged:
        both = places.get("returned", {}).get(currency, 0) + places.get("open", {}).get(currency, 0)
        assert taxed.get(currency, 0) == both


def search(examples: int, law: Callable[[list[Any]], None], *, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    many = settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
        phases=phases,
    )
    many(given(HISTORIES)(law))()


@pytest.fixture
def shop_urls(owner_url: str, database_url: str) -> tuple[str, str]:
    register(owner_url, OSS)
    return owner_url, database_url


def test_laws_hold_for_random_histories(shop_urls: tuple[str, str]) -> None:
    search(20, lambda steps: asyncio.run(live(*shop_urls, steps)), phases=(Phase.generate,))


def _half_even(owner: psycopg.Connection[Any]) -> None:
    owner.execute(
        "create or replace function tax_converted(minor bigint, numerator numeric, denominator numeric) returns bigint"
        " language sql immutable strict return (with x as (select abs(minor) * numerator / denominator as x)"
        " select sign(minor) * (case when x - floor(x) = 0.5 then 2 * round(x / 2) else round(x) end) from x)::bigint"
    )


def _replaced(name: str, old: str, new: str) -> Callable[[pytest.MonkeyPatch], None]:
    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        for queries in (of_facts, of_returns):
            statements = queries._statements
            if name in statements:
                assert old in statements[name], name
                monkeypatch.setitem(statements, name, statements[name].replace(old, new))  # type: ignore[arg-type]

    return plant


def _nothing_is_corrected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "_corrections", lambda _basis: ())


def _previous_publication(monkeypatch: pytest.MonkeyPatch) -> None:
    def previous(terms: convert.Terms, currency: str, wanted: date) -> convert.Published | None:
        known = [each for each in terms.rates.get(currency, ()) if each.seq <= terms.cut and each.day <= wanted]
        return max(known, default=None)

    monkeypatch.setattr(convert, "_published", previous)


FAULTS = {
    "the border at UTC": _replaced(
        "fold", "t.placed_at at time zone coalesce(r.zone, m.zone)", "t.placed_at at time zone 'UTC'"
    ),
    "only the period's own return is filed": _replaced("filed", "group by 1, 2", "and l.part = 'own' group by 1, 2"),
    "figures without a cut": _replaced("figures", "f.seq <= %(cut)s\n", "f.seq <= %(cut)s + 3\n"),
    "a chargeback takes back everything": _replaced("fold", "greatest(sum(tax), 0) as tax", "sum(abs(tax)) as tax"),
    "an old fact keeps its tax": _replaced("fold", "-f.net, -f.tax", "-f.net, 0"),
    "a refund counts in its own period": _replaced("figures", "else c.tax_month end", "else c.event_month end"),
    "nothing is corrected": _nothing_is_corrected,
    "the publication before": _previous_publication,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_breaks_a_law(shop_urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    FAULTS[fault](monkeypatch)
    with pytest.raises(AssertionError):
        search(80, lambda steps: asyncio.run(live(*shop_urls, steps)), phases=(Phase.generate,))


def test_rounding_half_to_even_breaks_a_law(shop_urls: tuple[str, str]) -> None:
    with psycopg.connect(shop_urls[0], autocommit=True) as owner:
        _half_even(owner)
    with pytest.raises(AssertionError):
        search(80, lambda steps: asyncio.run(live(*shop_urls, steps)), phases=(Phase.generate,))


def test_rejecting_an_older_return_breaks_a_law(shop_urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the newest builds on is not there any more: this is why only the newest can be rejected."""
    first = order("o1", "2024-02-03 12:00", line("DE", 100, 20))
    late = order("o2", "2024-02-03 12:00", line("DE", 100, 20))

    async def history() -> None:
        async with books(*shop_urls) as shop:
            await shop.take(first)
            one = await shop.file(*QUARTERS[0])
            await shop.take(late)
            two = await shop.file(*QUARTERS[1])
            with psycopg.connect(shop_urls[0], autocommit=True) as owner:
                owner.execute("update tax_report set state = 'rejected' where id = %s", (one.report_id,))
            await hold(shop, [two])

    with pytest.raises(AssertionError):
        asyncio.run(history())
