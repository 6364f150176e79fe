"""Events come in: durable before they are answered, each id once, and one bad event never costs its batch."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
