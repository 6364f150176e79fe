"""What happened during an incident, read from the audit log by position."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
