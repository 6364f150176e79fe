"""From a template to the end: beginning, changing, rehearsing, finishing and looking back."""

from backend.core.database import load_queries

queries = load_queries(__name__)
