"""The shop's figures at any instant, exact: what the dashboard shows and alert rules are evaluated against."""

from __future__ import annotations

from backend.figures.figures import (
    FAR_PAST,
    assemble,
    community_at,
    figures_at,
    revenue_boundaries,
    sources_at,
    value_of,
)
from backend.figures.ledger import Sums, Totals, totals
from backend.figures.windows import DAY, Bucket, buckets, step_of

__all__ = [
    "DAY",
    "FAR_PAST",
    "Bucket",
    "Sums",
    "Totals",
    "assemble",
    "buckets",
    "community_at",
    "figures_at",
    "revenue_boundaries",
    "sources_at",
    "step_of",
    "totals",
    "value_of",
]
