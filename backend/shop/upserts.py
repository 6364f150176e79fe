"""Store rows of the shop: the one way orders, refunds, downloads, community readings and rates come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString, NamedTuple

from backend.core.database import Connection, array, load_queries
from backend.core.json import dumps, storable_json
from backend.shop import tax
from models.core.base import Given
from models.core.money import decimals
from models.shop.ingest import CommunityIn, DownloadIn, OrderIn, RateIn, RefundIn

queries = load_queries(__package__)


class UpsertCounts(NamedTuple):
    """How many rows were new, and how many corrected an earlier message; the rest was known already."""

    inserted: int
    updated: int


async def reporting_currency(connection: Connection, default: str) -> str:
    """The reporting currency of this database, or ``default`` while none was chosen."""
    row = await (await connection.execute(queries.reporting_currency, prepare=True)).fetchone()
    return default if row is None else str(row[0])


async def claim_currency(tx: Connection, currency: str) -> str:
    """Choose the reporting currency if nobody has; the one that holds."""
    row = await (await tx.execute(queries.reporting_currency)).fetchone()
    if row is None:
        # Only now: the row it locks would make all writers wait for each other.
        row = await (await tx.execute(queries.claim_currency, {"currency": currency})).fetchone()
    assert row is not None  # noqa: S101 - an upsert that always updates always answers
    return str(row[0])


def _shifts(rows: Sequence[OrderIn | RefundIn | RateIn], reporting: str) -> list[int]:
    """Powers of ten between minor units: a yen has no decimals, a euro two."""
    return [decimals(reporting) - decimals(row.currency) for row in rows]


def given_array(rows: Sequence[Given]) -> str:
    """What came in another form than it is kept in, beside it; nothing where nothing did."""
    return array(dumps(storable_json(r.given)) if r.given else None for r in rows)


async def _put(tx: Connection, statement: LiteralString, values: dict[str, object]) -> UpsertCounts:
    row = await (await tx.execute(statement, values, prepare=True)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return UpsertCounts(*row)


async def orders(tx: Connection, rows: Sequence[OrderIn], reporting: str) -> UpsertCounts:
    """Store orders, converting each at the rate of its UTC day."""
    await tx.execute(queries.lock_rates_shared)
    return await _put(
        tx,
        queries.put_orders,
        {
            "id": array(r.id for r in rows),
            "placed_at": array(r.placed_at for r in rows),
            "settled_at": array(r.settled_at for r in rows),
            "customer_id": array(r.customer_id for r in rows),
            "country": array(r.country for r in rows),
            "currency": array(r.currency for r in rows),
            "minor": array(r.total for r in rows),
            "shift": array(_shifts(rows, reporting)),
            "updated_at": array(r.updated_at for r in rows),
            "given": given_array(rows),
            "tax": array(tax.of_order(r) for r in rows),
        },
    )


async def refunds(tx: Connection, rows: Sequence[RefundIn], reporting: str) -> UpsertCounts:
    """Store refunds; their orders need not be known. Whose they are says the refund, or its order if it is known."""
    await tx.execute(queries.lock_rates_shared)
    return await _put(
        tx,
        queries.put_refunds,
        {
            "id": array(r.id for r in rows),
            "order_id": array(r.order_id for r in rows),
            "customer_id": array(r.customer_id for r in rows),
            "refunded_at": array(r.refunded_at for r in rows),
            "country": array(r.country for r in rows),
            "currency": array(r.currency for r in rows),
            "minor": array(r.amount for r in rows),
            "shift": array(_shifts(rows, reporting)),
            "updated_at": array(r.updated_at for r in rows),
            "given": given_array(rows),
            "tax": array(tax.of_refund(r) for r in rows),
        },
    )


async def downloads(tx: Connection, rows: Sequence[DownloadIn]) -> UpsertCounts:
    """Store download attempts."""
    return await _put(
        tx,
        queries.put_downloads,
        {
            "id": array(r.id for r in rows),
            "downloaded_at": array(r.downloaded_at for r in rows),
            "product": array(r.product for r in rows),
            "country": array(r.country for r in rows),
            "succeeded": array(r.succeeded for r in rows),
            "failure": array(r.failure for r in rows),
            "given": given_array(rows),
        },
    )


async def community(tx: Connection, rows: Sequence[CommunityIn]) -> UpsertCounts:
    """Store readings of community figures."""
    return await _put(
        tx,
        queries.put_community,
        {
            "id": array(r.id for r in rows),
            "metric": array(r.metric for r in rows),
            "observed_at": array(r.observed_at for r in rows),
            "value": array(r.value for r in rows),
            "given": given_array(rows),
        },
    )


async def rates(tx: Connection, rows: Sequence[RateIn], reporting: str) -> UpsertCounts:
    """Store daily rates and convert again what was placed or refunded on those days."""
    await tx.execute(queries.lock_rates)
    upserted = await _put(
        tx,
        queries.put_rates,
        {
            "currency": array(r.currency for r in rows),
            "day": array(r.day for r in rows),
            "rate": array(r.rate for r in rows),
        },
    )
    if upserted.inserted or upserted.updated:
        days = sorted({(r.currency, r.day) for r in rows})
        values = {
            "currency": array(currency for currency, _ in days),
            "day": array(day for _, day in days),
            "shift": array(decimals(reporting) - decimals(currency) for currency, _ in days),
        }
        await tx.execute(queries.reconvert_orders, values)
        await tx.execute(queries.reconvert_refunds, values)
    return upserted
