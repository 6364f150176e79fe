"""A request runs as a graph of nodes, one for each system; each is resumed, retried or skipped by itself."""

from backend.core.database import load_queries

queries = load_queries(__name__)
