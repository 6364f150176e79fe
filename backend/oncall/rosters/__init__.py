"""Who is on call by the schedules, when nobody is, and who carries how much."""

from backend.core.database import load_queries

queries = load_queries(__name__)
