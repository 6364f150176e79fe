"""Pages: somebody is called until somebody answers."""

from backend.core.database import load_queries

queries = load_queries(__name__)
