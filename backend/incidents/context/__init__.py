"""What stands around an incident: people who can help, and what the shop counted at the time."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
