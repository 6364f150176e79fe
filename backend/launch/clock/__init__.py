"""The clock of a launch: what is done to it is kept, what it shows follows from that."""

from backend.core.database import load_queries

queries = load_queries(__name__)
