"""Changing what figures are converted and checked by. Numbered like facts, so that a cut holds for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import islice
from typing import Any, Final

from backend.core.database import Connection, Database, array
from backend.core.settings import Settings
from backend.reporting.facts import queries as facts
from backend.reporting.tables import queries
from backend.reporting.tables.published import SINCE, Rate, published, source

BATCH: Final = 20_000


async def keep_up(database: Database, _settings: Settings) -> None:
    """Take in what the program brings: newer exchange rates, and the first table of rates of tax."""
    async with database.read() as connection:
        row = await (await connection.execute(facts.registered)).fetchone()
        newest = await (await connection.execute(queries.newest_exchange)).fetchone()
    if row is not None and row[0]:
        async with database.transaction() as tx:
            await seed(tx, newest[0] if newest is not None else None)


async def seed(tx: Connection, newest: date | None = None) -> None:
    """Exchange rates and rates of tax as the program brings them, where they are not there yet."""
    await import_exchange(tx, published(newest or SINCE), source())
    row = await (await tx.execute(queries.has_rates)).fetchone()
    if row is not None and not row[0]:
        for each in _table():
            await tx.execute(queries.put_rate, each)


async def import_exchange(tx: Connection, rates: Iterable[Rate], where_from: str) -> int:
    """Keep what was published; what is known already changes nothing. Says how many rows were new."""
    await tx.execute(facts.lock_counter)
    written, rates = 0, iter(rates)
    while some := list(islice(rates, BATCH)):
        values = {
            "currency": array(each.currency for each in some),
            "day": array(each.day for each in some),
            "per_eur": array(each.per_eur for each in some),
            "source": where_from,
        }
        row = await (await tx.execute(queries.insert_exchange, values)).fetchone()
        written += 0 if row is None else row[0]
    return written


def _table() -> Iterator[dict[str, Any]]:
    text = files("resources").joinpath("tax").joinpath("vat-rates.json").read_text(encoding="utf-8")
    for each in json.loads(text):
        yield {
            "country": each["country"],
            "kind": each["kind"],
            "rate": Decimal(each["rate"]),
            "valid_from": date.fromisoformat(each["validFrom"]),
            "valid_to": None if each["validTo"] is None else date.fromisoformat(each["validTo"]),
            "citation": each["citation"],
            "sources": each["sources"],
        }
