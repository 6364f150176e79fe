"""How long events are kept: days are made before they are needed and dropped as a whole, values taken out before."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
