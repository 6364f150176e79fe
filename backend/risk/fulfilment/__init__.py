"""Fulfilment requests: what the shop is asked to do after a verdict, until it has done it; and escalations."""

from backend.core.database import load_queries

queries = load_queries(__name__)
