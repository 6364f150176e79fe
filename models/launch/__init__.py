"""Launches: the checklist, the votes, and go or no-go."""
