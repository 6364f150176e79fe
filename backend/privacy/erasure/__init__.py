"""Erasures: approved by a second person, written down outside the database, replayed, certified."""

from backend.core.database import load_queries

queries = load_queries(__name__)
