"""How long things are kept: declared by each capability, shown before it is switched on, carried out every day."""

from backend.core.database import load_queries

queries = load_queries(__name__)
