"""Requests of people about their data: taken in, verified, linked, on the clock of the law."""

from backend.core.database import load_queries

queries = load_queries(__name__)
