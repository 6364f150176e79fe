"""Returns: made of facts up to a number, frozen when approved, corrected once in a later one."""

from backend.core.database import load_queries

queries = load_queries(__package__)
