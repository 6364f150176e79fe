"""The tables, as people look at them."""

from __future__ import annotations

from datetime import date
from typing import Final

from backend.core.clock import clock
from backend.core.database import Connection
from backend.core.rows import lenient_row, readable
from backend.reporting.tables import queries
from models.reporting import ExchangeRate, TaxRule, TaxTables, VatRate

RATES_MOST: Final = 2_000


async def tables(connection: Connection, *, country: str | None, day: date | None) -> TaxTables:
    """Rates of tax of a country or of all, rules, and the exchange rates of a day."""
    async with connection.cursor(row_factory=lenient_row(VatRate)) as cursor:
        await cursor.execute(queries.rates, {"country": country, "limit": RATES_MOST})
        rates = readable(await cursor.fetchall())
    async with connection.cursor(row_factory=lenient_row(TaxRule)) as rows:
        rules = readable(await (await rows.execute(queries.rules)).fetchall())
    async with connection.cursor(row_factory=lenient_row(ExchangeRate)) as published:
        exchange = readable(await (await published.execute(queries.exchange, {"day": day})).fetchall())
    return TaxTables(rates=rates, rules=rules, exchange=exchange, as_of=await clock(connection))
