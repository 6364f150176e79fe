"""Events are taken in: what they are, what becomes of them, and where they are kept."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
