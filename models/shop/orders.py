"""Drill-down rows: the records whose sum is a figure. Contract: "Drill-down"."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from models.core.base import Count, CurrencyCode, Identifier, Instant, Minor, Record
from models.core.paging import Page
from models.core.personal import PERSONAL
from models.figures import SourceName


class OrderStatus(StrEnum):
    """Of an order as of the asked instant."""

    PENDING = "pending"
    SETTLED = "settled"


class OrderRow(Record):
    """One order. ``reporting_total`` is ``total`` at its day's rate, ``None`` when that rate is missing."""

    id: Identifier
    placed_at: Instant
    settled_at: Instant | None
    status: OrderStatus
    customer_id: Annotated[str | None, PERSONAL]
    country: str | None
    """ISO 3166 code, or the name as given when it has none."""
    currency: CurrencyCode
    total: Minor
    reporting_total: Minor | None


class RefundRow(Record):
    """One refund; its order may be unknown. ``reporting_amount`` as for orders."""

    id: Identifier
    order_id: str | None
    refunded_at: Instant
    country: str | None
    currency: CurrencyCode
    amount: Minor
    reporting_amount: Minor | None


class DownloadRow(Record):
    """One download attempt."""

    id: Identifier
    downloaded_at: Instant
    product: str
    country: str | None
    succeeded: bool
    failure: str | None


class CommunityRow(Record):
    """One community reading."""

    id: Identifier
    metric: SourceName
    observed_at: Instant
    value: Count


class Summary(Record):
    """Of all rows the filters select, not only of this page."""

    count: Count
    amount: Minor | None = None
    """Sum of the reporting amounts, minor units of ``currency``; ``None`` where rows have no amount."""
    failed: Count | None = None
    unconverted: Count = 0
    """Rows without a rate; they are in ``count`` but not in ``amount``."""
    currency: CurrencyCode | None = None


class OrderPage(Page[OrderRow]):
    """Orders, newest first."""

    summary: Summary


class RefundPage(Page[RefundRow]):
    """Refunds, newest first."""

    summary: Summary


class DownloadPage(Page[DownloadRow]):
    """Downloads, newest first."""

    summary: Summary


class CommunityPage(Page[CommunityRow]):
    """Community readings, newest first."""

    summary: Summary
