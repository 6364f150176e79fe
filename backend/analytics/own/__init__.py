"""The system's own events: made from the audit log, by position, and judged by the plan as all others are."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
