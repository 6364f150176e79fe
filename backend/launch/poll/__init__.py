"""The go/no-go poll: locked first, looked at afterwards."""

from backend.core.database import load_queries

queries = load_queries(__name__)
