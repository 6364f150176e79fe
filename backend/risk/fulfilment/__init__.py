"""Intents: what the shop is to do after a verdict, asked for until it has done it; and escalations people hear of."""

from backend.core.database import load_queries

queries = load_queries(__name__)
