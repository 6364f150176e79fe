"""Versions of the privacy policy with the texts of forms, and who has acknowledged them."""

from backend.core.database import load_queries

queries = load_queries(__name__)
