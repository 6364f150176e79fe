"""Refunds that do not fit their orders: they are kept as they came, and named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from backend.core.database import Connection, array
from backend.shop.upserts import queries

UNKNOWN: Final = "unknown"
WORDS: Final = {
    UNKNOWN: "refunds of an order nobody knows",
    "currency": "refunds in another currency than their order",
    "before": "refunds from before their order was placed",
    "more": "orders of which more was given back than they were worth",
}
"""What can be odd about them; ids are those of the refunds, of orders where it says orders."""


async def doubtful_refunds(connection: Connection, ids: Iterable[str]) -> dict[str, list[str]]:
    """Of some refunds: ids by what is odd."""
    found: dict[str, list[str]] = {}
    rows = await connection.execute(queries.doubtful_refunds, {"ids": array(ids)})
    for what, number in await rows.fetchall():
        found.setdefault(what, []).append(number)
    return found
