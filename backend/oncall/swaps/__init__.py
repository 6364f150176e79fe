"""Swap requests: one gives a shift and takes another."""

from backend.core.database import load_queries

queries = load_queries(__name__)
