"""Judging events by the plan."""
