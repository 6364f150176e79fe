"""Documents, and what the facts say of the same orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

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
