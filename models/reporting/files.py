"""Files of a report: what there is, who took it, and how it was delivered."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from models.core.base import Count, Identifier, Instant, PlainText, Record, Request


class TaxFile(Record):
    """One form of a report. Its bytes never change."""

    format: str
    name: str
    sha256: str
    bytes: Count
    made_at: Instant


class TaxDownload(Record):
    """Somebody took a file, or tried to."""

    format: str
    at: Instant
    by: str
    refused: bool
    """The link had ended."""


class TaxDelivery(Record):
    """How the files were left with finance."""

    state: str
    asked_by: str
    asked_at: Instant
    attempts: Count
    problem: str | None
    """Why the last try did not get through; it is tried again by itself."""
    delivered_at: Instant | None


class TaxFiles(Record):
    """Everything about the files of a report."""

    report_id: Identifier
    files: tuple[TaxFile, ...]
    unverified: tuple[str, ...]
    """Formats that nobody has confirmed yet with a tax office."""
    delivery: TaxDelivery | None
    downloads: tuple[TaxDownload, ...]
    as_of: Instant


class LinkTaxFile(Request):
    """A link to one file."""

    format: Annotated[PlainText, Field(min_length=1, max_length=20)]


class TaxLink(Record):
    """Leads to one file for a day, whoever has it."""

    report_id: Identifier
    format: str
    name: str
    url: str
    expires_at: Instant
