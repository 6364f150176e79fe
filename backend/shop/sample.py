"""Half a year of the sample shop's trade: orders, refunds, downloads, community readings and rates."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, LiteralString

from backend.core.database import Connection, load_queries
from backend.core.sample_shop import Order, SampleShop, sample_evidence, sample_tax_line
from backend.shop.upserts import claim_currency

queries = load_queries(__package__)

HOUR = timedelta(hours=1)
SPAN = 48 * HOUR

ORDERS = (
    "copy orders (id, placed_at, settled_at, customer_id, country, currency, minor, reporting_minor, tax)"
    " from stdin csv"
)
REFUNDS = (
    "copy refunds (id, order_id, refunded_at, country, currency, minor, reporting_minor, customer_id, tax)"
    " from stdin csv"
)
DOWNLOADS = "copy downloads (id, downloaded_at, product, country, succeeded, failure) from stdin csv"
COMMUNITY = "copy community_reading (id, metric, observed_at, value) from stdin csv"


async def create(tx: Connection, shop: SampleShop) -> None:
    """Write it, folded into the rollups. Raises ValueError for a reporting currency without rates."""
    currency = await claim_currency(tx, shop.currency)
    known = shop.market.currencies()
    if currency not in known:
        raise ValueError(f"the sample shop has no rates in {currency}; it knows {', '.join(known)}")
    with _quick_turns():
        await _Writer(tx, shop, currency).write()
    shop.progress(1.0)
    await tx.execute(queries.note_everything)
    await tx.execute(queries.fold)
    await tx.execute("analyze orders, refunds, downloads, community_reading, rollup_hour, rollup_day")


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let threads take turns ten times as often: each step of a COPY waits for the one that thinks up the trade."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


class _Writer:
    """Copies the history of a market into empty tables."""

    def __init__(self, tx: Connection, shop: SampleShop, currency: str) -> None:
        self._tx = tx
        self._shop = shop
        self._market = shop.market
        self._currency = currency
        self._opened_at = shop.opened_at
        self._since = shop.since
        self._rate = lru_cache(maxsize=None)(self._rate_of)

    async def write(self) -> None:
        await self._write_rates()
        edges = list(_edges(self._since, self._opened_at))
        texts = self._span(*edges[0])
        for done, upcoming in enumerate(edges[1:], 1):
            # The next span is thought up in a thread while the database takes in this one.
            _, texts = await asyncio.gather(self._copy(texts), asyncio.to_thread(self._span, *upcoming))
            self._shop.progress(0.9 * done / len(edges))
        await self._copy(texts | {COMMUNITY: _text(self._readings())})
        await self._copy({DOWNLOADS: _text(self._fault())})

    def _span(self, since: datetime, until: datetime) -> dict[LiteralString, str]:
        orders = list(self._market.orders_placed(since, until))
        return {
            ORDERS: _text(map(self._order, orders)),
            REFUNDS: _text(self._refunds(orders)),
            DOWNLOADS: _text(self._downloads(since, until)),
        }

    async def _copy(self, texts: dict[LiteralString, str]) -> None:
        for statement, text in texts.items():
            async with self._tx.cursor() as cursor, cursor.copy(statement) as copy:
                await copy.write(text)

    async def _write_rates(self) -> None:
        day, last = self._since.date(), self._opened_at.date()
        currencies = [currency for currency in self._market.currencies() if currency != self._currency]
        rates = []
        while day <= last:
            rates += [(currency, day, self._rate(currency, day)) for currency in currencies]
            day += timedelta(days=1)
        columns = dict(zip(("currency", "day", "rate"), map(list, zip(*rates, strict=True)), strict=True))
        await self._tx.execute(queries.insert_rates, columns)

    def _rate_of(self, currency: str, day: Any) -> Decimal:
        return Decimal(self._market.rate(currency, self._currency, day))

    def _converted(self, minor: int, currency: str, at: datetime) -> int:
        # The same as ingest does: the rate of the UTC day, half to even. All currencies of the shop have cents.
        return int((minor * self._rate(currency, at.date())).quantize(Decimal(1), ROUND_HALF_EVEN))

    def _order(self, order: Order) -> tuple[Any, ...]:
        return (
            order.id,
            order.placed_at,
            order.settled_at if order.settled_at <= self._opened_at else None,
            order.customer_id,
            order.country,
            order.currency,
            order.total,
            self._converted(order.total, order.currency, order.placed_at),
            json.dumps(
                {
                    "lines": [sample_tax_line(order.country, order.total)],
                    "inclusive": True,
                    "status": "consumer",
                    "evidence": sample_evidence(order.id, order.country),
                }
            ),
        )

    def _refunds(self, orders: list[Order]) -> Iterable[tuple[Any, ...]]:
        for order in orders:
            refund = order.refund
            if refund is not None and refund.refunded_at <= self._opened_at:
                converted = self._converted(refund.amount, refund.currency, refund.refunded_at)
                lines = [sample_tax_line(refund.country, refund.amount)]
                yield (*refund, converted, order.customer_id, json.dumps({"lines": lines}))

    def _downloads(self, since: datetime, until: datetime) -> Iterable[tuple[Any, ...]]:
        for row in self._market.downloads_between(since, until):
            yield row.id, row.downloaded_at, row.product, row.country, row.failure is None, row.failure

    def _fault(self) -> Iterable[tuple[Any, ...]]:
        for row in self._market.fault(self._shop.fault_at):
            if row.downloaded_at <= self._opened_at:
                yield row.id, row.downloaded_at, row.product, row.country, False, row.failure

    def _readings(self) -> Iterable[tuple[Any, ...]]:
        # Dense where somebody looks closely, hourly before that.
        recent = self._opened_at - timedelta(days=2)
        yield from self._market.community_between(self._since, recent, HOUR, HOUR)
        yield from self._market.community_between(recent, self._opened_at)


def _edges(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Spans that together are the whole, none longer than ``SPAN``."""
    while since < until:
        upto = min(since + SPAN, until)
        yield since, upto
        since = upto


def _text(rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
