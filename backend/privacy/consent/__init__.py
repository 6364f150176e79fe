"""Consent: append-only snapshots, what holds now, import and export, receipts, trends."""

from backend.core.database import load_queries

queries = load_queries(__name__)
