"""Incidents: declared, worked together, closed and reviewed."""
