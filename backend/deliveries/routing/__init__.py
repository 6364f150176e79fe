"""Who hears of what, in which words, and how single people are reached."""

from backend.core.database import load_queries

queries = load_queries(__name__)
