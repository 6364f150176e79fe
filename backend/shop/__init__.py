"""The shop's records and the rollups over them. Every statement that changes a record also writes its difference."""

from backend.core.database import load_queries

queries = load_queries("backend.shop")
