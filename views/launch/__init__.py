"""Launches: checklists and go or no-go."""
