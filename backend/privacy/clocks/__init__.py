"""Legal clocks: when a request is due by the law that holds for it. Pure, but for the table of jurisdictions."""

from backend.core.database import load_queries

queries = load_queries(__name__)
