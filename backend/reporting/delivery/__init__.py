"""What becomes of an approved report: its files, frozen; left with finance, acknowledged, or handed out for a day."""

from backend.core.database import load_queries

queries = load_queries(__package__)
