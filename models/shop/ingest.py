"""What the shop and the event pipelines send. Contract: "Ingest"; idempotent by source id, at most 1 000 rows."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models.core.base import (
    Count,
    CurrencyCode,
    EventInstant,
    Identifier,
    Instant,
    PlainText,
    PositiveMinor,
    Record,
    Request,
    Text,
)
from models.core.personal import PERSONAL
from models.core.problems import FieldError

BATCH_MOST = 1_000

Country = Annotated[PlainText, Field(min_length=1, max_length=100)]


def _text_day(value: Any) -> Any:
    # pydantic alone reads a number as days since 1970.
    if not isinstance(value, str | date):
        raise ValueError("a day is text such as 2026-11-24")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _more_than_zero(value: str) -> str:
    if not value.strip("0."):
        raise ValueError("a rate is more than zero")
    return value


class OrderIn(Request):
    """An order as the shop knows it now. A later message with the same id corrects the earlier one."""

    id: Identifier
    placed_at: EventInstant
    settled_at: EventInstant | None = None
    customer_id: Annotated[Identifier | None, PERSONAL] = None
    country: Country | None = None
    currency: CurrencyCode
    total: PositiveMinor
    updated_at: EventInstant | None = None
    """When the shop last changed it. A message older than the one we have is known already and changes nothing."""

    @model_validator(mode="after")
    def _settled_after_placed(self) -> Self:
        if self.settled_at is not None and self.settled_at < self.placed_at:
            raise ValueError("settledAt lies before placedAt")
        return self


class RefundIn(Request):
    """A refund; ``order_id`` may be unknown to us or missing."""

    id: Identifier
    order_id: Identifier | None = None
    customer_id: Annotated[Identifier | None, PERSONAL] = None
    """Left out: that of the order, if it is known."""
    refunded_at: EventInstant
    country: Country | None = None
    currency: CurrencyCode
    amount: PositiveMinor
    updated_at: EventInstant | None = None
    """As for orders."""


class DownloadIn(Request):
    """A download attempt."""

    id: Identifier
    downloaded_at: EventInstant
    product: Annotated[PlainText, Field(min_length=1, max_length=200)]
    country: Country | None = None
    succeeded: bool
    failure: Text | None = None


class CommunityIn(Request):
    """A reading of one community figure."""

    id: Identifier
    metric: Literal["discord", "showcases"]
    observed_at: EventInstant
    value: Count


class RateIn(Request):
    """What one unit of ``currency`` was worth in the reporting currency on a UTC day."""

    currency: CurrencyCode
    day: Annotated[date, BeforeValidator(_text_day), Field(ge=date(1970, 1, 1), lt=date(2200, 1, 1))]
    rate: Annotated[
        str, AfterValidator(_more_than_zero), Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,10})?$", examples=["1.1702"])
    ]
    """Decimal text, so that nothing is lost to floating point. More than zero."""


class OutcomeIn(Request):
    """What became of an order in the end.

    What is known stays: a later message with the same id changes nothing, but that it may say when it was withdrawn.
    """

    id: Identifier
    order_id: Identifier
    customer_id: Annotated[Identifier | None, PERSONAL] = None
    """The order's when left out."""
    kind: Literal["chargeback", "dispute", "fraud_refund"]
    happened_at: EventInstant
    currency: CurrencyCode
    amount: PositiveMinor
    withdrawn_at: EventInstant | None = None
    """When a dispute was won or a report taken back; the order counts as honest again."""


class Batch(Request):
    """Rows of one kind. They are validated one by one, so that a bad row does not cost the good ones."""

    rows: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=BATCH_MOST), PERSONAL]


class RejectedRow(Record):
    """A row that was not stored. It is kept in quarantine with its reason."""

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
