"""People by number: found by keyed hashes of their identifiers, which stand once, sealed, with the person."""

from backend.core.database import load_queries

queries = load_queries(__name__)
