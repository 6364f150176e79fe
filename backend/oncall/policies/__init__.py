"""Escalation policies, version by version."""

from backend.core.database import load_queries

queries = load_queries(__name__)
