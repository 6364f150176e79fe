"""What the shop and the event pipelines send. Contract: "Ingest"; idempotent by source id, at most 1 000 rows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from models.base import Count, CurrencyCode, Identifier, Instant, PositiveMinor, Record, Request, Text
from models.problems import FieldError

BATCH_MOST = 1_000

Country = Annotated[str, Field(min_length=1, max_length=100)]


class OrderIn(Request):
    """An order as the shop knows it now. A later message with the same id corrects the earlier one."""

    id: Identifier
    placed_at: Instant
    settled_at: Instant | None = None
    customer_id: Identifier | None = None
    country: Country | None = None
    currency: CurrencyCode
    total: PositiveMinor


class RefundIn(Request):
    """A refund; ``order_id`` may be unknown to us or missing."""

    id: Identifier
    order_id: Identifier | None = None
    refunded_at: Instant
    country: Country | None = None
    currency: CurrencyCode
    amount: PositiveMinor


class DownloadIn(Request):
    """A download attempt."""

    id: Identifier
    downloaded_at: Instant
    product: Annotated[str, Field(min_length=1, max_length=200)]
    country: Country | None = None
    succeeded: bool
    failure: Text | None = None


class CommunityIn(Request):
    """A reading of one community figure."""

    id: Identifier
    metric: Literal["discord", "showcases"]
    observed_at: Instant
    value: Count


class RateIn(Request):
    """What one unit of ``currency`` was worth in the reporting currency on a UTC day."""

    currency: CurrencyCode
    day: date
    rate: Annotated[str, Field(pattern=r"^\d{1,9}(\.\d{1,10})?$", examples=["1.1702"])]
    """Decimal text, so that nothing is lost to floating point. More than zero."""


class Batch(Request):
    """Rows of one kind. They are validated one by one, so that a bad row does not cost the good ones."""

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BATCH_MOST)]


class RejectedRow(Record):
    """A row that did not land. It is kept in quarantine with its reason."""

    index: Count
    """Position in the batch, from 0."""
    id: str | None
    """Its source id, if it has a readable one."""
    errors: tuple[FieldError, ...]


class IngestResult(Record):
    """What became of a batch."""

    received: Count
    inserted: Count
    updated: Count
    """Rows that corrected an earlier message."""
    unchanged: Count
    """Rows that were known already."""
    rejected: tuple[RejectedRow, ...]
    as_of: Instant
