"""What does not fit, by mistake: who looks after it, and what came last."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
