"""What a draft would do to events that came: they are judged by it, and nothing happens to them."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
