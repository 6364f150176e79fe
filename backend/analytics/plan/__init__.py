"""The tracking plan: versions of events, their states, and what happens to what does not fit."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
