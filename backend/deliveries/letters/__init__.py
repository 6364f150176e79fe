"""Deliveries, commands and failed jobs one by one: what waits, what arrived, and what is dead."""

from backend.core.database import load_queries

queries = load_queries(__name__)
