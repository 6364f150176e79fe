"""Status updates: what everybody outside of the response is told, and that it is told in time."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
