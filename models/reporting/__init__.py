"""Tax reports: where the seller files, what a return declares, and what is odd about the documents behind it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from models.core.base import (
    Count,
    CurrencyCode,
    Identifier,
    Instant,
    Minor,
    PlainText,
    PositiveMinor,
    Record,
    Request,
    RequiredText,
    Version,
)
from models.shop.tax import Jurisdiction, TaxDay, TaxKind, TaxPercent


def _more_than_zero(value: str) -> str:
    if not value.strip("0."):
        raise ValueError("a rate is more than zero")
    return value


class TaxRegime(StrEnum):
    """By whose rules a return is made."""

    EU_OSS = "eu-oss"
    UK_VAT = "uk-vat"
    US_SALES = "us-sales"


class TaxReportState(StrEnum):
    """Where a report stands. What is approved is frozen."""

    GENERATING = "generating"
    DRAFT = "draft"
    """Something blocks it, or it was not reconciled."""
    RECONCILED = "reconciled"
    APPROVED = "approved"
    DELIVERED = "delivered"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"
    ARCHIVED = "archived"


FILED = frozenset(
    {TaxReportState.APPROVED, TaxReportState.DELIVERED, TaxReportState.ACKNOWLEDGED, TaxReportState.ARCHIVED}
)
"""States in which the lines of a report count as declared."""


class TaxPart(StrEnum):
    """What a line is."""

    OWN = "own"
    CORRECTION = "correction"
    DIRECT = "direct"
    """A correction that is too old for the return: it goes to the state itself."""


class DeltaCause(StrEnum):
    """Why what is known now differs from what was filed."""

    FACTS = "facts"
    RATES = "rates"
    RULES = "rules"


class TaxFindingKind(StrEnum):
    """What is odd."""

    NOT_ATTRIBUTABLE = "not_attributable"
    FACTS_DIFFER = "facts_differ"
    SUMS_DIFFER = "sums_differ"
    ROUNDING_DIFFERS = "rounding_differs"
    LINES_DO_NOT_SUM = "lines_do_not_sum"
    RATE_NOT_PUBLISHED = "rate_not_published"
    PERIOD_NOT_ENDED = "period_not_ended"
    FACTS_BEHIND = "facts_behind"
    EVIDENCE_CONTRADICTS = "evidence_contradicts"
    EVIDENCE_MISSING = "evidence_missing"
    EVIDENCE_ELSEWHERE = "evidence_elsewhere"
    VAT_ID_INVALID = "vat_id_invalid"
    REFUND_EXCEEDS = "refund_exceeds"
    REFUND_BEFORE = "refund_before"
    REFUND_CURRENCY = "refund_currency"
    REFUND_RATE = "refund_rate"
    RATE_DIFFERS = "rate_differs"
    TAX_DIFFERS = "tax_differs"
    NOT_PAID = "not_paid"


BLOCKING = frozenset(
    {
        TaxFindingKind.NOT_ATTRIBUTABLE,
        TaxFindingKind.FACTS_DIFFER,
        TaxFindingKind.SUMS_DIFFER,
        TaxFindingKind.ROUNDING_DIFFERS,
        TaxFindingKind.LINES_DO_NOT_SUM,
        TaxFindingKind.RATE_NOT_PUBLISHED,
        TaxFindingKind.PERIOD_NOT_ENDED,
        TaxFindingKind.FACTS_BEHIND,
    }
)
"""What keeps a report from being approved; the others are a work list."""


class Region(Record):
    """Where the seller files."""

    region: Identifier
    regime: TaxRegime
    name: str
    number: str
    home: str
    zone: str
    period: str
    currency: CurrencyCode
    begins: date
    ends: date | None
    one_evidence: bool
    owner: str
    version: Version


class Purchases(Request):
    """What the seller itself bought, from the accounts: a British return wants it."""

    vat: PositiveMinor = 0
    net: PositiveMinor = 0


class GenerateTaxReport(Request):
    """A report of one period of a region. The days are the first and the last of it."""

    period_start: TaxDay
    period_end: TaxDay
    region: Annotated[PlainText, Field(min_length=1, max_length=20)]
    period_key: Annotated[PlainText, Field(min_length=1, max_length=10)] | None = None
    """As the tax office gave it; never made up."""
    purchases: Purchases | None = None


class TaxCharged(Record):
    """What was charged in one currency, and how it became what is declared."""

    currency: CurrencyCode
    net: Minor
    tax: Minor
    per_eur: str | None
    """What a euro was worth; ``None`` where nothing was published."""
    rate_day: date | None


class TaxLineRecord(Record):
    """A line of a return."""

    part: TaxPart
    period: date
    """Its first day."""
    state: str
    kind: str | None
    rate: str | None
    net: Minor
    tax: Minor
    causes: tuple[DeltaCause, ...] = ()


class TaxFinding(Record):
    """Something odd."""

    what: TaxFindingKind
    blocking: bool
    order_id: str | None
    words: str


class TaxReport(Record):
    """A report. Specification: TaxReportRecord. Amounts are minor units of ``currency``."""

    report_id: Identifier
    region: Identifier
    regime: TaxRegime
    period_start: date
    period_end: date
    due_on: date
    state: TaxReportState
    currency: CurrencyCode
    payable: Minor | None
    nil: bool | None
    cut: Count | None
    sha256: str | None
    blockers: Count
    """Findings that keep it from being approved."""
    findings: Count
    corrections: Count
    problem: str | None
    """Why it could not be generated."""
    file_url: str | None
    """Where its files are."""
    generated_at: Instant | None
    generated_by: str
    approved_at: Instant | None
    approved_by: str | None
    delivered_at: Instant | None
    acknowledged_at: Instant | None
    acknowledgement: str | None
    rejected_at: Instant | None
    reason: str | None
    archived_at: Instant | None
    version: Version


class TaxReportDetail(TaxReport):
    """A report with what it declares."""

    lines: tuple[TaxLineRecord, ...]
    blocking: tuple[TaxFinding, ...]
    """The first hundred."""


class TaxJob(Record):
    """What was begun; the report is there when it is done."""

    job_id: Identifier
    report_id: Identifier
    report: TaxReport


class RejectTaxReport(Request):
    """A tax office refused a return, or finance takes it back. Needs ``If-Match``."""

    reason: RequiredText


class AcknowledgeTaxReport(Request):
    """The tax office's reference of a return, typed in. Needs ``If-Match``."""

    reference: Annotated[PlainText, Field(min_length=1, max_length=200, pattern=r"\S")]


class TaxObligation(Record):
    """A return that is due, or was: what the calendar shows."""

    region: Identifier
    name: str
    period_start: date
    period_end: date
    due_on: date
    owner: str
    """The role that looks after it."""
    report_id: Identifier | None
    state: TaxReportState | None
    """``None``: nothing was generated yet."""
    ended: bool
    done: bool
    """It was acknowledged, or archived."""


class TaxCalendar(Record):
    """Obligations of a year, the next first."""

    obligations: tuple[TaxObligation, ...]
    as_of: Instant


class TaxKnown(Record):
    """One state's tax of one period, as filed and as known at an instant; minor units of the region's currency."""

    period: date
    state: str
    filed: Minor
    known: Minor
    delta: Minor


class TaxComparison(Record):
    """As filed beside as known."""

    region: Identifier
    currency: CurrencyCode
    cut: Count
    rows: tuple[TaxKnown, ...]
    as_of: Instant


class TaxOrderRow(Record):
    """One order's part in a figure, in the currency it was charged in."""

    order_id: Identifier
    source: str
    source_id: Identifier
    tax_date: date
    event_date: date
    currency: CurrencyCode
    net: Minor
    tax: Minor


class TaxOrderPlace(Record):
    """A part of an order, and where it was declared."""

    bucket: str
    region: str | None
    state: str | None
    kind: str | None
    rate: str | None
    source: str
    source_id: Identifier
    tax_date: date
    event_date: date
    currency: CurrencyCode
    net: Minor
    tax: Minor
    report_id: Identifier | None
    """The return that declares it first; ``None``: it is open, or in none, as the bucket says."""


class TaxOrder(Record):
    """An order with every return it is in."""

    order_id: Identifier
    places: tuple[TaxOrderPlace, ...]
    evidence: tuple[dict[str, str], ...]
    as_of: Instant


class VatRate(Record):
    """What ought to be charged from a day on, and who says so."""

    country: str
    kind: str
    rate: str
    valid_from: date
    valid_to: date | None
    citation: str
    sources: Count
    """Independent published sets that agree; below two it is unverified."""


class ExchangeRate(Record):
    """What a euro was worth on a day."""

    currency: CurrencyCode
    day: date
    per_eur: str
    source: str


class TaxRule(Record):
    """What holds of a regime from a day on."""

    regime: TaxRegime
    valid_from: date
    refund_period: str
    chargeback_lowers: bool
    citation: str
    confirmed_by: str | None
    """Who of finance confirmed it; ``None``: as the program has it."""


class TaxTables(Record):
    """What figures are converted and checked by."""

    rates: tuple[VatRate, ...]
    rules: tuple[TaxRule, ...]
    exchange: tuple[ExchangeRate, ...]
    as_of: Instant


class ExchangeRateIn(Request):
    """What a euro was worth on a day."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    day: TaxDay
    per_eur: Annotated[str, AfterValidator(_more_than_zero), Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,10})?$")]


class VatRateIn(Request):
    """What ought to be charged from a day on."""

    country: Jurisdiction
    kind: TaxKind
    rate: TaxPercent
    valid_from: TaxDay
    valid_to: TaxDay | None = None
    citation: Annotated[PlainText, Field(min_length=5, max_length=500)]
    replaces: bool = False
    """Other rates of this country and kind end the day before."""


class TaxRuleIn(Request):
    """What holds of a regime from the first day of a month on."""

    regime: TaxRegime
    valid_from: TaxDay
    refund_period: Literal["supply", "document"]
    chargeback_lowers: bool
    citation: Annotated[PlainText, Field(min_length=5, max_length=500)]


class RegionIn(Request):
    """Where the seller files."""

    region: Annotated[str, Field(pattern=r"^(EU-OSS|GB|US-[A-Z]{2})$")]
    name: Annotated[PlainText, Field(min_length=1, max_length=100)]
    number: Annotated[PlainText, Field(min_length=1, max_length=50)]
    home: Jurisdiction
    zone: Annotated[PlainText, Field(min_length=1, max_length=60)]
    period: Literal["month", "quarter"] = "quarter"
    begins: TaxDay
    ends: TaxDay | None = None
    one_evidence: bool = False
    owner: Annotated[PlainText, Field(min_length=1, max_length=60)] = "finance-analyst"


class ChangeTaxTables(Request):
    """A change that a second person agrees to before it holds."""

    source: Annotated[PlainText, Field(min_length=1, max_length=300)]
    """Where it comes from."""
    reason: RequiredText
    exchange: Annotated[tuple[ExchangeRateIn, ...], Field(max_length=500)] = ()
    rates: Annotated[tuple[VatRateIn, ...], Field(max_length=200)] = ()
    rules: Annotated[tuple[TaxRuleIn, ...], Field(max_length=20)] = ()
    regions: Annotated[tuple[RegionIn, ...], Field(max_length=60)] = ()
