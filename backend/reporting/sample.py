"""Tax of the sample shop: four quarters that were filed, one of them with a correction; more by itself.

The worker begins the returns of the quarter that ended: the one-stop shop's waits for approval, the British one is
blocked by two orders that came without tax lines.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from backend.core import audit_trail
from backend.core.database import Connection, load_queries
from backend.core.sample_shop import Order, SampleShop, sample_evidence, sample_tax_line
from backend.reporting.facts import reads as facts
from backend.reporting.facts.actions import fold_anew, fold_at
from backend.reporting.returns import actions, reads
from backend.reporting.returns import queries as returns
from backend.reporting.returns.figures import make_return
from backend.reporting.returns.generate import Made
from backend.reporting.returns.periods import begin_of, due_on, end_of, following
from backend.reporting.returns.reconcile import Reconciliation
from backend.reporting.tables import queries as tables
from backend.reporting.tables.actions import import_exchange, seed
from backend.reporting.tables.published import Rate
from backend.shop import claim_currency, put_orders, put_rates
from models.reporting import Region, TaxRegime
from models.shop.ingest import OrderIn, RateIn

queries = load_queries(__package__, "sample.sql")

FILED: Final = 4
THIN: Final = timedelta(minutes=20)
"""Of each day before the shop's history begins, what was sold in so long is kept: figures of it are nobody's charts."""
PREPARER: Final = "ada"
REGIONS: Final[tuple[dict[str, Any], ...]] = (
    {
        "region": "EU-OSS",
        "regime": TaxRegime.EU_OSS,
        "name": "One-stop shop",
        "number": "ESB12345674",
        "home": "ES",
        "zone": "Europe/Madrid",
        "currency": "EUR",
    },
    {
        "region": "GB",
        "regime": TaxRegime.UK_VAT,
        "name": "British VAT",
        "number": "GB980780684",
        "home": "GB",
        "zone": "Europe/London",
        "currency": "GBP",
    },
)


async def create(tx: Connection, shop: SampleShop) -> None:
    """Register, file what was due, and leave the rest to the worker."""
    ended = _before(begin_of(shop.opened_at.date(), "quarter"))
    quarters = [ended]
    while len(quarters) <= FILED:
        quarters.insert(0, _before(quarters[0]))
    begins = {"EU-OSS": quarters[0], "GB": ended}
    for each in REGIONS:
        more = {"period": "quarter", "begins": begins[each["region"]], "ends": None, "one_evidence": False}
        await tx.execute(tables.put_region, each | more | {"owner": "finance-analyst"})
    await seed(tx)
    await _publish_the_rest(tx, shop, quarters)
    span = {"since": _instant(ended), "until": _instant(following(ended, "quarter"))}
    await tx.execute(queries.withhold, span | {"country": "GB"})
    region = await reads.region(tx, "EU-OSS")
    for n, quarter in enumerate(quarters[:FILED]):
        at = _instant(following(quarter, "quarter")) + timedelta(days=9, hours=10)
        await _trade(tx, shop, quarter)
        await fold_at(tx, at)
        await _file(tx, region, quarter, at, f"OSS-{quarter.year}-{n + 1:02}-7741")
        if n == FILED - 2:
            # It came after its quarter was filed: the next return corrects that.
            await _late_order(tx, shop, quarter)
    await fold_anew(tx)


def _before(quarter: date) -> date:
    return begin_of(quarter - timedelta(days=1), "quarter")


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


async def _publish_the_rest(tx: Connection, shop: SampleShop, quarters: list[date]) -> None:
    """Quarters that ended after the program was made have no published rate in it: made-up ones stand in."""
    row = await (await tx.execute(tables.newest_exchange)).fetchone()
    newest = None if row is None else row[0]
    made = [
        Rate(currency, last, round(1 / Decimal(shop.market.rate(currency, "EUR", last)), 4))
        for quarter in quarters
        for last in (end_of(quarter, "quarter"),)
        if newest is None or last > newest
        for currency in shop.market.currencies()
        if currency != "EUR"
    ]
    await import_exchange(tx, made, "made up for the sample shop")


async def _trade(tx: Connection, shop: SampleShop, quarter: date) -> None:
    """Orders of a quarter: those of the shop's history, and a few of the time before it."""
    until = _instant(following(quarter, "quarter"))
    await tx.execute(queries.queue, {"since": _instant(quarter), "until": until})
    day = _instant(quarter) + timedelta(hours=18)
    orders: list[Order] = []
    while day + THIN < min(until, shop.since):
        orders += shop.market.orders_placed(day, day + THIN)
        day += timedelta(days=1)
    await _put(tx, shop, orders)


async def _late_order(tx: Connection, shop: SampleShop, quarter: date) -> None:
    day = _instant(quarter) + timedelta(days=40)
    orders = shop.market.orders_placed(day, day + timedelta(days=1))
    late = next(each for each in orders if each.country == "FR")
    await _put(tx, shop, [late._replace(id=f"{late.id}-L")])


async def _put(tx: Connection, shop: SampleShop, orders: list[Order]) -> None:
    rows = [
        OrderIn.model_validate(
            {
                "id": order.id,
                "placedAt": order.placed_at,
                "settledAt": order.settled_at,
                "country": order.country,
                "currency": order.currency,
                "total": order.total,
                "taxLines": [sample_tax_line(order.country, order.total)],
                "locationEvidence": sample_evidence(order.id, order.country),
            }
        )
        for order in orders
    ]
    if rows:
        currency = await claim_currency(tx, shop.currency)
        # The shop's history has its own.
        days = {(order.currency, order.placed_at.date()) for order in orders if order.placed_at < shop.since}
        rates = [
            RateIn(currency=each, day=day, rate=shop.market.rate(each, currency, day))
            for each, day in sorted(days)
            if each != currency
        ]
        await put_rates(tx, rates, currency)
        await put_orders(tx, rows, currency)


async def _file(tx: Connection, region: Region, quarter: date, at: datetime, reference: str) -> None:
    """A return as it would have been made then; documents were not read again, for they are made from one source."""
    values = {
        "region": region.region,
        "start": quarter,
        "end": end_of(quarter, region.period),
        "due_on": due_on(region, quarter),
        "inputs": Jsonb({}),
        "currency": region.currency,
        "actor": PREPARER,
    }
    row = await (await tx.execute(returns.insert_report, values)).fetchone()
    assert row is not None  # noqa: S101 - an insert of one row returns one row
    report_id: UUID = row[0]
    builds_on = await reads.live(tx, region.region, quarter)
    basis = await reads.basis(tx, region, quarter, await facts.cut_now(tx), builds_on, {})
    made = Made(basis, make_return(basis), Reconciliation())
    await actions.keep(tx, report_id, made, [number for number, _, _ in builds_on])
    await tx.execute(queries.date_report, {"report_id": report_id, "at": at, "reference": reference})
    after = await reads.report(tx, report_id)
    await actions.record_report(tx, audit_trail.SAMPLE_SHOP, "acknowledged", None, after)
