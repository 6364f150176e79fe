"""How much waits for somebody: what the badges of the console say, in one answer."""

from __future__ import annotations

from models.core.base import Count, Instant, Record


class Counts(Record):
    """``GET /api/operations/counts``: what waits, by key, and only what the signed-in may see."""

    counts: dict[str, Count]
    """``{"access.approvals": 2, "risk.queue": 14}``: capability and what it counts."""
    as_of: Instant
