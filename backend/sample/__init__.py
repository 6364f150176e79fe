"""The sample shop: an invented shop for flight-simulator add-ons with half a year of history that keeps trading."""

from backend.core.database import load_queries

queries = load_queries(__package__)
