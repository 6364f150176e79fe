"""Documents, and what the facts say of the same orders."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from backend.core.database import Connection
from backend.reporting.documents import queries
from backend.reporting.documents.compute import (
    NOTHING,
    Cell,
    Document,
    Entry,
    Refund,
    Registration,
    Sums,
    Territory,
    World,
)
from backend.reporting.documents.convert import Charged, Published, Rule, Terms
from backend.reporting.documents.oddities import TaxRate
from models.reporting import Region


class Compared(NamedTuple):
    """An order by its documents, beside what the facts say of it."""

    document: Document
    by_documents: dict[Entry, Sums]
    by_facts: dict[Entry, Sums]

    def differences(self) -> dict[Entry, Sums]:
        """Documents minus facts, where they differ."""
        found = {}
        for entry in self.by_documents.keys() | self.by_facts.keys():
            one, other = self.by_documents.get(entry, NOTHING), self.by_facts.get(entry, NOTHING)
            if one != other:
                found[entry] = Sums(one.net - other.net, one.tax - other.tax)
        return found


async def world(connection: Connection) -> World:
    """By what documents are read now."""
    registrations = await (await connection.execute(queries.registrations)).fetchall()
    territories = await (await connection.execute(queries.territories)).fetchall()
    return World(
        [Registration(*row) for row in registrations],
        {code: Territory(region, state) for code, region, state in territories},
    )


async def compared(connection: Connection, known: World, ids: Sequence[str], cut: int) -> Iterator[Compared]:
    """Some orders by their documents and by the facts up to a number."""
    rows = await (await connection.execute(queries.documents, {"ids": list(ids), "cut": cut})).fetchall()
    return (_compared(known, row) for row in rows)


def _compared(known: World, row: tuple[Any, ...]) -> Compared:
    number, placed_at, country, currency, minor, tax, refunds, chargeback, facts = row
    document = Document(
        number,
        placed_at,
        country,
        currency,
        minor,
        tax,
        [Refund(each[0], datetime.fromisoformat(each[1]), *each[2:]) for each in refunds],
        None if chargeback is None else (chargeback[0], datetime.fromisoformat(chargeback[1])),
    )
    by_facts: dict[Entry, Sums] = {}
    for source, bucket, region, state, kind, rate, money, source_id, tax_date, event_date, net, taxed in facts:
        cell = Cell(source, bucket, region, state, kind, None if rate is None else Decimal(rate), money)
        entry = Entry(source_id, date.fromisoformat(tax_date), date.fromisoformat(event_date), cell)
        by_facts[entry] = by_facts.get(entry, NOTHING).plus(Sums(net, taxed))
    kept = {entry: sums for entry, sums in by_facts.items() if sums != NOTHING}
    return Compared(document, known.read(document), kept)


PAGE: Final = 2_000


async def terms(connection: Connection, region: Region, cut: int) -> Terms:
    """By what a region's sums are converted."""
    rates: dict[str, list[Published]] = {}
    for currency, *published in await (await connection.execute(queries.rates, {"since": region.begins})).fetchall():
        rates.setdefault(currency, []).append(Published(*published))
    rules = await (await connection.execute(queries.rules, {"regime": region.regime})).fetchall()
    return Terms(
        months=1 if region.period == "month" else 3,
        currency=region.currency,
        rates=rates,
        rules=[Rule(*row) for row in rules],
        cut=cut,
    )


async def orders_of_period(
    connection: Connection, region: Region, start: date, end: date, *, cut: int, then: int
) -> AsyncIterator[list[str]]:
    """Ids of the orders a period may be made of, page by page."""
    values: dict[str, Any] = {
        # Zones reach from 12 hours behind to 14 ahead.
        "since": start - timedelta(days=1),
        "until": end + timedelta(days=2),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "region": region.region,
        "cut": cut,
        "then": then,
    }
    # A cursor, because to find them again for each page would cost as much each time.
    async with connection.cursor(name="orders_of_period") as cursor:
        await cursor.execute(queries.orders_of_period, values)
        while ids := [row[0] for row in await cursor.fetchmany(PAGE)]:
            yield ids


async def pending(connection: Connection) -> frozenset[str]:
    """Orders that changed since facts were written."""
    return frozenset(row[0] for row in await (await connection.execute(queries.pending)).fetchall())


async def rate_table(connection: Connection) -> dict[tuple[str, str], list[TaxRate]]:
    """What ought to be charged, by country and kind."""
    found: dict[tuple[str, str], list[TaxRate]] = {}
    for row in await (await connection.execute(queries.table)).fetchall():
        rate = TaxRate(*row)
        found.setdefault((rate.country, rate.kind), []).append(rate)
    return found


async def facts(connection: Connection, region: Region, cut: int) -> AsyncIterator[tuple[str, str, Charged]]:
    """Every fact of a region up to a number: bucket, order and what it says."""
    values: dict[str, Any] = {"region": region.region, "cut": cut, "after": 0, "limit": 20_000}
    while True:
        rows = await (await connection.execute(queries.facts_of_region, values)).fetchall()
        for _, source, bucket, state, kind, rate, currency, order_id, tax_date, event_date, net, tax in rows:
            charged = Charged(source, tax_date, event_date, state, kind, rate, currency, net, tax)
            yield bucket, order_id, charged
        if len(rows) < values["limit"]:
            return
        values["after"] = rows[-1][0]
