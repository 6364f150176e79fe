"""What the shop is to do after a verdict: deliveries ask it; what became of it stands in the history of the case."""

from backend.core.database import load_queries

queries = load_queries(__name__)
