"""What is handed out to a person who asked for their data."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from models.core.base import Count, Identifier, Instant, PlainText, Record, Request, Version
from models.core.personal import PERSONAL
from models.privacy import Purpose


class PackagePart(Record):
    """What one system holds."""

    node_id: Identifier
    name: str
    title: str
    rows: Annotated[tuple[dict[str, Any], ...], PERSONAL]


class PackagePreview(Record):
    """All that would be handed out, with what was redacted taken out."""

    request_id: Identifier
    parts: tuple[PackagePart, ...]
    redacted: Count
    version: Version
    """Of the request."""


class PreviewRequest(Request):
    """A look at what is to be handed out."""

    purpose: Purpose


class Redaction(Request):
    """A field that says something of somebody else, or that must not be handed out."""

    node_id: Identifier
    row: Annotated[Count, Field(le=10_000_000)]
    """Counted from 0 within the system."""
    field: Annotated[PlainText, Field(min_length=1, max_length=200)]


class RedactRequest(Request):
    """Fields to take out before release. Needs ``If-Match``."""

    redactions: Annotated[tuple[Redaction, ...], Field(min_length=1, max_length=500)]


class PackageDownload(Record):
    """Somebody followed the link."""

    at: Instant
    refused: bool
    """It had ended."""


class PackageRelease(Record):
    """A package that was released; the person is told the link and, another way, the passphrase."""

    request_id: Identifier
    sha256: str
    bytes: Count
    rows: Count
    redacted: Count
    released_at: Instant
    released_by: str
    released_by_name: str
    expires_at: Instant
    downloads: tuple[PackageDownload, ...]
