"""Facts: what was charged where, as numbered differences between what documents say and what was known of them."""

from backend.core.database import load_queries

queries = load_queries(__package__)
