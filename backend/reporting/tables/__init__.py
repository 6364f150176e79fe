"""What figures are converted and checked by: exchange rates, rates of tax, rules; each with where it comes from."""

from backend.core.database import load_queries

queries = load_queries(__package__)
