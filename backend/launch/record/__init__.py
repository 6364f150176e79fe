"""What proves a poll: one file for machines, sealed by the closing entry, and two pictures of it for people."""

from backend.core.database import load_queries

queries = load_queries(__name__)
