"""Calendars to subscribe to."""

from backend.core.database import load_queries

queries = load_queries(__name__)
