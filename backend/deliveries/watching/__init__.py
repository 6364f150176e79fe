"""What looks after connections themselves: alerts about them, figures, and the sign of life to the outside."""

from backend.core.database import load_queries

queries = load_queries(__name__)
