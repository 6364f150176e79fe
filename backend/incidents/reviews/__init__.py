"""Post-incident reviews, and what is done so that it does not come back."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
