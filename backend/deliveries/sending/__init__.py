"""The sender: claims lanes, sends what waits in them, and writes down what became of it."""

from backend.core.database import load_queries

queries = load_queries(__name__)
