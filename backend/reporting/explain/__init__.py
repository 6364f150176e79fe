"""Explaining figures: which orders one is made of, which returns an order is in, what was known when; the calendar."""

from backend.core.database import load_queries

queries = load_queries(__package__)
