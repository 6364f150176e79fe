"""What outside systems send us: verified at once, kept once, worked on later."""

from backend.core.database import load_queries

queries = load_queries(__name__)
