"""Figures, series and rows of the operations dashboard. Specification: "Operations dashboard"."""

from backend.core.database import load_queries

queries = load_queries("backend.dashboard")
