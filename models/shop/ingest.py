"""What the shop and the event pipelines send. Contract: "Ingest"; idempotent by source id, at most 1 000 rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from models.core.base import (
    Count,
    EventInstant,
    Given,
    GivenCountry,
    GivenCurrency,
    Instant,
    OptionalOutsideId,
    OutsideId,
    PlainText,
    PositiveMinor,
    Record,
    Request,
    Text,
)
from models.core.personal import PERSONAL
from models.core.problems import FieldError
from models.shop.tax import CustomerStatus, DocumentNumber, Evidence, TaxDay, TaxLines, VatId

BATCH_MOST = 1_000
AHEAD_MOST = timedelta(minutes=5)
"""Clocks differ; what happened further ahead is a mistake, in a file and in a batch."""


def _text_day(value: Any) -> Any:
    # pydantic alone reads a number as days since 1970.
    if not isinstance(value, str | date):
        raise ValueError("a day is text such as 2026-11-24")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _more_than_zero(value: str) -> str:
    if not value.strip("0."):
        raise ValueError("a rate is more than zero")
    return value


class OrderIn(Given):
    """An order as the shop knows it now. A later message with the same id corrects the earlier one."""

    id: OutsideId
    placed_at: EventInstant
    settled_at: EventInstant | None = None
    customer_id: Annotated[OptionalOutsideId, PERSONAL] = None
    country: GivenCountry = None
    currency: GivenCurrency
    total: PositiveMinor
    updated_at: EventInstant | None = None
    """When the shop last changed it. A message older than the one we have is known already and changes nothing."""
    tax_lines: TaxLines | None = None
    """What was charged where. Left out, what an earlier message said stays; an order without is in no return."""
    price_includes_tax: bool = True
    """Whether ``total`` holds the tax of the lines."""
    customer_status: CustomerStatus = CustomerStatus.CONSUMER
    vat_id: Annotated[VatId | None, PERSONAL] = None
    invoice_number: DocumentNumber | None = None
    tax_date: TaxDay | None = None
    """As the invoice has it; left out: the day of ``placed_at`` where the seller is registered."""
    location_evidence: Evidence = ()

    @model_validator(mode="after")
    def _settled_after_placed(self) -> Self:
        if self.settled_at is not None and self.settled_at < self.placed_at:
            raise ValueError("settledAt lies before placedAt")
        return self

    @model_validator(mode="after")
    def _tax_is_whole(self) -> Self:
        if self.tax_lines is None and any((self.vat_id, self.invoice_number, self.tax_date, self.location_evidence)):
            raise ValueError("vatId, invoiceNumber, taxDate and locationEvidence are kept with taxLines: send them too")
        return self


class RefundIn(Given):
    """A refund; ``order_id`` may be unknown to us or missing."""

    id: OutsideId
    order_id: OptionalOutsideId = None
    customer_id: Annotated[OptionalOutsideId, PERSONAL] = None
    """Left out: that of the order, if it is known."""
    refunded_at: EventInstant
    country: GivenCountry = None
    currency: GivenCurrency
    amount: PositiveMinor
    updated_at: EventInstant | None = None
    """As for orders."""
    tax_lines: TaxLines | None = None
    """What was given back of the order's lines; left out as for orders."""
    credit_note_number: DocumentNumber | None = None

    @model_validator(mode="after")
    def _tax_is_whole(self) -> Self:
        if self.tax_lines is None and self.credit_note_number:
            raise ValueError("creditNoteNumber is kept with taxLines: send them too")
        return self


class DownloadIn(Given):
    """A download attempt."""

    id: OutsideId
    downloaded_at: EventInstant
    product: Annotated[PlainText, Field(min_length=1, max_length=200)]
    country: GivenCountry = None
    succeeded: bool
    failure: Text | None = None


class CommunityIn(Given):
    """A reading of one community figure."""

    id: OutsideId
    metric: Literal["discord", "showcases"]
    observed_at: EventInstant
    value: Count


class RateIn(Given):
    """What one unit of ``currency`` was worth in the reporting currency on a UTC day."""

    currency: GivenCurrency
    day: Annotated[date, BeforeValidator(_text_day), Field(ge=date(1970, 1, 1), lt=date(2200, 1, 1))]
    rate: Annotated[
        str, AfterValidator(_more_than_zero), Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,10})?$", examples=["1.1702"])
    ]
    """Decimal text, so that nothing is lost to floating point. More than zero."""


class OutcomeIn(Given):
    """What became of an order in the end.

    What is known stays: a later message with the same id changes nothing, but that it may say when it was withdrawn.
    """

    id: OutsideId
    order_id: OutsideId
    customer_id: Annotated[OptionalOutsideId, PERSONAL] = None
    """The order's when left out."""
    kind: Literal["chargeback", "dispute", "fraud_refund"]
    happened_at: EventInstant
    currency: GivenCurrency
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


class Doubt(Record):
    """What is odd about rows that were stored; the shop should look at them."""

    words: str
    ids: tuple[str, ...]
    """Of the refunds, or of orders where the words say so."""


class IngestResult(Record):
    """What became of a batch."""

    received: Count
    inserted: Count
    updated: Count
    """Rows that corrected an earlier message."""
    unchanged: Count
    """Rows that were known already."""
    superseded: Count = 0
    """Rows in whose place another of this batch, with the same id, was taken."""
    rejected: tuple[RejectedRow, ...]
    doubts: tuple[Doubt, ...] = ()
    """Of refunds: more than the order was worth, another currency, before it was placed."""
    as_of: Instant
