"""Incidents as they are: opened, worked on, merged, closed."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
