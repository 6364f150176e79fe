"""Events that are held: looked at, replayed after a fix, or given up."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
