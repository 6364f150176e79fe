"""Alerts and incidents: opened from one, by rule, and attached."""

from __future__ import annotations

from backend.core.database import load_queries

queries = load_queries(__package__)
