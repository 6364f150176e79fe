"""What the shop is asked to do: asked until it has done it, and never under two ids."""

from backend.core.database import load_queries

queries = load_queries(__name__)
