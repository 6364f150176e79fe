"""A return made anew from the facts it was made of, by the second computation: the same bytes, for ever."""

from __future__ import annotations

from datetime import date

from backend.core.database import Connection
from backend.reporting.documents import reads as documents
from backend.reporting.documents.convert import Converted, convert
from models.reporting import Region

Buckets = list[tuple[str, str, int, int, int]]


async def figures(connection: Connection, region: Region, cut: int, before: date) -> list[Converted]:
    """What periods that begin before a day come to, from every single fact up to a number."""
    terms = await documents.terms(connection, region, cut)
    taxed = [each async for bucket, _, each in documents.facts(connection, region, cut) if bucket == "taxed"]
    return [each for each in convert(taxed, terms) if each.period < before]


async def buckets(connection: Connection, region: Region, cut: int, start: date, end: date) -> Buckets:
    """What of a period is in no return, and why."""
    sums: dict[tuple[str, str], list[int]] = {}
    orders: dict[tuple[str, str], set[str]] = {}
    async for bucket, order_id, each in documents.facts(connection, region, cut):
        if bucket != "taxed" and start <= each.tax_date <= end:
            both = sums.setdefault((bucket, each.currency), [0, 0])
            both[0] += each.net
            both[1] += each.tax
            orders.setdefault((bucket, each.currency), set()).add(order_id)
    return [(*key, net, tax, len(orders[key])) for key, (net, tax) in sorted(sums.items()) if net or tax]
