"""What stands around an incident: who can be asked to help, and how the shop did at the time."""

from __future__ import annotations

from pydantic import Field

from models.core.base import Count, Instant, Record


class Helper(Record):
    """Somebody who can be given a role, or take part."""

    user_id: str
    name: str


class Helpers(Record):
    """Everybody known, by name."""

    people: tuple[Helper, ...]
    as_of: Instant


class IncidentSeries(Record):
    """What the shop counted, in equal stretches between two instants; those ahead of ``as_of`` are ``None``."""

    from_: Instant = Field(alias="from")
    to: Instant
    ends: tuple[Instant, ...]
    """A stretch is what lies after the end of the one before."""
    orders: tuple[Count | None, ...]
    refunds: tuple[Count | None, ...]
    downloads: tuple[Count | None, ...]
    failed: tuple[Count | None, ...]
    """Downloads that failed."""
    as_of: Instant
