"""A draft of an event out of what came in: its shape is kept, and nothing that was said."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
