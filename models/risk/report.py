"""What became of orders, and the monthly report. Specification: "Fraud Monitoring & Risk Queue", monthly report."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.core.base import Count, Identifier, Instant, Minor, Number, Record, Request, Version
from models.risk.rules import Action

MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Field(pattern=MONTH, examples=["2026-10"])]
"""A month in UTC."""


class OutcomeKind(StrEnum):
    """How an order turned out to be fraud."""

    CHARGEBACK = "chargeback"
    DISPUTE = "dispute"
    FRAUD_REFUND = "fraud_refund"


class ReportRequest(Request):
    """Generate the report of a month, or generate it anew with what has become known since."""

    month: Month


class ReportAction(Record):
    """Checked orders for which an action was recommended. Amounts are minor units of the reporting currency."""

    action: Action
    orders: Count
    amount: Minor
    frauds: Count


class ReportRule(Record):
    """How a rule did."""

    rule_id: str
    orders: Count
    amount: Minor
    frauds: Count
    precision: Number | None


class ReportAnalyst(Record):
    """How somebody decided."""

    user_id: str
    name: str
    approved: Count
    rejected: Count
    amount: Minor
    """Worth of the orders they decided about."""
    minutes: Number | None
    """Median of the minutes from an entry's beginning to its decision."""
    missed: Count
    """Orders they approved that turned out to be fraud."""


class ReportOutcome(Record):
    """What came in during the month, whenever the orders were placed."""

    kind: OutcomeKind
    count: Count
    amount: Minor
    unconverted: Count
    """Those in a currency without a rate on their day; they are not in the amount."""


class ReportDay(Record):
    """A day (UTC)."""

    day: date
    checked: Count
    entries: Count


class ReportFigures(Record):
    """The figures of a month: of the orders checked in it, with the outcomes known when it was generated.

    An order is a fraud when a chargeback, a dispute or a refund as fraud came in for it, or when it was rejected: what
    was rejected never gets the chance to be charged back.
    """

    currency: str
    checked: Count
    amount: Minor
    unconverted: Count
    flagged: Count
    """Orders for which anything but approval was recommended."""
    entries: Count
    """Orders that came into the queue: review and block."""
    approved: Count
    rejected: Count
    undecided: Count
    """Of these entries."""
    approved_amount: Minor
    rejected_amount: Minor
    frauds: Count
    fraud_amount: Minor
    missed: Count
    """Frauds that did not come into the queue."""
    precision: Number | None
    """Share of frauds among the entries, 0 to 1."""
    recall: Number | None
    """Share of the frauds that came into the queue."""
    false_positive_rate: Number | None
    """Share of the honest orders that came into the queue."""
    actions: tuple[ReportAction, ...]
    rules: tuple[ReportRule, ...]
    analysts: tuple[ReportAnalyst, ...]
    outcomes: tuple[ReportOutcome, ...]
    days: tuple[ReportDay, ...]


class RiskReportSummary(Record):
    """A report without its figures."""

    report_id: Identifier
    month: Month
    generated_at: Instant
    generated_by: str
    generated_by_name: str
    version: Version


class RiskReport(RiskReportSummary):
    """The report of a month."""

    figures: ReportFigures
