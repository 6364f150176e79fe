"""Schedules: what was written down about who is on call."""

from backend.core.database import load_queries

queries = load_queries(__name__)
