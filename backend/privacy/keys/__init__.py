"""Keys of personal data: one for each person, request, certificate and hold, wrapped by those of the installation."""

from backend.core.database import load_queries

queries = load_queries(__name__)
