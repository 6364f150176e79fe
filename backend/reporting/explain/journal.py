"""The accounting export: journal entries by day, account and tax code. Each day's debits are its credits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from backend.core.database import Connection
from backend.reporting.explain import queries
from backend.reporting.formats.amounts import amount
from models.core.csv_text import csv_text

HEADER: Final = ("Day", "Account", "Tax code", "Currency", "Debit", "Credit", "Text")
RECEIVABLES: Final = "receivables"
REVENUE: Final = "revenue"
TAX: Final = "tax payable"
_TEXTS: Final = {"order": "Sales", "refund": "Refunds", "chargeback": "Chargebacks"}


async def journal(connection: Connection, start: date, end: date) -> str:
    """Of some days, both included, as CSV."""
    rows = await (await connection.execute(queries.journal, {"start": start, "end": end})).fetchall()
    return csv_text(HEADER, entries(rows))


def entries(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str | None]]:
    """Three for each figure of a day: what is owed, what was earned, what is the state's."""
    for day, source, bucket, region, state, kind, rate, currency, net, tax in rows:
        place = "-".join(part for part in (region, state) if part) or "unknown"
        code = bucket if kind is None else f"{place} {kind} {rate:f}"
        text = f"{_TEXTS[source]}{'' if bucket == 'taxed' else f', {bucket}'}"
        for account, minor in ((RECEIVABLES, net + tax), (REVENUE, -net), (TAX, -tax)):
            if minor:
                debit = amount(minor, currency) if minor > 0 else None
                credit = amount(-minor, currency) if minor < 0 else None
                yield [day.isoformat(), account, code, currency, debit, credit, text]
