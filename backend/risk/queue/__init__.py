"""The risk queue: what waits for a person, what they decide, and what the shop is told to do about it."""

from backend.core.database import load_queries

queries = load_queries(__name__)
