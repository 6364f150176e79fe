"""Create the sample shop: half a year of trade, rules and alerts, in one transaction: all of it or nothing."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, LiteralString

from backend.core import audit_trail
from backend.core.clock import clock
from backend.core.database import Connection, Database
from backend.core.settings import Settings
from backend.sample import queries
from backend.sample.access import create_people
from backend.sample.fraud import create_fraud
from backend.sample.history import create_rules_and_alerts
from backend.sample.market import EPOCH, HISTORY, HOUR, Market, Order, load_catalogue
from backend.shop import queries as shop_queries
from backend.shop import upserts

Progress = Callable[[str, float], None]

MESSAGE = "Creating the sample shop"
FIRST_BURST = timedelta(minutes=4)
"""So long ago downloads began to fail, when the shop opens: there is something to do at once."""
CHUNK_HOURS = 48

ORDERS = (
    "copy orders (id, placed_at, settled_at, customer_id, country, currency, minor, reporting_minor) from stdin csv"
)
REFUNDS = (
    "copy refunds (id, order_id, refunded_at, country, currency, minor, reporting_minor, customer_id) from stdin csv"
)
DOWNLOADS = "copy downloads (id, downloaded_at, product, country, succeeded, failure) from stdin csv"
COMMUNITY = "copy community_reading (id, metric, observed_at, value) from stdin csv"


async def create_sample_shop(database: Database, settings: Settings, progress: Progress) -> bool:
    """Create the shop unless it exists. ``progress`` gets a message and how much is done, 0 to 1.

    False when the database holds another shop's records: those are shown instead, and nothing is invented among them.
    Raises ValueError for a reporting currency without rates.
    """
    async with database.transaction() as tx:
        await tx.execute(queries.no_time_limits)
        await tx.execute(queries.creation_lock)
        if await _asked(tx, queries.exists):
            return True
        if await _asked(tx, queries.holds_data):
            return False
        progress(MESSAGE, 0.0)
        currency = await upserts.claim_currency(tx, settings.currency)
        market = Market(load_catalogue(), await clock(tx))
        if currency not in market.currencies():
            raise ValueError(f"the sample shop has no rates in {currency}; it knows {', '.join(market.currencies())}")
        with _quick_turns():
            await _Writer(tx, market, currency).write(progress)
        progress(MESSAGE, 0.85)
        await tx.execute(shop_queries.note_everything)
        await tx.execute(shop_queries.fold)
        await tx.execute("analyze orders, refunds, downloads, community_reading, rollup_hour, rollup_day")
        opened_at = market.opened_at
        await create_rules_and_alerts(tx, opened_at)
        await create_people(tx)
        await create_fraud(tx, market)
        await tx.execute(queries.insert_shop, {"opened_at": opened_at, "burst_at": opened_at - FIRST_BURST})
        await audit_trail.record(
            tx,
            actor=audit_trail.SAMPLE_SHOP,
            action="sample.shop.created",
            resource_type="sample_shop",
            resource_id="sample",
        )
        progress(MESSAGE, 0.95)
    return True


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Let threads take turns ten times as often: each step of a COPY waits for the one that thinks up the trade."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 10)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


async def _asked(tx: Connection, statement: LiteralString) -> bool:
    row = await (await tx.execute(statement)).fetchone()
    return row == (True,)


class _Writer:
    """Copies the history of a market into empty tables."""

    def __init__(self, tx: Connection, market: Market, currency: str) -> None:
        self._tx = tx
        self._market = market
        self._currency = currency
        self._opened_at = market.opened_at
        self._since = market.opened_at - HISTORY
        self._rate = lru_cache(maxsize=None)(self._rate_of)

    async def write(self, progress: Progress) -> None:
        await self._write_rates()
        first, last = (self._since - EPOCH) // HOUR, (self._opened_at - EPOCH) // HOUR + 1
        spans = [range(begin, min(begin + CHUNK_HOURS, last)) for begin in range(first, last, CHUNK_HOURS)]
        texts = self._span(spans[0])
        for done, upcoming in pairwise(spans):
            # The next span is thought up in a thread while the database takes in this one.
            _, texts = await asyncio.gather(self._copy(texts), asyncio.to_thread(self._span, upcoming))
            progress(MESSAGE, 0.8 * (done.stop - first) / (last - first))
        await self._copy(texts | {COMMUNITY: _text(self._readings())})
        await self._copy({DOWNLOADS: _text(self._burst())})

    def _span(self, hours: range) -> dict[LiteralString, str]:
        orders = [
            o for hour in hours for o in self._market.orders(hour) if self._since < o.placed_at <= self._opened_at
        ]
        return {
            ORDERS: _text(map(self._order, orders)),
            REFUNDS: _text(self._refunds(orders)),
            DOWNLOADS: _text(self._downloads(hours)),
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
        )

    def _refunds(self, orders: list[Order]) -> Iterable[tuple[Any, ...]]:
        for order in orders:
            refund = order.refund
            if refund is not None and refund.refunded_at <= self._opened_at:
                converted = self._converted(refund.amount, refund.currency, refund.refunded_at)
                yield (*refund, converted, order.customer_id)

    def _downloads(self, hours: range) -> Iterable[tuple[Any, ...]]:
        for hour in hours:
            for row in self._market.downloads(hour):
                if self._since < row.downloaded_at <= self._opened_at:
                    yield row.id, row.downloaded_at, row.product, row.country, row.failure is None, row.failure

    def _burst(self) -> Iterable[tuple[Any, ...]]:
        for row in self._market.burst(self._opened_at - FIRST_BURST):
            yield row.id, row.downloaded_at, row.product, row.country, False, row.failure

    def _readings(self) -> Iterable[tuple[Any, ...]]:
        # Dense where somebody looks closely, hourly before that.
        recent = self._opened_at - timedelta(days=2)
        yield from self._market.community_between(self._since, recent, HOUR, HOUR)
        yield from self._market.community_between(recent, self._opened_at)


def _text(rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
