"""Asking whoever a launch waits for again."""

from backend.core.database import load_queries

queries = load_queries(__name__)
