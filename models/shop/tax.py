"""What an order or a refund says of tax: what was charged where, to whom, and what shows where the customer is."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from models.core.base import PlainText, PositiveMinor, Request

LINES_MOST = 50
EVIDENCE_MOST = 20

_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_OTHER_NAMES = {"GR": "EL", "UK": "GB", "EA": "ES-CE", "IC": "ES-CN"}
"""Codes that are in use for the same place; tax offices write EL for Greece."""


def jurisdiction_code(text: str) -> str:
    """The one form of the code of a place: ISO 3166, but EL for Greece. Raises ValueError for what is none."""
    code = text.strip().upper().replace("_", "-")
    if not _JURISDICTION.fullmatch(code):
        raise ValueError("a jurisdiction is a code such as DE, XI or US-CA")
    country, dash, part = code.partition("-")
    return _OTHER_NAMES.get(code, _OTHER_NAMES.get(country, country) + dash + part)


def _jurisdiction(value: Any) -> Any:
    return jurisdiction_code(value) if isinstance(value, str) else value


def _rate(value: Any) -> Any:
    # Never a float: 5.5 is exact, 0.07 is not.
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise ValueError("a rate is decimal text in percent, such as 19 or 5.5")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _plain_rate(value: str) -> str:
    rate = Decimal(value)
    if rate > 100:
        raise ValueError("a rate is in percent, 100 at most")
    return f"{rate.normalize():f}"


def _text_day(value: Any) -> Any:
    if not isinstance(value, str | date):
        raise ValueError("a day is text such as 2026-11-24")  # noqa: TRY004 - pydantic wants ValueError
    return value


Jurisdiction = Annotated[str, BeforeValidator(_jurisdiction), Field(examples=["DE", "US-CA"])]
"""Where tax is due: a country, or a part of one that has taxes of its own."""

TaxPercent = Annotated[
    str,
    BeforeValidator(_rate),
    Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$", examples=["19", "5.5"]),
    AfterValidator(_plain_rate),
]
"""A rate in percent, as decimal text."""

TaxDay = Annotated[date, BeforeValidator(_text_day), Field(ge=date(1970, 1, 1), lt=date(2200, 1, 1))]


class TaxKind(StrEnum):
    """Which of a country's rates was charged."""

    STANDARD = "standard"
    REDUCED = "reduced"
    SUPER_REDUCED = "super_reduced"
    ZERO = "zero"
    EXEMPT = "exempt"


class CustomerStatus(StrEnum):
    """Whether somebody bought for a business."""

    CONSUMER = "consumer"
    BUSINESS = "business"


class EvidenceKind(StrEnum):
    """What shows where a customer is; two of one kind count once."""

    BILLING_ADDRESS = "billing_address"
    IP_ADDRESS = "ip_address"
    BANK = "bank"
    CARD_COUNTRY = "card_country"
    SIM_COUNTRY = "sim_country"
    LANDLINE = "landline"
    OTHER = "other"


class TaxLine(Request):
    """One sum that was charged, in the order's currency. In a refund: what was given back of it."""

    net: PositiveMinor
    tax: PositiveMinor
    rate: TaxPercent
    kind: TaxKind = TaxKind.STANDARD
    jurisdiction: Jurisdiction


class LocationEvidence(Request):
    """One item of what shows where the customer is; the item itself stays with the shop."""

    kind: EvidenceKind
    country: Jurisdiction
    source: Annotated[PlainText, Field(max_length=100)] = ""
    """Who said so, such as a payment service."""


TaxLines = Annotated[tuple[TaxLine, ...], Field(min_length=1, max_length=LINES_MOST)]
Evidence = Annotated[tuple[LocationEvidence, ...], Field(max_length=EVIDENCE_MOST)]
DocumentNumber = Annotated[PlainText, Field(min_length=1, max_length=100)]
VatId = Annotated[PlainText, Field(min_length=4, max_length=40)]
