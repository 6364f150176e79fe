"""Templates of launches: versions that are never changed, only followed; to files and back."""

from backend.core.database import load_queries

queries = load_queries(__name__)
