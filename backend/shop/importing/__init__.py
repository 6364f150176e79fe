"""Bring in data from files."""
