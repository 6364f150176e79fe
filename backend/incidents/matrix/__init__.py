"""The severity matrix: what a severity means and sets off."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
