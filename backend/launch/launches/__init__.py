"""Launches themselves: what they are, and that only open ones change."""

from backend.core.database import load_queries

queries = load_queries(__name__)
