"""The checklist of a launch: sign-offs, waivers, plans for what fails, and what is overdue."""

from backend.core.database import load_queries

queries = load_queries(__name__)
