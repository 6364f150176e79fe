"""Keep the sample shop trading: every 2 s whatever has happened since, through the same door as a real shop's data."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from backend.core.audit_trail import SAMPLE_SHOP
from backend.core.database import Connection, Database, load_queries
from backend.core.sample_shop import HISTORY, Download, sample_evidence, sample_tax_line
from backend.core.settings import Settings
from backend.risk import fraud_check
from backend.sample.market import Market, market_of
from backend.shop import (
    ingest_community,
    ingest_downloads,
    ingest_orders,
    ingest_rates,
    ingest_refunds,
    reporting_currency,
)
from models.risk.rules import FraudCheck
from models.shop.ingest import BATCH_MOST, Batch

queries = load_queries(__package__)

STRETCH = timedelta(hours=3)
"""At most this much trade in one transaction; a longer gap is filled stretch by stretch."""
TURN_SECONDS = 1.5
CHECKED_WITHIN = timedelta(minutes=10)
NEXT_FAULT_SECONDS = 60.0


async def trade(db: Database, settings: Settings) -> None:
    """Trade up to now. A gap left by days switched off is filled from its old end, a bounded piece each turn."""
    until = time.monotonic() + TURN_SECONDS
    while await _trade_stretch(db, settings) and time.monotonic() < until:
        pass


async def _trade_stretch(db: Database, settings: Settings) -> bool:
    """Trade one stretch; whether more is left."""
    async with db.transaction() as tx:
        row = await (await tx.execute(queries.lock_shop)).fetchone()
        if row is None:
            return False
        opened_at, traded_through, fault_at, now = row
        # Nobody charts what is older than the history the shop began with.
        since = max(traded_through, now - HISTORY)
        until = min(now, since + STRETCH)
        if until <= since:
            return False
        await _Stretch(tx, settings, market_of(opened_at), since, until).send(fault_at)
        if until == now and until >= fault_at + _pause(fault_at):
            fault_at = until + timedelta(seconds=NEXT_FAULT_SECONDS)
        await tx.execute(queries.keep_traded, {"traded_through": until, "fault_at": fault_at})
        return bool(until < now)


def _pause(fault_at: datetime) -> timedelta:
    """From the start of a fault to the next: a quiet day lies between them."""
    return timedelta(hours=Random(fault_at.isoformat()).uniform(26, 34))  # noqa: S311 - invented trade


class _Stretch:
    """What happened after ``since`` up to ``until``, sent the way the shop's pipelines send it."""

    def __init__(self, tx: Connection, settings: Settings, market: Market, since: datetime, until: datetime) -> None:
        self._tx = tx
        self._settings = settings
        self._market = market
        self._since = since
        self._until = until

    async def send(self, fault_at: datetime) -> None:
        for batch in _batches(await self._rates()):
            await ingest_rates(self._tx, self._settings, batch, sent_by=SAMPLE_SHOP)
        for batch in _batches(self._orders()):
            await ingest_orders(self._tx, self._settings, batch, sent_by=SAMPLE_SHOP)
        await self._check_orders()
        for batch in _batches(self._refunds()):
            await ingest_refunds(self._tx, self._settings, batch, sent_by=SAMPLE_SHOP)
        for batch in _batches(self._downloads(fault_at)):
            await ingest_downloads(self._tx, batch, sent_by=SAMPLE_SHOP)
        for batch in _batches(self._readings()):
            await ingest_community(self._tx, batch, sent_by=SAMPLE_SHOP)

    async def _rates(self) -> list[dict[str, Any]]:
        """Of every day that begins in the stretch."""
        days = range(self._since.toordinal() + 1, self._until.toordinal() + 1)
        if not days:
            return []
        reporting = await reporting_currency(self._tx, self._settings.currency)
        return [
            {"currency": currency, "day": day.isoformat(), "rate": self._market.rate(currency, reporting, day)}
            for day in map(date.fromordinal, days)
            for currency in self._market.currencies()
            if currency != reporting
        ]

    def _orders(self) -> Iterator[dict[str, Any]]:
        for order in self._market.orders_between(self._since, self._until):
            yield {
                "id": order.id,
                "placedAt": order.placed_at.isoformat(),
                "settledAt": order.settled_at.isoformat() if order.settled_at <= self._until else None,
                "customerId": order.customer_id,
                "country": order.country,
                "currency": order.currency,
                "total": order.total,
                "taxLines": [sample_tax_line(order.country, order.total)],
                "locationEvidence": sample_evidence(order.id, order.country),
            }

    async def _check_orders(self) -> None:
        """As the checkout does. Orders of a time nobody was there for are backfilled, as the shop's other ones."""
        fresh = max(self._since, self._until - CHECKED_WITHIN)
        for order in self._market.orders_between(fresh, self._until):
            if order.placed_at > fresh:
                sent = self._market.checkout(order)
                check = FraudCheck.model_validate(sent)
                await fraud_check(self._tx, self._settings, actor=SAMPLE_SHOP, request=check, payload=sent)

    def _refunds(self) -> Iterator[dict[str, Any]]:
        for refund in self._market.refunds_between(self._since, self._until):
            yield {
                "id": refund.id,
                "orderId": refund.order_id,
                "refundedAt": refund.refunded_at.isoformat(),
                "country": refund.country,
                "currency": refund.currency,
                "amount": refund.amount,
                "taxLines": [sample_tax_line(refund.country, refund.amount)],
            }

    def _downloads(self, fault_at: datetime) -> Iterator[dict[str, Any]]:
        for row in self._market.downloads_between(self._since, self._until):
            yield _download(row)
        for row in self._market.fault(fault_at):
            if self._since < row.downloaded_at <= self._until:
                yield _download(row)

    def _readings(self) -> Iterator[dict[str, Any]]:
        for reading in self._market.community_between(self._since, self._until):
            yield {
                "id": reading.id,
                "metric": reading.metric,
                "observedAt": reading.observed_at.isoformat(),
                "value": reading.value,
            }


def _download(row: Download) -> dict[str, Any]:
    return {
        "id": row.id,
        "downloadedAt": row.downloaded_at.isoformat(),
        "product": row.product,
        "country": row.country,
        "succeeded": row.failure is None,
        "failure": row.failure,
    }


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[Batch]:
    found = list(rows)
    for start in range(0, len(found), BATCH_MOST):
        yield Batch(rows=found[start : start + BATCH_MOST])
