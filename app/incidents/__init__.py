"""Incidents and their timelines."""
